`default_nettype none
// Sums LANES signed terms of 8 bits, each with a sign, through a tree of adders with a register per level.
//
// SIGN_TREE = 0: term l stands for term + sign (the sign is the carry that completes a negation by inversion).
//   A node adds its two terms and the left sign as carry-in; the right sign goes up:
//   result = sum_o + sign_o
// SIGN_TREE = 1: term l stands for −term where sign is set.
//   A node computes left ± right, by whether the signs differ, and passes the left sign up:
//   result = sign_o ? −sum_o : sum_o
//
// One bit per level is enough in both, for terms of −128 too. Latency: log2(LANES) cycles; the registers of level k (1 is
// the first) move when moves_i[k - 1] is set.
// SIGN_TREE = 1 suits carry chains with a function of several inputs in front of the adder (6-input LUTs), 0 the others.
module sdq_adder_tree #(
    parameter LANES = 8,  // a power of two, 2 or more
    parameter LEVELS = 3,  // log2(LANES)
    parameter SIGN_TREE = 0
) (
    input  wire                clk_i,
    input  wire [  LEVELS-1:0] moves_i,
    input  wire [ 8*LANES-1:0] terms_i,
    input  wire [   LANES-1:0] signs_i,
    output wire [8+LEVELS-1:0] sum_o,
    output wire                sign_o
);

  generate
    if (LEVELS < 1 || LANES != (1 << LEVELS)) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d is not 2 to the LEVELS=%0d, 1 or more", LANES, LEVELS);
        $finish;
      end
    end
  endgenerate

  genvar level;
  genvar node;
  generate
    for (level = 0; level <= LEVELS; level = level + 1) begin : g_level
      localparam NODES = LANES >> level;
      localparam WIDTH = 8 + level;
      wire [NODES*WIDTH-1:0] sums;
      wire [      NODES-1:0] signs;

      if (level == 0) begin : g_terms
        assign sums  = terms_i;
        assign signs = signs_i;
      end else begin : g_nodes
        for (node = 0; node < NODES; node = node + 1) begin : g_node
          sdq_adder_node #(
              .WIDTH    (WIDTH - 1),
              .SIGN_TREE(SIGN_TREE)
          ) u_node (
              .clk_i       (clk_i),
              .moves_i     (moves_i[level-1]),
              .left_i      (g_level[level-1].sums[2*node*(WIDTH-1)+:WIDTH-1]),
              .left_sign_i (g_level[level-1].signs[2*node]),
              .right_i     (g_level[level-1].sums[(2*node+1)*(WIDTH-1)+:WIDTH-1]),
              .right_sign_i(g_level[level-1].signs[2*node+1]),
              .sum_o       (sums[node*WIDTH+:WIDTH]),
              .sign_o      (signs[node])
          );
        end
      end
    end
  endgenerate

  assign sum_o  = g_level[LEVELS].sums;
  assign sign_o = g_level[LEVELS].signs;

endmodule
`default_nettype wire
