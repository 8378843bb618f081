`default_nettype none
// One lane of one row: symbol · activation as a term and a sign for sdq_adder_node, registered, with an enable.
//
//   symbol = zero_i ? 0 : negative_i ? −1 : +1;  negative_i does not matter where zero_i is set
//
// SIGN_TREE = 0: the term is inverted for −1, and its sign is the 1 that is missing from a negation (for a negative zero,
// the inverted 0 and the sign cancel out). SIGN_TREE = 1: the term is the activation, the sign says how it counts.
module sdq_term #(
    parameter SIGN_TREE = 0
) (
    input  wire       clk_i,
    input  wire       moves_i,
    input  wire       zero_i,
    input  wire       negative_i,
    input  wire [7:0] activation_i,  // int8
    output reg  [7:0] term_o,
    output reg        sign_o
);

  always @(posedge clk_i) begin
    if (moves_i) sign_o <= negative_i;
  end

  generate
    if (SIGN_TREE != 0) begin : g_sign
      // The mask is the register's synchronous reset, which takes no LUT. It may come again when nothing moves: then the
      // term that it belongs to is there already.
      always @(posedge clk_i) begin
        if (zero_i) term_o <= 8'd0;
        else if (moves_i) term_o <= activation_i;
      end
    end else begin : g_carry
      always @(posedge clk_i) begin
        if (moves_i) term_o <= (activation_i & {8{!zero_i}}) ^ {8{negative_i}};
      end
    end
  endgenerate

endmodule
`default_nettype wire
