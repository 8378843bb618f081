// Properties of sdq_frame_tx.

`ifdef PROVE_SDQ_FRAME_TX
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

always @(posedge clk_i) if (rst_ni) assert (crc_turn_q || crc_byte_q == 2'd0);
