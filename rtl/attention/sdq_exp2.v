`default_nettype none
// 2^−d in Q16 of d ≥ 0 in Q16 (docs/numerics.md, "Power of two"), one per cycle, 4 cycles later:
//
//   steps = ⌊(d + 2^5) / 2^6⌋, whole = ⌊steps / 1024⌋
//   p = 0 if whole > 31, else table[steps mod 1024] / 2^whole, rounded to nearest, halves up
//
// The table lies outside: entry_i is entry index_o of a cycle before.
module sdq_exp2 (
    input wire clk_i,

    input  wire [32:0] d_i,
    output wire [ 9:0] index_o,
    input  wire [16:0] entry_i,
    output reg  [16:0] p_o
);

  wire [33:0] rounded = {1'b0, d_i} + 34'd32;
  wire [5:0] unused_fraction = rounded[5:0];

  reg [27:0] steps_q;
  reg far_2_q;
  reg far_3_q;
  reg [4:0] whole_2_q;
  reg [2:0] whole_3_q;
  // One bit below the unit.
  reg [17:0] by_8_q;
  wire [17:0] by_1 = by_8_q >> whole_3_q;

  assign index_o = steps_q[9:0];

  always @(posedge clk_i) begin
    steps_q   <= rounded[33:6];
    far_2_q   <= |steps_q[27:15];
    whole_2_q <= steps_q[14:10];
    far_3_q   <= far_2_q;
    whole_3_q <= whole_2_q[2:0];
    by_8_q    <= {entry_i, 1'b0} >> {whole_2_q[4:3], 3'b000};
    p_o       <= far_3_q ? 17'd0 : by_1[17:1] + {16'd0, by_1[0]};
  end

endmodule
`default_nettype wire
