`default_nettype none
// Takes the mantissas that CUT makes, VALUES at a time, and says where they belong: in the query memory, or in the cache of
// keys or of values at a layer and position. Words of these memories have GROUPS · VALUES mantissas, a head CHUNKS words.
//
//   query:         words from 0 on; exponents by the segment's number
//   keys, values:  segment g is that of key/value head g: word ((layer · KV_HEADS + g) · CONTEXT + position) · CHUNKS + …,
//                  exponent at place (layer · KV_HEADS + g) · CONTEXT + position
//
// start_i comes before the first mantissas of each instruction, and layer_i and position_i stay as they are from 3 cycles
// before it on. Mantissas come in order, with gaps where there are, and outputs one cycle after them. With a value comes
// the place before its own, in order to be read.
module sdq_mantissa_store #(
    parameter VALUES = 4,
    parameter GROUPS = 2,
    parameter GROUP_WIDTH = 1,
    parameter KV_HEADS = 2,
    parameter CONTEXT = 16,
    parameter CHUNKS = 2,
    parameter LAYER_WIDTH = 1,
    parameter HEAD_WIDTH = 2,
    parameter POSITION_WIDTH = 4,
    parameter CHUNK_WIDTH = 1,
    parameter PLACE_WIDTH = 6,
    parameter WORD_WIDTH = 7,
    parameter QUERY_ADDR_WIDTH = 3
) (
    input wire clk_i,
    input wire rst_ni,

    input wire [   LAYER_WIDTH-1:0] layer_i,
    input wire [POSITION_WIDTH-1:0] position_i,

    input wire                 start_i,
    input wire                 valid_i,
    input wire [          1:0] space_i,     // 1 query, 2 keys, 3 values; others are none of this memory's
    input wire [HEAD_WIDTH-1:0] segment_i,   // their number
    input wire [          4:0] exponent_i,  // and exponent
    input wire [16*VALUES-1:0] mantissas_i,

    output wire                   earlier_read_o,
    output wire [PLACE_WIDTH-1:0] earlier_o,

    // Mantissas and exponent.
    output reg                         query_wen_o,
    output reg                         keys_wen_o,
    output reg                         values_wen_o,
    output reg  [          GROUPS-1:0] groups_o,         // which of the word's
    output reg  [QUERY_ADDR_WIDTH-1:0] query_addr_o,
    output reg  [      HEAD_WIDTH-1:0] segment_o,
    output reg  [      WORD_WIDTH-1:0] word_o,
    output reg  [     PLACE_WIDTH-1:0] place_o,
    output reg  [                 4:0] exponent_o,
    output reg  [       16*VALUES-1:0] mantissas_o
);

  // A bit more than any of the numbers.
  localparam SUM_WIDTH = WORD_WIDTH + 1;
  localparam LAST_GROUP = GROUPS - 1;
  localparam LAST_CHUNK = CHUNKS - 1;
  localparam [31:0] ONE = 1;
  localparam [31:0] KV = KV_HEADS;
  localparam [31:0] STRIDE = CONTEXT;
  localparam [31:0] HEAD_WORDS = CHUNKS;
  localparam [31:0] NEXT_HEAD = (CONTEXT - 1) * CHUNKS + 1;

  generate
    if (VALUES < 1 || GROUPS < 1 || GROUPS > (1 << GROUP_WIDTH) || CHUNKS > (1 << CHUNK_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: VALUES=%0d GROUPS=%0d GROUP_WIDTH=%0d CHUNKS=%0d CHUNK_WIDTH=%0d", VALUES, GROUPS, GROUP_WIDTH,
                 CHUNKS, CHUNK_WIDTH);
        $finish;
      end
    end
  endgenerate

  function [SUM_WIDTH-1:0] scaled(input [SUM_WIDTH-1:0] number, input [31:0] factor);
    integer k;
    begin
      scaled = {SUM_WIDTH{1'b0}};
      for (k = 0; k < SUM_WIDTH && k < 32; k = k + 1) if (factor[k]) scaled = scaled + (number << k);
    end
  endfunction

  // Where the first head's lie.
  wire [SUM_WIDTH-1:0] position = {{SUM_WIDTH - POSITION_WIDTH{1'b0}}, position_i};
  reg [SUM_WIDTH-1:0] pair_q;
  reg [SUM_WIDTH-1:0] place_q;
  reg [SUM_WIDTH-1:0] word_q;

  always @(posedge clk_i) begin
    pair_q  <= scaled({{SUM_WIDTH - LAYER_WIDTH{1'b0}}, layer_i}, KV);
    place_q <= scaled(pair_q, STRIDE) + position;
    word_q  <= scaled(place_q, HEAD_WORDS);
  end

  // Where the next mantissas belong.
  reg [GROUP_WIDTH-1:0] group_q;
  reg [CHUNK_WIDTH-1:0] chunk_q;
  reg [QUERY_ADDR_WIDTH-1:0] next_query_q;
  reg [WORD_WIDTH-1:0] next_word_q;
  reg [PLACE_WIDTH-1:0] next_place_q;

  wire group_last = group_q == LAST_GROUP[GROUP_WIDTH-1:0];
  wire head_last = group_last && chunk_q == LAST_CHUNK[CHUNK_WIDTH-1:0];
  wire unused_high = &{pair_q, place_q, word_q};
  integer k;

  assign earlier_read_o = valid_i && space_i == 2'd3;
  assign earlier_o      = next_place_q - 1'b1;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      query_wen_o  <= 1'b0;
      keys_wen_o   <= 1'b0;
      values_wen_o <= 1'b0;
    end else begin
      query_wen_o  <= valid_i && space_i == 2'd1;
      keys_wen_o   <= valid_i && space_i == 2'd2;
      values_wen_o <= valid_i && space_i == 2'd3;
    end

    for (k = 0; k < GROUPS; k = k + 1) groups_o[k] <= group_q == k[GROUP_WIDTH-1:0];
    query_addr_o <= next_query_q;
    segment_o    <= segment_i;
    word_o       <= next_word_q;
    place_o      <= next_place_q;
    exponent_o   <= exponent_i;
    mantissas_o  <= mantissas_i;

    if (start_i) begin
      group_q      <= {GROUP_WIDTH{1'b0}};
      chunk_q      <= {CHUNK_WIDTH{1'b0}};
      next_query_q <= {QUERY_ADDR_WIDTH{1'b0}};
      next_word_q  <= word_q[WORD_WIDTH-1:0];
      next_place_q <= place_q[PLACE_WIDTH-1:0];
    end else if (valid_i) begin
      group_q <= group_last ? {GROUP_WIDTH{1'b0}} : group_q + 1'b1;
      if (group_last) begin
        chunk_q      <= head_last ? {CHUNK_WIDTH{1'b0}} : chunk_q + 1'b1;
        next_query_q <= next_query_q + 1'b1;
        next_word_q  <= next_word_q + (head_last ? NEXT_HEAD[WORD_WIDTH-1:0] : ONE[WORD_WIDTH-1:0]);
      end
      if (head_last) begin
        next_place_q <= next_place_q + STRIDE[PLACE_WIDTH-1:0];
      end
    end
  end

endmodule
`default_nettype wire
