`default_nettype none
// The place of the largest of a step's logits, the first of equals.
//
//   best = min { i : y[i] = max y },  y[0], y[1], … in the order in which they come
//
// valid_i: a word of logits, those of keep_i from the low end on, one at least. clear_i begins a step; no word comes with it.
// busy_o: what has come is not yet in best_o and logit_o; it ends log2(LANES) + 1 cycles after the last word.
module sdq_best #(
    parameter LANES = 1,  // logits per cycle, a power of two
    parameter TOKEN_WIDTH = 9  // of a place; log2(LANES) at least
) (
    input wire clk_i,
    input wire rst_ni,

    input wire                clear_i,
    input wire                valid_i,
    input wire [   LANES-1:0] keep_i,
    input wire [32*LANES-1:0] values_i,

    output reg  [TOKEN_WIDTH-1:0] best_o,
    output reg  [           31:0] logit_o,
    output wire                   busy_o
);

  // LEVELS = log2(LANES)
  localparam LEVELS = LANES <= 1 ? 0 : LANES <= 2 ? 1 : LANES <= 4 ? 2 : LANES <= 8 ? 3 : 4;

  generate
    if (LANES != (1 << LEVELS) || TOKEN_WIDTH < LEVELS || TOKEN_WIDTH < 1) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d, a power of two up to 16; TOKEN_WIDTH=%0d", LANES, TOKEN_WIDTH);
        $finish;
      end
    end
  endgenerate

  // Place of the word's first logit.
  reg [TOKEN_WIDTH-1:0] first_q;
  reg [TOKEN_WIDTH-1:0] kept;
  integer i;

  always @* begin
    kept = {TOKEN_WIDTH{1'b0}};
    for (i = 0; i < LANES; i = i + 1) if (keep_i[i]) kept = kept + 1'b1;
  end

  // A tree of comparisons: node n has the nodes 2n and 2n + 1 below it, nodes LANES … 2 · LANES − 1 are the logits.
  wire [2*LANES-1:1] node_keep;
  wire [64*LANES-1:32] node_value;
  wire [2*TOKEN_WIDTH*LANES-1:TOKEN_WIDTH] node_place;
  reg [LEVELS:0] valid_q;  // of each level, the best's own on top

  genvar n;
  generate
    for (n = LANES; n < 2 * LANES; n = n + 1) begin : g_logit
      localparam integer LANE = n - LANES;
      assign node_keep[n] = keep_i[LANE];
      assign node_value[32*n+:32] = values_i[32*LANE+:32];
      assign node_place[TOKEN_WIDTH*n+:TOKEN_WIDTH] = first_q + LANE[TOKEN_WIDTH-1:0];
    end
    for (n = 1; n < LANES; n = n + 1) begin : g_node
      reg keep_q;
      reg [31:0] value_q;
      reg [TOKEN_WIDTH-1:0] place_q;
      wire signed [31:0] left = node_value[32*(2*n)+:32];
      wire signed [31:0] right = node_value[32*(2*n+1)+:32];
      wire takes_right = node_keep[2*n+1] && right > left;
      always @(posedge clk_i) begin
        keep_q  <= node_keep[2*n];
        value_q <= takes_right ? right : left;
        place_q <= takes_right ? node_place[TOKEN_WIDTH*(2*n+1)+:TOKEN_WIDTH] : node_place[TOKEN_WIDTH*(2*n)+:TOKEN_WIDTH];
      end
      assign node_keep[n] = keep_q;
      assign node_value[32*n+:32] = value_q;
      assign node_place[TOKEN_WIDTH*n+:TOKEN_WIDTH] = place_q;
    end
  endgenerate

  wire [LEVELS:0] valid = {valid_q[LEVELS:0] << 1} | {{LEVELS{1'b0}}, valid_i};
  wire signed [31:0] value = node_value[63:32];
  wire signed [31:0] logit = logit_o;
  reg none_q;  // no logit of this step has been compared
  wire unused_keep = node_keep[1];  // the first logit of a word is there

  assign busy_o = valid_q != {LEVELS + 1{1'b0}};

  always @(posedge clk_i) begin
    if (!rst_ni) valid_q <= {LEVELS + 1{1'b0}};
    else valid_q <= valid;

    if (clear_i) first_q <= {TOKEN_WIDTH{1'b0}};
    else if (valid_i) first_q <= first_q + kept;

    if (clear_i) none_q <= 1'b1;
    else if (valid[LEVELS]) none_q <= 1'b0;

    if (valid[LEVELS] && (none_q || value > logit)) begin
      logit_o <= node_value[63:32];
      best_o  <= node_place[2*TOKEN_WIDTH-1:TOKEN_WIDTH];
    end
  end

endmodule
`default_nettype wire
