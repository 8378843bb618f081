// Properties of sdq_cobs_decode.

`ifdef PROVE_SDQ_COBS_DECODE
localparam ALONE = 1;
`else
localparam ALONE = 0;
`endif
sdq_stream_check #(
    .WIDTH (8),
    .ASSUME(ALONE)
) f_in (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (in_valid_i),
    .ready_i  (in_ready_o),
    .payload_i(in_data_i)
);
sdq_stream_check #(
    .WIDTH(10)
) f_out (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (out_valid_o),
    .ready_i  (out_ready_i),
    .payload_i({out_data_o, out_end_o, out_error_o})
);

always @(posedge clk_i) begin
  if (rst_ni) begin
    assert (open_q || (left_q == 8'd0 && !zero_q));
    // A byte that gives an item is taken together with it.
    if (out_valid_o) assert (in_ready_o == out_ready_i);
    // Nothing is lost: what gives no item is a code, or a delimiter behind another one.
    if (in_valid_i && in_ready_o && !out_valid_o) assert (is_delimiter ? !open_q : is_code);
  end
end
