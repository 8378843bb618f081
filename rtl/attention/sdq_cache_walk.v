`default_nettype none
// Walks through the cached keys or values that a head attends to: position by position, CHUNKS words of each.
//
//   pair  = layer · KV_HEADS + ⌊head / GROUP⌋          a layer's key/value head
//   word  = (pair · CONTEXT + t) · CHUNKS + chunk      t = 0 … position, chunk = 0 … CHUNKS − 1
//   place = pair · CONTEXT + t                         of the position's exponent
//   score = head mod 2, t                              of its score
//
// start_i in cycle 0, when ready_o is set, gives the first word in cycle 2 and one per cycle from there on. The walk is busy
// in cycles 1 … (position + 1) · CHUNKS; in the last of them the next one can start.
module sdq_cache_walk #(
    parameter LAYERS = 2,
    parameter KV_HEADS = 2,
    parameter GROUP = 2,  // heads per key/value head
    parameter CONTEXT = 16,
    parameter CHUNKS = 2,
    parameter LAYER_WIDTH = 1,  // index widths: of LAYERS,
    parameter HEAD_WIDTH = 2,  // KV_HEADS · GROUP,
    parameter POSITION_WIDTH = 4,  // CONTEXT,
    parameter CHUNK_WIDTH = 1,  // CHUNKS,
    parameter PLACE_WIDTH = 6,  // LAYERS · KV_HEADS · CONTEXT,
    parameter WORD_WIDTH = 7  // that · CHUNKS
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                      start_i,
    output wire                      ready_o,
    output wire                      busy_o,
    input  wire [   LAYER_WIDTH-1:0] layer_i,
    input  wire [    HEAD_WIDTH-1:0] head_i,
    input  wire [POSITION_WIDTH-1:0] position_i,

    output reg                     valid_o,
    output reg                     first_o,        // position 0
    output reg                     last_o,         // the last position
    output reg                     chunk_first_o,
    output reg                     chunk_last_o,
    output reg  [ CHUNK_WIDTH-1:0] chunk_o,
    output reg  [ PLACE_WIDTH-1:0] place_o,
    output reg  [  WORD_WIDTH-1:0] word_o,
    output reg  [POSITION_WIDTH:0] score_o
);

  // A bit more than any of the numbers.
  localparam SUM_WIDTH = WORD_WIDTH + 1;
  localparam HEADS = KV_HEADS * GROUP;
  localparam PLACES = LAYERS * KV_HEADS * CONTEXT;
  localparam LAST_CHUNK = CHUNKS - 1;
  localparam [31:0] KV = KV_HEADS;
  localparam [31:0] STRIDE = CONTEXT;
  localparam [31:0] WORD_STRIDE = CONTEXT * CHUNKS;

  generate
    if (LAYERS < 1 || KV_HEADS < 1 || GROUP < 1 || CONTEXT < 1 || CHUNKS < 1 || LAYERS > (1 << LAYER_WIDTH) ||
        HEADS > (1 << HEAD_WIDTH) || CONTEXT > (1 << POSITION_WIDTH) || CHUNKS > (1 << CHUNK_WIDTH) ||
        PLACES > (1 << PLACE_WIDTH) || PLACES * CHUNKS > (1 << WORD_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: LAYERS=%0d KV_HEADS=%0d GROUP=%0d CONTEXT=%0d CHUNKS=%0d", LAYERS, KV_HEADS, GROUP, CONTEXT, CHUNKS);
        $display("%m: index widths %0d %0d %0d %0d %0d %0d", LAYER_WIDTH, HEAD_WIDTH, POSITION_WIDTH, CHUNK_WIDTH,
                 PLACE_WIDTH, WORD_WIDTH);
        $finish;
      end
    end
  endgenerate

  // Products with constants are sums of shifts: no multiplier is spent on them.
  function [SUM_WIDTH-1:0] scaled(input [SUM_WIDTH-1:0] number, input [31:0] factor);
    integer k;
    begin
      scaled = {SUM_WIDTH{1'b0}};
      for (k = 0; k < SUM_WIDTH && k < 32; k = k + 1) if (factor[k]) scaled = scaled + (number << k);
    end
  endfunction

  function [SUM_WIDTH-1:0] group_of(input [HEAD_WIDTH-1:0] head);
    integer k;
    begin
      group_of = {SUM_WIDTH{1'b0}};
      for (k = 1; k < KV_HEADS; k = k + 1) if ({{32 - HEAD_WIDTH{1'b0}}, head} >= k * GROUP) group_of = k[SUM_WIDTH-1:0];
    end
  endfunction

  wire [SUM_WIDTH-1:0] layer_pairs = scaled({{SUM_WIDTH - LAYER_WIDTH{1'b0}}, layer_i}, KV);
  wire [SUM_WIDTH-1:0] pair = layer_pairs + group_of(head_i);

  reg busy_q;
  reg first_q;
  reg buffer_q;
  reg [CHUNK_WIDTH-1:0] chunk_q;
  reg [POSITION_WIDTH-1:0] t_q;
  reg [POSITION_WIDTH-1:0] position_q;
  reg [SUM_WIDTH-1:0] pair_q;

  wire chunk_first = chunk_q == {CHUNK_WIDTH{1'b0}};
  wire chunk_last = chunk_q == LAST_CHUNK[CHUNK_WIDTH-1:0];
  wire last = t_q == position_q;
  wire [SUM_WIDTH-1:0] place = scaled(pair_q, STRIDE);
  wire [SUM_WIDTH-1:0] word = scaled(pair_q, WORD_STRIDE);
  wire unused_high = &{pair_q, place, word};

  assign ready_o = !busy_q || (last && chunk_last);
  assign busy_o  = busy_q;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q  <= 1'b0;
      valid_o <= 1'b0;
    end else begin
      busy_q  <= start_i || !ready_o;
      valid_o <= busy_q;
    end

    if (start_i) begin
      first_q    <= 1'b1;
      buffer_q   <= head_i[0];
      chunk_q    <= {CHUNK_WIDTH{1'b0}};
      t_q        <= {POSITION_WIDTH{1'b0}};
      position_q <= position_i;
      pair_q     <= pair;
    end else begin
      chunk_q <= chunk_last ? {CHUNK_WIDTH{1'b0}} : chunk_q + 1'b1;
      if (chunk_last) begin
        first_q <= 1'b0;
        t_q     <= t_q + 1'b1;
      end
    end

    first_o       <= first_q;
    last_o        <= last;
    chunk_first_o <= chunk_first;
    chunk_last_o  <= chunk_last;
    chunk_o       <= chunk_q;
    score_o       <= {buffer_q, t_q};
    if (first_q && chunk_first) begin
      place_o <= place[PLACE_WIDTH-1:0];
      word_o  <= word[WORD_WIDTH-1:0];
    end else begin
      word_o <= word_o + 1'b1;
      if (chunk_first) place_o <= place_o + 1'b1;
    end
  end

endmodule
`default_nettype wire
