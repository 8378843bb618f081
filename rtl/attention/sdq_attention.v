`default_nettype none
// Dot unit and mix unit with the memories that are theirs: query memory, caches of keys and values with their exponents, two
// score buffers. docs/decoder.md defines the instructions; sdq_dot_unit and sdq_mix_unit when they begin and end;
// sdq_mantissa_store how CUT writes (what it writes is there two cycles later); where memories are written and read at once,
// the program excludes it.
//
//   query, keys   words of LANES mantissas of 16 bits      exponents: a segment's, a place's
//   values        words of LANES mantissas of 8 bits       a place's; and the largest since position 0
//   scores        two buffers of CONTEXT, 32 bits each; the second begins at the power of two after the first
//
// The parameter memory lies outside and is read with a latency of one cycle. Dot and mix unit share the port to the vector RAM: MATRIX does not run beside MIX.
module sdq_attention #(
    parameter LANES = 4,
    parameter LANE_WIDTH = 2,
    parameter LEVELS = 2,
    parameter VALUES = 4,
    parameter VALUE_WIDTH = 2,
    parameter GROUP_WIDTH = 1,  // index width of LANES / VALUES
    parameter LAYERS = 2,
    parameter KV_HEADS = 2,
    parameter GROUP = 2,
    parameter CONTEXT = 16,
    parameter CHUNKS = 2,
    parameter LAYER_WIDTH = 1,
    parameter HEAD_WIDTH = 2,
    parameter POSITION_WIDTH = 4,
    parameter CHUNK_WIDTH = 1,
    parameter PLACE_WIDTH = 6,
    parameter WORD_WIDTH = 7,
    parameter QUERY_WORDS = 8,
    parameter QUERY_ADDR_WIDTH = 3,
    parameter MATRIX_LANES = 4,
    parameter MATRIX_LANE_WIDTH = 2,
    parameter VALUE_PARTS = 4,
    parameter VALUE_PART_WIDTH = 2,
    parameter QUERY_PARTS = 1,
    parameter QUERY_PART_WIDTH = 1,
    parameter SCALE_WIDTH = 3,
    parameter ROW_WIDTH = 8,
    parameter LENGTH_WIDTH = 8,
    parameter PARAMETER_ADDR_WIDTH = 10,
    parameter VECTOR_ADDR_WIDTH = 6,
    parameter SCORE_MANTISSA = 16384,
    parameter SCORE_SHIFT = 38,
    parameter DOT_WIDTH = 34,
    parameter LIFT = 0,
    parameter SUM_WIDTH = 21,
    parameter SPARE_WIDTH = 3,
    parameter MIXED_WIDTH = 36
) (
    input wire clk_i,
    input wire rst_ni,

    // Tables, written before: bit 0 enables that of 2^−d, bit 1 reciprocalRoot, whose entry i has address i + 256.
    input wire [ 1:0] table_wen_i,
    input wire [ 9:0] table_addr_i,
    input wire [16:0] table_data_i,

    // Of this step; see sdq_mantissa_store for when they may change.
    input wire [   LAYER_WIDTH-1:0] layer_i,
    input wire [POSITION_WIDTH-1:0] position_i,

    output wire dot_free_o,
    output wire dot_idle_o,
    output wire mix_free_o,
    output wire mix_idle_o,

    // Instructions, with their operands.
    input wire                            score_start_i,
    input wire                            matrix_start_i,
    input wire                            mix_start_i,
    input wire                            pause_i,  // no further logits
    input wire [          HEAD_WIDTH-1:0] head_i,
    input wire [   VECTOR_ADDR_WIDTH-1:0] target_i,
    input wire                            out_i,
    input wire [PARAMETER_ADDR_WIDTH-1:0] values_i,
    input wire [PARAMETER_ADDR_WIDTH-1:0] scales_i,
    input wire [           ROW_WIDTH-1:0] rows_i,
    input wire [        LENGTH_WIDTH-1:0] cols_i,
    input wire [                     7:0] shift_i,

    // CUT of the vector unit.
    input wire                  cut_start_i,
    input wire                  cut_valid_i,
    input wire [           1:0] cut_space_i,
    input wire [HEAD_WIDTH-1:0] cut_segment_i,
    input wire [           4:0] cut_exponent_i,
    input wire [ 16*VALUES-1:0] cut_word_i,

    output wire                            parameter_read_o,
    output wire [PARAMETER_ADDR_WIDTH-1:0] parameter_addr_o,
    input  wire [           32*VALUES-1:0] parameter_word_i,

    output wire                         vector_wen_o,
    output wire [VECTOR_ADDR_WIDTH-1:0] vector_addr_o,
    output wire [        32*VALUES-1:0] vector_word_o,

    // A score as it is stored; those of an instruction come in order of their positions.
    output wire        score_valid_o,
    output wire [31:0] score_o,

    output wire                 logit_valid_o,
    output wire [         31:0] logit_o,
    output wire [ROW_WIDTH-1:0] best_o,
    output wire [         31:0] best_logit_o
);

  localparam GROUPS = LANES / VALUES;
  localparam PAIRS = LAYERS * KV_HEADS;
  localparam PLACES = PAIRS * CONTEXT;
  localparam WORDS = PLACES * CHUNKS;

  generate
    if (LANES % VALUES != 0 || GROUPS > (1 << GROUP_WIDTH) || QUERY_WORDS > (1 << QUERY_ADDR_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d VALUES=%0d GROUP_WIDTH=%0d QUERY_WORDS=%0d QUERY_ADDR_WIDTH=%0d", LANES, VALUES, GROUP_WIDTH,
                 QUERY_WORDS, QUERY_ADDR_WIDTH);
        $finish;
      end
    end
  endgenerate

  // ---- What CUT writes.

  wire query_wen;
  wire keys_wen;
  wire values_wen;
  wire [GROUPS-1:0] groups;
  wire [QUERY_ADDR_WIDTH-1:0] store_query;
  wire [HEAD_WIDTH-1:0] segment;
  wire [WORD_WIDTH-1:0] word;
  wire [PLACE_WIDTH-1:0] place;
  wire earlier_read;
  wire [PLACE_WIDTH-1:0] earlier;
  wire [4:0] exponent;
  wire [16*VALUES-1:0] mantissas;
  wire [8*VALUES-1:0] mantissas_8;

  sdq_mantissa_store #(
      .VALUES          (VALUES),
      .GROUPS          (GROUPS),
      .GROUP_WIDTH     (GROUP_WIDTH),
      .KV_HEADS        (KV_HEADS),
      .CONTEXT         (CONTEXT),
      .CHUNKS          (CHUNKS),
      .LAYER_WIDTH     (LAYER_WIDTH),
      .HEAD_WIDTH      (HEAD_WIDTH),
      .POSITION_WIDTH  (POSITION_WIDTH),
      .CHUNK_WIDTH     (CHUNK_WIDTH),
      .PLACE_WIDTH     (PLACE_WIDTH),
      .WORD_WIDTH      (WORD_WIDTH),
      .QUERY_ADDR_WIDTH(QUERY_ADDR_WIDTH)
  ) u_store (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .layer_i       (layer_i),
      .position_i    (position_i),
      .start_i       (cut_start_i),
      .valid_i       (cut_valid_i),
      .space_i       (cut_space_i),
      .segment_i     (cut_segment_i),
      .exponent_i    (cut_exponent_i),
      .mantissas_i   (cut_word_i),
      .earlier_read_o (earlier_read),
      .earlier_o      (earlier),
      .query_wen_o   (query_wen),
      .keys_wen_o    (keys_wen),
      .values_wen_o  (values_wen),
      .groups_o      (groups),
      .query_addr_o  (store_query),
      .segment_o     (segment),
      .word_o        (word),
      .place_o       (place),
      .exponent_o    (exponent),
      .mantissas_o   (mantissas)
  );

  genvar n;
  generate
    for (n = 0; n < VALUES; n = n + 1) begin : g_value
      assign mantissas_8[8*n+:8] = mantissas[16*n+:8];
    end
  endgenerate

  // ---- Memories.

  wire query_read;
  wire [QUERY_ADDR_WIDTH-1:0] query_addr;
  wire [16*LANES-1:0] query_word;
  wire [HEAD_WIDTH-1:0] query_segment;
  wire key_read;
  wire [WORD_WIDTH-1:0] key_addr;
  wire [16*LANES-1:0] key_word;
  wire [PLACE_WIDTH-1:0] key_place;
  wire [4:0] key_exponent;
  wire value_read;
  wire [WORD_WIDTH-1:0] value_addr;
  wire [8*LANES-1:0] value_word;
  wire [PLACE_WIDTH-1:0] value_place;
  wire [4:0] value_exponent;
  wire most_read;
  wire [PLACE_WIDTH-1:0] most_place;
  wire [4:0] most;
  wire score_wen;
  wire [POSITION_WIDTH:0] score_waddr;
  wire [31:0] score_in;
  wire score_read;
  wire [POSITION_WIDTH:0] score_raddr;
  wire [31:0] score_out;

  assign score_valid_o = score_wen;
  assign score_o       = score_in;
  wire [63:0] top;

  sdq_ram_1r1w #(
      .WORDS     (QUERY_WORDS),
      .ADDR_WIDTH(QUERY_ADDR_WIDTH),
      .BYTES     (GROUPS),
      .BYTE_WIDTH(16 * VALUES)
  ) u_query (
      .clk_i  (clk_i),
      .wen_i  (groups & {GROUPS{query_wen}}),
      .waddr_i(store_query),
      .wdata_i({GROUPS{mantissas}}),
      .ren_i  (query_read),
      .raddr_i(query_addr),
      .rdata_o(query_word)
  );

  sdq_ram_1r1w #(
      .WORDS     (WORDS),
      .ADDR_WIDTH(WORD_WIDTH),
      .BYTES     (GROUPS),
      .BYTE_WIDTH(16 * VALUES)
  ) u_keys (
      .clk_i  (clk_i),
      .wen_i  (groups & {GROUPS{keys_wen}}),
      .waddr_i(word),
      .wdata_i({GROUPS{mantissas}}),
      .ren_i  (key_read),
      .raddr_i(key_addr),
      .rdata_o(key_word)
  );

  sdq_ram_1r1w #(
      .WORDS     (WORDS),
      .ADDR_WIDTH(WORD_WIDTH),
      .BYTES     (GROUPS),
      .BYTE_WIDTH(8 * VALUES)
  ) u_values (
      .clk_i  (clk_i),
      .wen_i  (groups & {GROUPS{values_wen}}),
      .waddr_i(word),
      .wdata_i({GROUPS{mantissas_8}}),
      .ren_i  (value_read),
      .raddr_i(value_addr),
      .rdata_o(value_word)
  );

  sdq_ram_1r1w #(
      .WORDS     (PLACES),
      .ADDR_WIDTH(PLACE_WIDTH),
      .BYTES     (1),
      .BYTE_WIDTH(5)
  ) u_key_exponents (
      .clk_i  (clk_i),
      .wen_i  (keys_wen),
      .waddr_i(place),
      .wdata_i(exponent),
      .ren_i  (key_read),
      .raddr_i(key_place),
      .rdata_o(key_exponent)
  );

  sdq_ram_1r1w #(
      .WORDS     (PLACES),
      .ADDR_WIDTH(PLACE_WIDTH),
      .BYTES     (1),
      .BYTE_WIDTH(5)
  ) u_value_exponents (
      .clk_i  (clk_i),
      .wen_i  (values_wen),
      .waddr_i(place),
      .wdata_i(exponent),
      .ren_i  (value_read),
      .raddr_i(value_place),
      .rdata_o(value_exponent)
  );

  // The largest exponent of values up to a place: that of the place before, or the place's own. So a step can be repeated
  // at any position. MIX comes after CUT, and reads its place.
  wire position_0 = position_i == {POSITION_WIDTH{1'b0}};

  sdq_ram_1r1w #(
      .WORDS     (PLACES),
      .ADDR_WIDTH(PLACE_WIDTH),
      .BYTES     (1),
      .BYTE_WIDTH(5)
  ) u_most (
      .clk_i  (clk_i),
      .wen_i  (values_wen),
      .waddr_i(place),
      .wdata_i(position_0 || exponent > most ? exponent : most),
      .ren_i  (earlier_read || most_read),
      .raddr_i(earlier_read ? earlier : most_place),
      .rdata_o(most)
  );

  sdq_ram_1r1w #(
      .WORDS     (2 << POSITION_WIDTH),
      .ADDR_WIDTH(POSITION_WIDTH + 1),
      .BYTES     (1),
      .BYTE_WIDTH(32)
  ) u_scores (
      .clk_i  (clk_i),
      .wen_i  (score_wen),
      .waddr_i(score_waddr),
      .wdata_i(score_in),
      .ren_i  (score_read),
      .raddr_i(score_raddr),
      .rdata_o(score_out)
  );

  wire [9:0] exp2_index;
  wire [16:0] exp2_entry;
  wire [9:0] root_index;
  wire [15:0] root_entry;

  sdq_ram_1r1w #(
      .WORDS     (1024),
      .ADDR_WIDTH(10),
      .BYTES     (1),
      .BYTE_WIDTH(17)
  ) u_exp2 (
      .clk_i  (clk_i),
      .wen_i  (table_wen_i[0]),
      .waddr_i(table_addr_i),
      .wdata_i(table_data_i),
      .ren_i  (1'b1),
      .raddr_i(exp2_index),
      .rdata_o(exp2_entry)
  );

  sdq_ram_1r1w #(
      .WORDS     (1024),
      .ADDR_WIDTH(10),
      .BYTES     (1),
      .BYTE_WIDTH(16)
  ) u_root (
      .clk_i  (clk_i),
      .wen_i  (table_wen_i[1]),
      .waddr_i(table_addr_i),
      .wdata_i(table_data_i[15:0]),
      .ren_i  (1'b1),
      .raddr_i(root_index),
      .rdata_o(root_entry)
  );

  // Of the query's segments.
  reg [4:0] query_exponents[0:(1<<HEAD_WIDTH)-1];
  reg [4:0] query_exponent_q;

  always @(posedge clk_i) begin
    if (query_wen) query_exponents[segment] <= exponent;
    query_exponent_q <= query_exponents[query_segment];
  end

  // ---- The units.

  wire dot_wen;
  wire [VECTOR_ADDR_WIDTH-1:0] dot_addr;
  wire [32*VALUES-1:0] dot_word;
  wire mix_wen;
  wire [VECTOR_ADDR_WIDTH-1:0] mix_addr;
  wire [32*VALUES-1:0] mix_word;

  assign vector_wen_o  = dot_wen || mix_wen;
  assign vector_addr_o = mix_wen ? mix_addr : dot_addr;
  assign vector_word_o = mix_wen ? mix_word : dot_word;

  sdq_dot_unit #(
      .LANES               (LANES),
      .LEVELS              (LEVELS),
      .VALUES              (VALUES),
      .VALUE_WIDTH         (VALUE_WIDTH),
      .LAYERS              (LAYERS),
      .KV_HEADS            (KV_HEADS),
      .GROUP               (GROUP),
      .CONTEXT             (CONTEXT),
      .CHUNKS              (CHUNKS),
      .LAYER_WIDTH         (LAYER_WIDTH),
      .HEAD_WIDTH          (HEAD_WIDTH),
      .POSITION_WIDTH      (POSITION_WIDTH),
      .CHUNK_WIDTH         (CHUNK_WIDTH),
      .PLACE_WIDTH         (PLACE_WIDTH),
      .WORD_WIDTH          (WORD_WIDTH),
      .QUERY_ADDR_WIDTH    (QUERY_ADDR_WIDTH),
      .MATRIX_LANES        (MATRIX_LANES),
      .MATRIX_LANE_WIDTH   (MATRIX_LANE_WIDTH),
      .VALUE_PARTS         (VALUE_PARTS),
      .VALUE_PART_WIDTH    (VALUE_PART_WIDTH),
      .QUERY_PARTS         (QUERY_PARTS),
      .QUERY_PART_WIDTH    (QUERY_PART_WIDTH),
      .SCALE_WIDTH         (SCALE_WIDTH),
      .ROW_WIDTH           (ROW_WIDTH),
      .LENGTH_WIDTH        (LENGTH_WIDTH),
      .PARAMETER_ADDR_WIDTH(PARAMETER_ADDR_WIDTH),
      .VECTOR_ADDR_WIDTH   (VECTOR_ADDR_WIDTH),
      .SCORE_MANTISSA      (SCORE_MANTISSA),
      .SCORE_SHIFT         (SCORE_SHIFT),
      .DOT_WIDTH           (DOT_WIDTH),
      .LIFT                (LIFT)
  ) u_dot (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .free_o          (dot_free_o),
      .idle_o          (dot_idle_o),
      .score_start_i   (score_start_i),
      .layer_i         (layer_i),
      .head_i          (head_i),
      .position_i      (position_i),
      .matrix_start_i  (matrix_start_i),
      .pause_i         (pause_i),
      .target_i        (target_i),
      .out_i           (out_i),
      .values_i        (values_i),
      .scales_i        (scales_i),
      .rows_i          (rows_i),
      .cols_i          (cols_i),
      .shift_i         (shift_i),
      .query_read_o    (query_read),
      .query_addr_o    (query_addr),
      .query_word_i    (query_word),
      .query_segment_o (query_segment),
      .query_exponent_i(query_exponent_q),
      .key_read_o      (key_read),
      .key_addr_o      (key_addr),
      .key_word_i      (key_word),
      .key_place_o     (key_place),
      .key_exponent_i  (key_exponent),
      .parameter_read_o(parameter_read_o),
      .parameter_addr_o(parameter_addr_o),
      .parameter_word_i(parameter_word_i),
      .score_wen_o     (score_wen),
      .score_addr_o    (score_waddr),
      .score_o         (score_in),
      .top_o           (top),
      .vector_wen_o    (dot_wen),
      .vector_addr_o   (dot_addr),
      .vector_word_o   (dot_word),
      .logit_valid_o   (logit_valid_o),
      .logit_o         (logit_o),
      .best_o          (best_o),
      .best_logit_o    (best_logit_o)
  );

  sdq_mix_unit #(
      .LANES            (LANES),
      .LANE_WIDTH       (LANE_WIDTH),
      .VALUES           (VALUES),
      .VALUE_WIDTH      (VALUE_WIDTH),
      .LAYERS           (LAYERS),
      .KV_HEADS         (KV_HEADS),
      .GROUP            (GROUP),
      .CONTEXT          (CONTEXT),
      .CHUNKS           (CHUNKS),
      .LAYER_WIDTH      (LAYER_WIDTH),
      .HEAD_WIDTH       (HEAD_WIDTH),
      .POSITION_WIDTH   (POSITION_WIDTH),
      .CHUNK_WIDTH      (CHUNK_WIDTH),
      .PLACE_WIDTH      (PLACE_WIDTH),
      .WORD_WIDTH       (WORD_WIDTH),
      .VECTOR_ADDR_WIDTH(VECTOR_ADDR_WIDTH),
      .SUM_WIDTH        (SUM_WIDTH),
      .SPARE_WIDTH      (SPARE_WIDTH),
      .MIXED_WIDTH      (MIXED_WIDTH)
  ) u_mix (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .free_o          (mix_free_o),
      .idle_o          (mix_idle_o),
      .start_i         (mix_start_i),
      .layer_i         (layer_i),
      .head_i          (head_i),
      .position_i      (position_i),
      .target_i        (target_i),
      .score_read_o    (score_read),
      .score_addr_o    (score_raddr),
      .score_i         (score_out),
      .top_i           (top),
      .value_read_o    (value_read),
      .value_addr_o    (value_addr),
      .value_word_i    (value_word),
      .value_place_o   (value_place),
      .value_exponent_i(value_exponent),
      .most_read_o     (most_read),
      .most_place_o    (most_place),
      .most_i          (most),
      .exp2_index_o    (exp2_index),
      .exp2_entry_i    (exp2_entry),
      .root_index_o    (root_index),
      .root_entry_i    (root_entry),
      .vector_wen_o    (mix_wen),
      .vector_addr_o   (mix_addr),
      .vector_word_o   (mix_word)
  );

endmodule
`default_nettype wire
