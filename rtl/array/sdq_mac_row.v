`default_nettype none
// One row of the array: Σ_l symbol_l · activation_l over LANES lanes, a beat per cycle, without a multiplication.
//
//   symbol_l = zero_l ? 0 : negative_l ? −1 : +1        activation_l: int8
//
// The result is sum_o and sign_o as sdq_adder_tree defines them. negative_l does not matter where zero_l is set.
// Latency: 1 + log2(LANES) cycles; the registers of stage k (0 is the first) move when moves_i[k] is set.
module sdq_mac_row #(
    parameter LANES = 8,  // a power of two, 2 or more
    parameter LEVELS = 3,  // log2(LANES)
    parameter SIGN_TREE = 0
) (
    input  wire                clk_i,
    input  wire [    LEVELS:0] moves_i,
    input  wire [   LANES-1:0] zero_i,
    input  wire [   LANES-1:0] negative_i,
    input  wire [ 8*LANES-1:0] activations_i,
    output wire [8+LEVELS-1:0] sum_o,
    output wire                sign_o
);

  reg [8*LANES-1:0] terms_q;
  reg [  LANES-1:0] signs_q;

  always @(posedge clk_i) begin
    if (moves_i[0]) signs_q <= negative_i;
  end

  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      if (SIGN_TREE != 0) begin : g_sign
        // The mask is the register's synchronous reset, which takes no LUT. It may come again when nothing moves: then
        // the term that it belongs to is there already.
        always @(posedge clk_i) begin
          if (zero_i[l]) terms_q[8*l+:8] <= 8'd0;
          else if (moves_i[0]) terms_q[8*l+:8] <= activations_i[8*l+:8];
        end
      end else begin : g_carry
        always @(posedge clk_i) begin
          if (moves_i[0]) terms_q[8*l+:8] <= (activations_i[8*l+:8] & {8{!zero_i[l]}}) ^ {8{negative_i[l]}};
        end
      end
    end
  endgenerate

  sdq_adder_tree #(
      .LANES    (LANES),
      .LEVELS   (LEVELS),
      .SIGN_TREE(SIGN_TREE)
  ) u_tree (
      .clk_i  (clk_i),
      .moves_i(moves_i[LEVELS:1]),
      .terms_i(terms_q),
      .signs_i(signs_q),
      .sum_o  (sum_o),
      .sign_o (sign_o)
  );

endmodule
`default_nettype wire
