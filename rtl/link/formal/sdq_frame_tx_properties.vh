// Properties of sdq_frame_tx.

sdq_stream_check #(
    .WIDTH (9),
    .ASSUME(1)
) f_in (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (in_valid_i),
    .ready_i  (in_ready_o),
    .payload_i({in_data_i, in_last_i})
);

always @(posedge clk_i) if (rst_ni) assert (crc_turn_q || crc_byte_q == 2'd0);
