`default_nettype none
// y = sat32(rs(x, shift)) of docs/numerics.md, for shift = amount_i − 8, −8 … 55, and 54 bits of x. The amount comes with
// its number. Latency 3 cycles.
//
// A right shift of x · 2^9 in stages: what a stage drops at the high end, where it is not a copy of the sign, will
// saturate; one bit below the unit is kept for the rounding.
module sdq_round_shift (
    input wire clk_i,

    input  wire [53:0] x_i,
    input  wire [ 5:0] amount_i,
    output reg  [31:0] y_o
);

  reg [48:0] by_16_q;
  reg over_16_q;
  reg [3:0] rest_q;
  reg [32:0] shifted_q;
  reg over_q;
  reg negative_q;

  wire signed [62:0] lifted = {x_i, 9'd0};
  wire signed [62:0] by_16 = lifted >>> {amount_i[5:4], 4'd0};
  wire signed [48:0] rest = by_16_q;
  wire signed [48:0] by_1 = rest >>> rest_q;
  wire [32:0] rounded = {shifted_q[32], shifted_q[32:1]} + {32'd0, shifted_q[0]};
  // 2^31, or −2^31.
  wire beyond = over_q || rounded[32] != rounded[31] || rounded[31:0] == 32'h8000_0000;

  always @(posedge clk_i) begin
    by_16_q    <= {by_16[62], by_16[47:0]};
    over_16_q  <= by_16[62:48] != {15{by_16[62]}};
    rest_q     <= amount_i[3:0];
    shifted_q  <= by_1[32:0];
    over_q     <= over_16_q || by_1[48:32] != {17{by_1[48]}};
    negative_q <= by_1[48];
    y_o        <= beyond ? {negative_q, {30{!negative_q}}, 1'b1} : rounded[31:0];
  end

endmodule
`default_nettype wire
