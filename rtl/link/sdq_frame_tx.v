`default_nettype none
// Sends frames: appends the CRC to the bytes of a frame and encodes them.
//
//   in:  type, seq, body; the last byte marked `in_last_i`
//   out: the byte stream of the link: COBS(type, seq, body, crc32) 0x00
//
// A byte waits one cycle in a register, so that what selects it and what encodes it have a cycle each. The CRC takes four
// cycles after a frame's last byte, in which no more than that register's byte is taken.
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

  reg byte_valid_q;
  reg byte_last_q;
  reg [7:0] byte_q;
  reg crc_turn_q;  // the CRC is being sent
  reg [1:0] crc_byte_q;

  wire [31:0] crc;
  wire encode_valid = byte_valid_q || crc_turn_q;
  wire encode_ready;
  wire [7:0] encode_data = crc_turn_q ? crc[8*crc_byte_q+:8] : byte_q;
  wire encode_last = crc_turn_q && crc_byte_q == 2'd3;
  wire encoder_busy;

  wire moves = encode_ready && !crc_turn_q;
  wire sends = byte_valid_q && moves;

  assign in_ready_o = !byte_valid_q || moves;
  assign busy_o = encoder_busy || crc_turn_q || byte_valid_q;

  always @(posedge clk_i) begin
    if (!rst_ni) byte_valid_q <= 1'b0;
    else if (in_ready_o) byte_valid_q <= in_valid_i;

    if (in_ready_o) begin
      byte_last_q <= in_last_i;
      byte_q      <= in_data_i;
    end
  end

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
      crc_turn_q <= sends && byte_last_q;
    end
  end

  sdq_crc32 u_crc (
      .clk_i  (clk_i),
      .init_i (!rst_ni || (crc_turn_q && encode_last && encode_ready)),
      .valid_i(sends),
      .data_i (byte_q),
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
