`default_nettype none
// Removes consistent-overhead byte stuffing: a byte in, at most one item out, in the same cycle.
//
//   in:  groups [code][code - 1 bytes], code 1..255, then 0x00, which ends the frame
//   out: the bytes of each group, and a zero between groups unless the group before had code 255;
//        then one item with `out_end_o`, whose data means nothing
//
// `out_error_o` (with `out_end_o`) says that the frame ended inside a group. A frame without a single byte (two
// delimiters in a row) gives nothing: hosts send such delimiters to synchronise.
//
// Nothing is buffered. The decoder needs no recovery from garbage: every 0x00 begins a frame.
module sdq_cobs_decode (
    input  wire       clk_i,
    input  wire       rst_ni,
    input  wire       in_valid_i,
    output wire       in_ready_o,
    input  wire [7:0] in_data_i,
    output wire       out_valid_o,
    input  wire       out_ready_i,
    output wire [7:0] out_data_o,
    output wire       out_end_o,
    output wire       out_error_o
);

  reg [7:0] left_q;  // bytes of the current group still to come
  reg zero_q;  // the group before stands for a zero if another one follows
  reg open_q;  // a frame has begun

  wire is_delimiter = in_data_i == 8'd0;
  wire is_code = left_q == 8'd0;
  wire gives_item = is_delimiter ? open_q : !is_code || zero_q;

  assign out_valid_o = in_valid_i && gives_item;
  assign out_data_o = is_code ? 8'd0 : in_data_i;
  assign out_end_o = is_delimiter;
  assign out_error_o = !is_code;
  assign in_ready_o = out_ready_i || !gives_item;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= 8'd0;
      zero_q <= 1'b0;
      open_q <= 1'b0;
    end else if (in_valid_i && in_ready_o) begin
      open_q <= !is_delimiter;
      if (is_delimiter) begin
        left_q <= 8'd0;
        zero_q <= 1'b0;
      end else if (is_code) begin
        left_q <= in_data_i - 8'd1;
        zero_q <= in_data_i != 8'hFF;
      end else begin
        left_q <= left_q - 8'd1;
      end
    end
  end

`ifdef FORMAL
  `include "sdq_cobs_decode_properties.vh"
`endif

endmodule
`default_nettype wire
