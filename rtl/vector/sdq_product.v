`default_nettype none
// Sum of products of 36 by 18 bits, two's complement:
//
//   sum_o = Σ a · b    over the operands that came with valid_i, since the last that came with first_i too
//
// a = 2^18 · high + low with low from −2^17 to 2^17 − 1: two multipliers of 18 × 18 bits. Precondition:
// −2^35 ≤ a < 2^35 − 2^17, and every sum fits 54 bits. Latency 3 cycles; sum_o changes after valid_i only.
module sdq_product (
    input wire clk_i,

    input  wire               valid_i,
    input  wire               first_i,
    input  wire        [35:0] a_i,
    input  wire signed [17:0] b_i,
    output reg         [53:0] sum_o
);

  reg signed [17:0] high_q;
  reg signed [17:0] low_q;
  reg signed [17:0] b_q;
  reg signed [35:0] high_product_q;
  reg signed [35:0] low_product_q;
  reg [1:0] valid_q;
  reg [1:0] first_q;

  wire [53:0] old = first_q[1] ? 54'd0 : sum_o;

  always @(posedge clk_i) begin
    high_q         <= a_i[35:18] + {17'd0, a_i[17]};
    low_q          <= a_i[17:0];
    b_q            <= b_i;
    high_product_q <= high_q * b_q;
    low_product_q  <= low_q * b_q;
    valid_q        <= {valid_q[0], valid_i};
    first_q        <= {first_q[0], first_i};
    if (valid_q[1]) sum_o <= old + {high_product_q, 18'd0} + {{18{low_product_q[35]}}, low_product_q};
  end

endmodule
`default_nettype wire
