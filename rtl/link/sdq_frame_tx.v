`default_nettype none
// Sends frames: appends the CRC to the bytes of a frame and encodes them.
//
//   in:  type, seq, body; the last byte marked `in_last_i`
//   out: the byte stream of the link: COBS(type, seq, body, crc32) 0x00
//
// The CRC takes four cycles after a frame's last byte, in which no input is taken.
module sdq_frame_tx (
    input  wire       clk_i,
    input  wire       rst_ni,
    input  wire       in_valid_i,
    output wire       in_ready_o,
    input  wire [7:0] in_data_i,
    input  wire       in_last_i,
    output wire       tx_valid_o,
    input  wire       tx_ready_i,
    output wire [7:0] tx_data_o,
    output wire       busy_o        // a frame has begun that has not left completely
);

  reg crc_turn_q;  // the CRC is being sent
  reg [1:0] crc_byte_q;

  wire [31:0] crc;
  wire encode_valid = in_valid_i || crc_turn_q;
  wire encode_ready;
  wire [7:0] encode_data = crc_turn_q ? crc[8*crc_byte_q+:8] : in_data_i;
  wire encode_last = crc_turn_q && crc_byte_q == 2'd3;
  wire encoder_busy;

  assign in_ready_o = encode_ready && !crc_turn_q;
  assign busy_o = encoder_busy || crc_turn_q;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      crc_turn_q <= 1'b0;
      crc_byte_q <= 2'd0;
    end else if (crc_turn_q) begin
      if (encode_ready) begin
        crc_byte_q <= crc_byte_q + 2'd1;
        crc_turn_q <= !encode_last;
      end
    end else begin
      crc_turn_q <= in_valid_i && in_ready_o && in_last_i;
    end
  end

  sdq_crc32 u_crc (
      .clk_i  (clk_i),
      .init_i (!rst_ni || (crc_turn_q && encode_last && encode_ready)),
      .valid_i(in_valid_i && in_ready_o),
      .data_i (in_data_i),
      .crc_o  (crc)
  );

  sdq_cobs_encode u_encode (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_valid_i (encode_valid),
      .in_ready_o (encode_ready),
      .in_data_i  (encode_data),
      .in_last_i  (encode_last),
      .out_valid_o(tx_valid_o),
      .out_ready_i(tx_ready_i),
      .out_data_o (tx_data_o),
      .busy_o     (encoder_busy)
  );

`ifdef FORMAL
  `include "sdq_frame_tx_properties.vh"
`endif

endmodule
`default_nettype wire
