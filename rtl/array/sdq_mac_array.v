`default_nettype none
// The array: ROWS rows of LANES lanes. Per cycle it takes one word of weights and LANES activations and gives ROWS sums
// of symbol · activation over the lanes, without a multiplication.
//
//   word_i    ternary  unit l · (ROWS / 5) + g holds rows 5g … 5g + 4 of lane l, in the form that STORED_WIDTH says
//                      (see sdq_weight_symbols)
//             binary   bit l · ROWS + r: 1 = +1, 0 = −1
//
//   stage 1   symbols; activations of lanes beyond last_lane_i become 0 in the last beat of a block
//             (beat_i, last_beat_i and last_lane_i come one cycle before word_i and activations_i)
//   stage 2   terms, see sdq_term
//   then      one stage per level of each row's adder tree, see sdq_adder_node
//
// Latency from word_i and activations_i to sums_o: 2 + LEVELS cycles. Row r's sum is bits r · SUM_WIDTH of sums_o and its
// sign bit r of signs_o; SIGN_TREE = 0: sum + sign; 1: sign ? −sum : sum. Without beats the registers stand still.
module sdq_mac_array #(
    parameter LANES = 8,  // a power of two, 2 or more
    parameter LEVELS = 3,  // log2(LANES)
    parameter ROWS = 5,  // a multiple of 5 if TERNARY
    parameter TERNARY = 1,
    parameter SIGN_TREE = 0,
    parameter WEIGHT_BYTES = 8,
    parameter STORED_WIDTH = 8,  // of a weight byte in memory; 8 if not TERNARY
    parameter SUM_WIDTH = 11  // 8 + LEVELS
) (
    input  wire                                 clk_i,
    input  wire                                 rst_ni,
    input  wire [WEIGHT_BYTES*STORED_WIDTH-1:0] word_i,
    input  wire [                  8*LANES-1:0] activations_i,
    input  wire                                 beat_i,
    input  wire                                 last_beat_i,
    input  wire [                   LEVELS-1:0] last_lane_i,
    output wire [           ROWS*SUM_WIDTH-1:0] sums_o,
    output wire [                     ROWS-1:0] signs_o
);

  localparam UNITS = ROWS / 5;  // bytes of a lane
  localparam LEGAL = LEVELS >= 1 && LANES == (1 << LEVELS) && SUM_WIDTH == 8 + LEVELS && (TERNARY != 0 ?
      ROWS % 5 == 0 && WEIGHT_BYTES == LANES * UNITS : WEIGHT_BYTES * 8 == LANES * ROWS && STORED_WIDTH == 8);

  genvar l;
  genvar r;
  genvar level;
  genvar node;

  generate
    if (!LEGAL) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d LEVELS=%0d ROWS=%0d TERNARY=%0d WEIGHT_BYTES=%0d STORED_WIDTH=%0d SUM_WIDTH=%0d", LANES,
                 LEVELS, ROWS, TERNARY, WEIGHT_BYTES, STORED_WIDTH, SUM_WIDTH);
        $finish;
      end
    end
  endgenerate

  // Which stages have a beat: bit 0 the word, bit 1 the symbols, bit 2 the terms, then the tree.
  reg [LEVELS+1:0] moves_q;
  reg [LANES-1:0] masked_q;

  always @(posedge clk_i) begin
    if (!rst_ni) moves_q <= {LEVELS + 2{1'b0}};
    else moves_q <= {moves_q[LEVELS:0], beat_i};
    masked_q <= {LANES{last_beat_i}} & ~({LANES{1'b1}} >> ~last_lane_i);
  end

  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      reg [7:0] activation_q;

      always @(posedge clk_i) begin
        if (masked_q[l]) activation_q <= 8'd0;
        else if (moves_q[0]) activation_q <= activations_i[8*l+:8];
      end

      if (TERNARY != 0) begin : g_ternary
        for (r = 0; r < UNITS; r = r + 1) begin : g_unit
          wire [4:0] nonzero;
          wire [4:0] negative;
          reg  [4:0] zero_q;
          reg  [4:0] negative_q;

          sdq_weight_symbols #(
              .STORED_WIDTH(STORED_WIDTH)
          ) u_symbols (
              .stored_i  (word_i[(l*UNITS+r)*STORED_WIDTH+:STORED_WIDTH]),
              .nonzero_o (nonzero),
              .negative_o(negative)
          );

          always @(posedge clk_i) begin
            if (moves_q[0]) begin
              zero_q     <= ~nonzero;
              negative_q <= negative;
            end
          end
        end
      end else begin : g_binary
        reg [ROWS-1:0] negative_q;

        always @(posedge clk_i) begin
          if (moves_q[0]) negative_q <= ~word_i[l*ROWS+:ROWS];
        end
      end
    end

    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      for (level = 0; level <= LEVELS; level = level + 1) begin : g_level
        for (node = 0; node < (LANES >> level); node = node + 1) begin : g_node
          wire [7+level:0] sum;
          wire sign;

          if (level == 0) begin : g_term
            wire zero;
            wire negative;
            if (TERNARY != 0) begin : g_ternary
              assign zero = g_lane[node].g_ternary.g_unit[r/5].zero_q[r%5];
              assign negative = g_lane[node].g_ternary.g_unit[r/5].negative_q[r%5];
            end else begin : g_binary
              assign zero = 1'b0;
              assign negative = g_lane[node].g_binary.negative_q[r];
            end
            sdq_term #(
                .SIGN_TREE(SIGN_TREE)
            ) u_term (
                .clk_i       (clk_i),
                .moves_i     (moves_q[1]),
                .zero_i      (zero),
                .negative_i  (negative),
                .activation_i(g_lane[node].activation_q),
                .term_o      (sum),
                .sign_o      (sign)
            );
          end else begin : g_add
            sdq_adder_node #(
                .WIDTH    (7 + level),
                .SIGN_TREE(SIGN_TREE)
            ) u_node (
                .clk_i       (clk_i),
                .moves_i     (moves_q[1+level]),
                .left_i      (g_level[level-1].g_node[2*node].sum),
                .left_sign_i (g_level[level-1].g_node[2*node].sign),
                .right_i     (g_level[level-1].g_node[2*node+1].sum),
                .right_sign_i(g_level[level-1].g_node[2*node+1].sign),
                .sum_o       (sum),
                .sign_o      (sign)
            );
          end
        end
      end
      assign sums_o[r*SUM_WIDTH+:SUM_WIDTH] = g_level[LEVELS].g_node[0].sum;
      assign signs_o[r] = g_level[LEVELS].g_node[0].sign;
    end
  endgenerate

endmodule
`default_nettype wire
