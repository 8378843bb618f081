// Properties of sdq_step_request, proved as a part of sdq_command: its token stream, and that only requests that fit
// start. The decoder answers a request when it has all of its tokens, so that the next one begins after that.

sdq_stream_check #(
    .WIDTH(33)
) f_token (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (token_valid_o),
    .ready_i  (token_ready_i),
    .payload_i({token_o, token_last_o})
);

always @(posedge clk_i) begin
  assume (!gives_q || !(begin_i || take_i));
  if (rst_ni) begin
    if (start_i) assert (fits_o);
    if (token_valid_o) assert (gives_q);
  end
end
