`default_nettype none
// Rounds SAMPLES numbers to int8: u = saturate( t >> post_i, rounded to nearest, halves up ), ±127 at most, for
// |t| < 2^(post_i + 7). The numbers are part part_i of a word of VALUES. Two cycles; post_i must be stable for both.
module sdq_frame_round #(
    parameter VALUES = 2,
    parameter SAMPLES = 2,  // VALUES, or half of it
    parameter WIDTH = 22
) (
    input wire clk_i,

    input  wire                    part_i,
    input  wire [             4:0] post_i,
    input  wire [VALUES*WIDTH-1:0] word_i,
    output reg  [   SAMPLES*8-1:0] samples_o
);

  generate
    if (VALUES != SAMPLES && VALUES != 2 * SAMPLES || WIDTH < 16 || WIDTH > 24) begin : g_illegal
      initial begin
        $display("%m: VALUES=%0d SAMPLES=%0d WIDTH=%0d", VALUES, SAMPLES, WIDTH);
        $finish;
      end
    end
  endgenerate

  wire [SAMPLES*WIDTH-1:0] numbers =
      part_i && SAMPLES != VALUES ? word_i[VALUES*WIDTH-1-:SAMPLES*WIDTH] : word_i[0+:SAMPLES*WIDTH];

  genvar n;
  generate
    for (n = 0; n < SAMPLES; n = n + 1) begin : g_sample
      // One bit below the unit. What a stage drops above is a sign.
      wire [24:0] number = {{25 - WIDTH{numbers[(n+1)*WIDTH-1]}}, numbers[n*WIDTH+:WIDTH-1], 1'b0};
      wire [23:0] by_16 = post_i[4] ? {{15{number[24]}}, number[24:16]} : number[23:0];
      wire [15:0] by_8 = post_i[3] ? by_16[23:8] : by_16[15:0];
      reg [11:0] by_4_q;
      wire [9:0] by_2 = post_i[1] ? by_4_q[11:2] : by_4_q[9:0];
      wire [8:0] by_1 = post_i[0] ? by_2[9:1] : by_2[8:0];
      wire [8:0] rounded = {by_1[8], by_1[8:1]} + {8'd0, by_1[0]};
      // 128, −128 or a number of seven bits and a sign.
      wire beyond = rounded[8] != rounded[7] || rounded[7:0] == 8'h80;

      always @(posedge clk_i) begin
        by_4_q                <= post_i[2] ? by_8[15:4] : by_8[11:0];
        samples_o[8*n+:8] <= beyond ? {rounded[8], {6{!rounded[8]}}, 1'b1} : rounded[7:0];
      end
    end
  endgenerate

endmodule
`default_nettype wire
