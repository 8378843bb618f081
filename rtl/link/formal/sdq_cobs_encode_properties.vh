// Properties of sdq_cobs_encode.

`ifdef PROVE_SDQ_COBS_ENCODE
localparam ALONE = 1;
`else
localparam ALONE = 0;
`endif
sdq_stream_check #(
    .WIDTH (9),
    .ASSUME(ALONE)
) f_in (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (in_valid_i),
    .ready_i  (in_ready_o),
    .payload_i({in_data_i, in_last_i})
);
sdq_stream_check #(
    .WIDTH(8)
) f_out (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (out_valid_o),
    .ready_i  (out_ready_i),
    .payload_i(out_data_o)
);

wire [INDEX_WIDTH:0] f_open = write_q - code_q;
wire [INDEX_WIDTH:0] f_finished = code_q - read_q;
always @(posedge clk_i) begin
  if (rst_ni) begin
    assert (f_open == {{INDEX_WIDTH - 7{1'b0}}, count_q} && count_q != 8'd0);
    assert (count_q != 8'd255 || state_q == S_FULL || state_q == S_CODE);
    assert (state_q != S_DELIMITER || count_q == 8'd1);
    // The writer stays behind the reader, the reader behind the open group.
    assert (used <= RING_BYTES && f_finished <= used);
    // Only delimiters are zero.
    if (stores_byte || ends_group) assert (write_data != 8'd0);
  end
end
