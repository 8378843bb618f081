// Properties of sdq_frame_rx.

`ifdef PROVE_SDQ_FRAME_RX
localparam ALONE = 1;
`elsif PROVE_SDQ_HOST_LINK
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
    .valid_i  (rx_valid_i),
    .ready_i  (rx_ready_o),
    .payload_i(rx_data_i)
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

wire [INDEX_WIDTH:0] f_frame = write_q - commit_q;
wire [INDEX_WIDTH:0] f_accepted = commit_q - read_q;
wire [INDEX_WIDTH-1:0] f_ahead = write_index - read_q[INDEX_WIDTH-1:0];
always @(posedge clk_i) begin
  if (rst_ni) begin
    assert (f_frame == count_q + LENGTH_BYTES && count_q <= MAX_BODY + 2);
    assert (f_accepted < RX_BYTES && used <= RX_BYTES + 1 && f_accepted <= used);
    assert (!overlong_q || count_q == MAX_BODY + 2);
    assert ((held_q & (held_q + 4'd1)) == 4'd0 && (count_q == 0 || held_q == 4'hF));
    // No byte of an accepted frame that is still to be read is overwritten.
    if (stores || takes_end || closing_q) assert (f_ahead >= f_accepted);
    // Never stuck: without accepted frames there is room for the largest frame.
    if (f_accepted == 0) assert (!full);
  end
end
