`default_nettype none
// Rounding shift and saturation to 32 bits, one number per cycle, 3 cycles:
//
//   y = sat32( ⌊(x + 2^(s − 1)) / 2^s⌋ ),  s = amount − LIFT       x · 2^−s for s ≤ 0
//
// Bits 5:3 of the amount come with x, bits 2:0 a cycle after it. An amount of 63 stands for any larger one: |x| < 2^(62 − LIFT).
module sdq_shift_round #(
    parameter WIDTH = 48,
    parameter LIFT = 0
) (
    input wire clk_i,

    input  wire [WIDTH-1:0] x_i,         // signed
    input  wire [      2:0] amount_8_i,
    input  wire [      2:0] amount_1_i,
    output reg  [     31:0] y_o
);

  localparam LIFTED = WIDTH + LIFT + 1;

  generate
    if (LIFT < 0 || WIDTH < 33 || WIDTH + LIFT > 63) begin : g_illegal
      initial begin
        $display("%m: WIDTH=%0d LIFT=%0d", WIDTH, LIFT);
        $finish;
      end
    end
  endgenerate

  // One bit below the unit.
  wire signed [LIFTED-1:0] lifted = {x_i, {LIFT + 1{1'b0}}};
  reg signed [LIFTED-1:0] by_8_q;
  reg signed [LIFTED-1:0] by_1_q;
  wire [LIFTED-1:0] rounded = {by_1_q[LIFTED-1], by_1_q[LIFTED-1:1]} + {{LIFTED - 1{1'b0}}, by_1_q[0]};
  // Of 33 bits and more only those of 32 that are not the most negative remain.
  wire negative = rounded[LIFTED-1];
  wire beyond = rounded[LIFTED-2:31] != {LIFTED - 32{negative}} || rounded[31:0] == 32'h8000_0000;

  always @(posedge clk_i) begin
    by_8_q <= lifted >>> {amount_8_i, 3'b000};
    by_1_q <= by_8_q >>> amount_1_i;
    y_o    <= beyond ? {negative, {30{!negative}}, 1'b1} : rounded[31:0];
  end

endmodule
`default_nettype wire
