// Properties of sdq_response, proved as a part of sdq_command. Results obey the stream rules, with their number and
// cycles; the nonce never changes.

sdq_stream_check #(
    .WIDTH (97),
    .ASSUME(1)
) f_res (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (res_valid_i),
    .ready_i  (res_ready_o),
    .payload_i({res_data_i, res_rows_i, res_cycles_i, res_last_i})
);
sdq_stream_check #(
    .WIDTH(9)
) f_tx (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (tx_valid_o),
    .ready_i  (tx_ready_i),
    .payload_i({tx_data_o, tx_last_o})
);

wire [91:0] f_reports = {type_i, seq_i, code_i, crc_i, linear_i};
reg [91:0] f_reports_q;
reg [31:0] f_nonce_q;
reg f_active_q = 1'b0;
reg f_started_q = 1'b0;
always @(posedge clk_i) begin
  f_started_q <= 1'b1;
  f_reports_q <= f_reports;
  f_nonce_q   <= nonce_i;
  f_active_q  <= rst_ni && active_i && !done_o;
  assume (!f_started_q || nonce_i == f_nonce_q);
  if (rst_ni) begin
    // The response goes on until it is done, and what it reports does not change.
    if (f_active_q) assert (active_i && f_reports == f_reports_q);
    // Frames are whole: idle is before the first byte.
    if (!active_i) assert (state_q == S_TYPE);
    assert (state_q <= S_BODY);
    // Only a result is taken, and only with the last byte of its word.
    if (res_ready_o) assert (is_result && tx_valid_o == res_valid_i);
  end
end
