`default_nettype none
// y = sat32(rs(x, amount − LIFT)) of docs/numerics.md, one number per cycle; the amount comes with its number. An amount of 63
// stands for any larger one: |x| < 2^(62 − LIFT). Latency 3 cycles.
//
// A right shift of x · 2^(LIFT + 1) in stages: what a stage drops at the high end, where it is not a copy of the sign, will
// saturate; one bit below the unit is kept for the rounding.
module sdq_round_shift #(
    parameter WIDTH = 54,
    parameter LIFT = 8  // left shifts that there are
) (
    input wire clk_i,

    input  wire [WIDTH-1:0] x_i,       // signed
    input  wire [      5:0] amount_i,
    output reg  [     31:0] y_o
);

  localparam LIFTED = WIDTH + LIFT + 1;
  // 33 bits remain after shifts of 0 to 15.
  localparam KEPT = 33 + 15 + 1;

  generate
    if (LIFT < 0 || WIDTH < 33 || LIFTED < KEPT || WIDTH + LIFT > 63) begin : g_illegal
      initial begin
        $display("%m: WIDTH=%0d LIFT=%0d", WIDTH, LIFT);
        $finish;
      end
    end
  endgenerate

  reg [KEPT-1:0] by_16_q;
  reg over_16_q;
  reg [3:0] rest_q;
  reg [32:0] shifted_q;
  reg over_q;
  reg negative_q;

  wire signed [LIFTED-1:0] lifted = {x_i, {LIFT + 1{1'b0}}};
  wire signed [LIFTED-1:0] by_16 = lifted >>> {amount_i[5:4], 4'd0};
  wire signed [KEPT-1:0] rest = by_16_q;
  wire signed [KEPT-1:0] by_1 = rest >>> rest_q;
  wire [32:0] rounded = {shifted_q[32], shifted_q[32:1]} + {32'd0, shifted_q[0]};
  // 2^31, or −2^31.
  wire beyond = over_q || rounded[32] != rounded[31] || rounded[31:0] == 32'h8000_0000;

  always @(posedge clk_i) begin
    by_16_q    <= {by_16[LIFTED-1], by_16[KEPT-2:0]};
    over_16_q  <= by_16[LIFTED-1:KEPT-1] != {LIFTED - KEPT + 1{by_16[LIFTED-1]}};
    rest_q     <= amount_i[3:0];
    shifted_q  <= by_1[32:0];
    over_q     <= over_16_q || by_1[KEPT-1:32] != {KEPT - 32{by_1[KEPT-1]}};
    negative_q <= by_1[KEPT-1];
    y_o        <= beyond ? {negative_q, {30{!negative_q}}, 1'b1} : rounded[31:0];
  end

endmodule
`default_nettype wire
