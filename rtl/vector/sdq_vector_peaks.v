`default_nettype none
// Peaks of a vector and of its segments: magnitudes ORed, which have the bit length of the largest.
//
// A word of magnitudes comes with valid_i, its segment, and whether it is the vector's or the segment's first or the
// segment's last. A segment's peak is kept until its next one.
// Cutting: exponent_o = max(0, bl(p) − bits) two cycles after read_segment_i, p the peak of the segment, or of the vector
// with read_whole_i; bits is 7 with byte_i, else 15; whole_o is that of the vector for 15 bits, in the cycle after its peak.
module sdq_vector_peaks #(
    parameter VALUES = 4,
    parameter SEGMENTS = 8,
    parameter SEGMENT_WIDTH = 3
) (
    input wire clk_i,

    input wire                     valid_i,
    input wire                     first_i,
    input wire                     segment_first_i,
    input wire                     segment_end_i,
    input wire [SEGMENT_WIDTH-1:0] segment_i,
    input wire [    31*VALUES-1:0] magnitudes_i,

    input  wire [SEGMENT_WIDTH-1:0] read_segment_i,
    input  wire                     read_whole_i,
    input  wire                     byte_i,
    output reg  [              4:0] exponent_o,
    output reg  [              4:0] whole_o
);

  generate
    if (VALUES < 1 || SEGMENTS < 1 || SEGMENTS > (1 << SEGMENT_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: VALUES=%0d SEGMENTS=%0d SEGMENT_WIDTH=%0d", VALUES, SEGMENTS, SEGMENT_WIDTH);
        $finish;
      end
    end
  endgenerate

  // max(0, bl(p) − 15), or − 7.
  function [4:0] exponent(input [30:0] p, input as_byte);
    integer k;
    begin
      exponent = 5'd0;
      for (k = 7; k < 31; k = k + 1) if (p[k] && (as_byte || k > 14)) exponent = as_byte ? k[4:0] - 5'd6 : k[4:0] - 5'd14;
    end
  endfunction

  reg [30:0] peaks[0:SEGMENTS-1];
  reg [30:0] segment_peak_q;
  reg [30:0] peak_q;
  reg [30:0] read_q;
  reg [30:0] any;
  integer n;

  always @* begin
    any = 31'd0;
    for (n = 0; n < VALUES; n = n + 1) any = any | magnitudes_i[31*n+:31];
  end

  wire [30:0] segment_peak = segment_first_i ? any : segment_peak_q | any;

  always @(posedge clk_i) begin
    if (valid_i) begin
      segment_peak_q <= segment_peak;
      peak_q         <= first_i ? any : peak_q | any;
      if (segment_end_i) peaks[segment_i] <= segment_peak;
    end
    read_q     <= read_whole_i ? peak_q : peaks[read_segment_i];
    exponent_o <= exponent(read_q, byte_i);
    whole_o    <= exponent(peak_q, 1'b0);
  end

endmodule
`default_nettype wire
