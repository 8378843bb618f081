`default_nettype none
// The array: ROWS rows of LANES lanes. Per cycle it takes one word of weights and LANES activations and gives ROWS sums.
//
//   stage 1  symbols unpacked; activations of lanes beyond last_lane_i set to 0 in the last beat of a block
//            (beat_i, last_beat_i and last_lane_i come one cycle before word_i and activations_i)
//   stage 2  terms: symbol · activation
//   then     one stage per level of the adder tree
//
// Latency from word_i and activations_i to sums_o: 2 + LEVELS cycles. Row r's sum is bits r · SUM_WIDTH of sums_o and its
// sign bit r of signs_o, as sdq_adder_tree defines them. Without beats the registers stand still.
module sdq_mac_array #(
    parameter LANES = 8,  // a power of two, 2 or more
    parameter LEVELS = 3,  // log2(LANES)
    parameter ROWS = 5,
    parameter TERNARY = 1,
    parameter SIGN_TREE = 0,
    parameter WEIGHT_BYTES = 8,
    parameter STORED_WIDTH = 8,  // of a weight byte in memory, see sdq_weight_unpack
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

  generate
    if (SUM_WIDTH != 8 + LEVELS) begin : g_illegal
      initial begin
        $display("%m: SUM_WIDTH=%0d is not 8 + LEVELS=%0d", SUM_WIDTH, LEVELS);
        $finish;
      end
    end
  endgenerate

  wire [LANES*ROWS-1:0] nonzero;
  wire [LANES*ROWS-1:0] negative;
  reg  [LANES*ROWS-1:0] zero_q;
  reg  [LANES*ROWS-1:0] negative_q;
  reg  [   8*LANES-1:0] activations_q;

  sdq_weight_unpack #(
      .LANES       (LANES),
      .ROWS        (ROWS),
      .TERNARY     (TERNARY),
      .BYTES       (WEIGHT_BYTES),
      .STORED_WIDTH(STORED_WIDTH)
  ) u_unpack (
      .word_i    (word_i),
      .nonzero_o (nonzero),
      .negative_o(negative)
  );

  // A lane that is not in use adds 0 whatever its symbol is; binary weights have no symbol 0 to say so.
  reg [LANES-1:0] masked_q;

  // Which stages have a beat: bit 0 the word, bit 1 the symbols, bit 2 the terms, then the tree.
  reg [LEVELS+1:0] moves_q;

  always @(posedge clk_i) begin
    if (!rst_ni) moves_q <= {LEVELS + 2{1'b0}};
    else moves_q <= {moves_q[LEVELS:0], beat_i};
  end

  integer l;

  always @(posedge clk_i) begin
    masked_q <= {LANES{last_beat_i}} & ~({LANES{1'b1}} >> ~last_lane_i);
    if (moves_q[0]) begin
      zero_q     <= ~nonzero;
      negative_q <= negative;
    end
    for (l = 0; l < LANES; l = l + 1) begin
      if (masked_q[l]) activations_q[8*l+:8] <= 8'd0;
      else if (moves_q[0]) activations_q[8*l+:8] <= activations_i[8*l+:8];
    end
  end

  genvar r;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      sdq_mac_row #(
          .LANES    (LANES),
          .LEVELS   (LEVELS),
          .SIGN_TREE(SIGN_TREE)
      ) u_row (
          .clk_i        (clk_i),
          .moves_i      (moves_q[LEVELS+1:1]),
          .zero_i       (zero_q[r*LANES+:LANES]),
          .negative_i   (negative_q[r*LANES+:LANES]),
          .activations_i(activations_q),
          .sum_o        (sums_o[r*SUM_WIDTH+:SUM_WIDTH]),
          .sign_o       (signs_o[r])
      );
    end
  endgenerate

endmodule
`default_nettype wire
