// Properties of sdq_weight_stream: no beat finds the FIFO full, and a word that is offered stays until it is taken.

reg f_started = 1'b0;
reg [DEPTH_WIDTH:0] f_coming = {DEPTH_WIDTH + 1{1'b0}};  // beats that are granted and under way

always @(posedge clk_i) begin
  f_started <= 1'b1;
  if (!rst_ni || flush_i) f_coming <= {DEPTH_WIDTH + 1{1'b0}};
  else f_coming <= f_coming + (burst_i ? BURST[DEPTH_WIDTH:0] : {DEPTH_WIDTH + 1{1'b0}}) - {{DEPTH_WIDTH{1'b0}}, beat_valid_i};

  assume (f_started || !rst_ni);
  assume (!burst_i || room_o);
  assume (!beat_valid_i || f_coming != {DEPTH_WIDTH + 1{1'b0}});

  if (rst_ni) begin
    assert (level_q <= taken_q && taken_q <= DEPTH);
    assert (taken_q == level_q + f_coming);
    assert (waddr_q - raddr_q == level_q[DEPTH_WIDTH-1:0]);
    assert (count_q <= WORD_BEATS);
    assert (!skips || count_q == {BEAT_WIDTH{1'b0}});
  end
end

sdq_stream_check #(
    .WIDTH(1)
) f_word (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni && !flush_i),
    .valid_i  (word_valid_o),
    .ready_i  (word_ready_i),
    .payload_i(1'b0)
);
