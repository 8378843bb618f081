// Properties of sdq_step_response, proved as a part of sdq_command. Answers and logits obey the stream rules.

sdq_stream_check #(
    .WIDTH (81),
    .ASSUME(1)
) f_answer (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (answer_valid_i),
    .ready_i  (answer_ready_o),
    .payload_i({answer_position_i, answer_token_i, answer_cycles_i, answer_last_i})
);
sdq_stream_check #(
    .WIDTH (32),
    .ASSUME(1)
) f_logit (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (logit_valid_i),
    .ready_i  (logit_ready_o),
    .payload_i(logit_i)
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

wire [24:0] f_reports = {seq_i, logits_i, position_i};
reg [24:0] f_reports_q;
reg f_active_q = 1'b0;
always @(posedge clk_i) begin
  f_reports_q <= f_reports;
  f_active_q  <= rst_ni && active_i && !done_o;
  if (rst_ni) begin
    // The response goes on until it is done, and what it reports does not change.
    if (f_active_q) assert (active_i && f_reports == f_reports_q);
    // Frames are whole, and bytes are those of their bodies.
    if (!active_i) assert (state_q == S_TYPE);
    assert (state_q <= S_BODY);
    if (state_q == S_BODY) assert (byte_q <= (turn_q ? VALUE_LAST : TOKEN_LAST));
    // One of the two is taken, and logits only if they are wanted.
    assert (!answer_ready_o || !logit_ready_o);
    if (active_i) assert (turn_q ? logits_i && logit_q < VOCAB : logit_q == 25'd0);
  end
end
