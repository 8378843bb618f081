`default_nettype none
// One node of an adder tree over signed numbers that each carry a sign bit: registered, latency 1, with an enable.
//
// SIGN_TREE = 0: a number stands for term + sign (the sign is the carry that completes a negation by inversion).
//   sum = left + right + left's sign; the right sign goes up
// SIGN_TREE = 1: a number stands for −term where its sign is set.
//   sum = left ± right, by whether the signs differ; the left sign goes up
//
// In both, one bit more per level holds the sums of terms from −2^(WIDTH − 1) on. SIGN_TREE = 1 suits carry chains with
// a function of several inputs in front of the adder (6-input LUTs), 0 the others.
module sdq_adder_node #(
    parameter WIDTH = 8,  // of a term
    parameter SIGN_TREE = 0
) (
    input  wire             clk_i,
    input  wire             moves_i,
    input  wire [WIDTH-1:0] left_i,
    input  wire             left_sign_i,
    input  wire [WIDTH-1:0] right_i,
    input  wire             right_sign_i,
    output reg  [  WIDTH:0] sum_o,
    output reg              sign_o
);

  wire [WIDTH:0] left = {left_i[WIDTH-1], left_i};
  wire [WIDTH:0] right = {right_i[WIDTH-1], right_i};

  generate
    if (SIGN_TREE != 0) begin : g_sign
      // left + (subtract ? −right : right), written as a difference so that tools keep `left` as the operand that
      // enters the carry chain unchanged and merge the inversion of `right` into the LUT before the chain:
      // left − (right ^ add) − add, where the lowest bit is a borrow-in of `add`.
      wire add = left_sign_i == right_sign_i;
      wire [WIDTH+1:0] difference = {left, !add} - {right ^ {WIDTH + 1{add}}, 1'b1};
      always @(posedge clk_i) begin
        if (moves_i) begin
          sum_o  <= difference[WIDTH+1:1];
          sign_o <= left_sign_i;
        end
      end
      wire unused = difference[0];
    end else begin : g_carry
      always @(posedge clk_i) begin
        if (moves_i) begin
          sum_o  <= left + right + {{WIDTH{1'b0}}, left_sign_i};
          sign_o <= right_sign_i;
        end
      end
    end
  endgenerate

endmodule
`default_nettype wire
