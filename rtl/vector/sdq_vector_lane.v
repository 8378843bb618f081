`default_nettype none
// One element of the vector unit, from its operands on (docs/decoder.md, "Instructions"):
//
//   value = sat32(old + sat32(bias + sat32(rs(Σ a · b, shift)))), then max(0, value) with rectify_i
//   total = Σ a    of operands with valid_i since the last with first_i, for |a| < 2^17
//
// For operands in cycle 0: amount_i = shift + 8 in cycle 3, bias_i in cycle 6, old_i in cycle 7, value_o in cycle 8; the sums
// of products and of a are in sum_o and total_o from cycle 3 on. counts_i comes in cycle 8, and |value|, or 0 without it,
// is magnitude_o in cycle 9. Preconditions: those of sdq_product and sdq_round_shift.
module sdq_vector_lane #(
    parameter TOTAL_WIDTH = 31
) (
    input wire clk_i,

    input  wire                   valid_i,
    input  wire                   first_i,
    input  wire [           35:0] a_i,
    input  wire [           17:0] b_i,
    input  wire [            5:0] amount_i,
    input  wire [           31:0] bias_i,
    input  wire [           31:0] old_i,
    input  wire                   rectify_i,
    input  wire                   counts_i,
    output wire [           53:0] sum_o,
    output reg  [TOTAL_WIDTH-1:0] total_o,
    output reg  [           31:0] value_o,
    output reg  [           30:0] magnitude_o
);

  generate
    if (TOTAL_WIDTH < 19) begin : g_illegal
      initial begin
        $display("%m: TOTAL_WIDTH=%0d", TOTAL_WIDTH);
        $finish;
      end
    end
  endgenerate

  // Sum of two numbers, saturated symmetrically.
  function [31:0] saturated(input [31:0] x, input [31:0] y);
    reg [32:0] sum;
    begin
      sum = {x[31], x} + {y[31], y};
      if (sum[32] != sum[31] || sum[31:0] == 32'h8000_0000) saturated = {sum[32], {30{!sum[32]}}, 1'b1};
      else saturated = sum[31:0];
    end
  endfunction

  reg valid_q;
  reg first_q;
  reg [17:0] a_q;
  wire [31:0] scaled;
  reg [31:0] biased_q;
  wire [31:0] added = saturated(biased_q, old_i);

  sdq_product product (
      .clk_i  (clk_i),
      .valid_i(valid_i),
      .first_i(first_i),
      .a_i    (a_i),
      .b_i    (b_i),
      .sum_o  (sum_o)
  );

  sdq_round_shift #(
      .WIDTH(54),
      .LIFT (8)
  ) shift (
      .clk_i   (clk_i),
      .x_i     (sum_o),
      .amount_i(amount_i),
      .y_o     (scaled)
  );

  always @(posedge clk_i) begin
    valid_q <= valid_i;
    first_q <= first_i;
    a_q     <= a_i[17:0];
    if (valid_q) total_o <= (first_q ? {TOTAL_WIDTH{1'b0}} : total_o) + {{TOTAL_WIDTH - 18{a_q[17]}}, a_q};

    biased_q    <= saturated(scaled, bias_i);
    value_o     <= rectify_i && added[31] ? 32'd0 : added;
    magnitude_o <= ((value_o[30:0] ^ {31{value_o[31]}}) + {30'd0, value_o[31]}) & {31{counts_i}};
  end

endmodule
`default_nettype wire
