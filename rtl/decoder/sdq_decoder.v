`default_nettype none
// The decoder but for its array: sequencer, vector unit, dot and mix unit with their memories and tables. A token and its
// position go in, logits come out. Source: docs/decoder.md.
//
//   step       a request of the host: see sdq_decoder_control; taken when the tables are loaded. Positions are below the
//              context, and tokens below the vocabulary
//   program, tables   the generated ROMs sdq_program and sdq_tables: a word one cycle after its index
//   mem        the host's byte port: regions 4 and 5 are here (sdq_decoder_memories), others behind the engine_* ports, which
//              have the same address and data
//   run, res   ports of sdq_engine; frame: its cut_* ports
//   trace      for simulation: an instruction is issued, at trace_entry_o of the program; a word of the vector RAM is
//              written; CUT writes mantissas; a result of the array is taken; a score is stored
//
// Parameters are those of the modules in here, by the same names where no other has that name (generator/schedule/hardware.ts).
module sdq_decoder #(
    parameter INSTRUCTION_WIDTH = 80,  // WORD_WIDTH of sdq_decoder_sequencer
    parameter ENTRY_WIDTH = 6,
    parameter VECTOR_ADDR_WIDTH = 6,
    parameter LENGTH_WIDTH = 8,
    parameter ROWS_WIDTH = 8,  // and ROW_WIDTH of sdq_attention
    parameter PARAMETER_ADDR_WIDTH = 10,
    parameter CONSTANT_ADDR_WIDTH = 5,
    parameter HEAD_WIDTH = 2,
    parameter LAYERS = 2,
    parameter LAYER_WIDTH = 1,
    parameter LAYER_LINEARS = 7,
    parameter LAYER_WORDS = 1,
    parameter SOURCE_AT = 9,
    parameter TARGET_AT = 9,
    parameter LENGTH_AT = 9,
    parameter SEGMENT_AT = 9,
    parameter RESULTS_AT = 9,
    parameter ADD_AT = 9,
    parameter BIASED_AT = 9,
    parameter RECTIFY_AT = 9,
    parameter LAYERED_AT = 9,
    parameter PARAMETERS_AT = 9,
    parameter SCALES_AT = 9,
    parameter POSITION_AT = 9,
    parameter CONSTANT_AT = 9,
    parameter SPACE_AT = 9,
    parameter ROWS_AT = 9,
    parameter COLS_AT = 9,
    parameter OUT_AT = 9,
    parameter HEAD_AT = 9,
    parameter ENTRY_AT = 9,
    parameter TOKEN_WIDTH = 9,
    parameter POSITION_WIDTH = 4,
    parameter ROW_WIDTH = 9,
    parameter VALUES = 4,  // W, elements per cycle
    parameter LOGIT_WORDS = 64,
    parameter LOGIT_WORD_WIDTH = 6,
    parameter LOGIT_MARGIN = 32,
    parameter VALUE_LOG = 2,
    parameter VALUE_WIDTH = 2,  // index width of VALUES
    parameter RESULTS = 1,  // D, results per cycle
    parameter SLOT_WIDTH = 2,
    parameter SEGMENTS = 8,
    parameter SEGMENT_WIDTH = 3,
    parameter DIM = 64,
    parameter [32:0] DIM_RECIPROCAL = 33'd67108864,
    parameter [51:0] EPSILON = 52'd0,
    parameter CENTERED = 0,
    parameter GATED = 1,
    parameter ROTARY_PAIRS = 4,
    parameter ROTARY_PAIR_WIDTH = 2,
    parameter TURN_WIDTH = 1,
    parameter MOMENT_WIDTH = 23,  // SUM_WIDTH of sdq_vector_unit
    parameter SQUARES_WIDTH = 37,
    parameter LANES = 4,  // A, products per cycle of dot and mix unit each
    parameter LANE_WIDTH = 2,
    parameter LEVELS = 2,
    parameter GROUP_WIDTH = 1,
    parameter KV_HEADS = 2,
    parameter GROUP = 2,
    parameter CONTEXT = 16,
    parameter CHUNKS = 2,
    parameter CHUNK_WIDTH = 1,
    parameter PLACE_WIDTH = 6,
    parameter CACHE_WORD_WIDTH = 7,  // WORD_WIDTH of sdq_attention
    parameter QUERY_WORDS = 8,
    parameter QUERY_ADDR_WIDTH = 3,
    parameter MATRIX_LANES = 4,
    parameter MATRIX_LANE_WIDTH = 2,
    parameter VALUE_PARTS = 4,
    parameter VALUE_PART_WIDTH = 2,
    parameter QUERY_PARTS = 1,
    parameter QUERY_PART_WIDTH = 1,
    parameter SCALE_WIDTH = 3,
    parameter SCORE_MANTISSA = 16384,
    parameter SCORE_SHIFT = 38,
    parameter DOT_WIDTH = 34,
    parameter LIFT = 0,
    parameter SOFTMAX_WIDTH = 21,  // SUM_WIDTH of sdq_attention
    parameter SPARE_WIDTH = 3,
    parameter MIXED_WIDTH = 36,
    parameter PARAMETER_WORDS = 2,
    parameter PARAMETER_INDEX_WIDTH = 1,  // index width of PARAMETER_WORDS; at most PARAMETER_ADDR_WIDTH
    parameter PARAMETER_BYTE_WIDTH = 4,
    parameter CONSTANT_WORDS = 16,
    parameter VECTOR_WORDS = 64,  // of the vector RAM
    parameter TABLE_WORDS = 2,  // of the ROM sdq_tables
    parameter TABLE_INDEX_WIDTH = 1,
    parameter BLOCK_ADDR_WIDTH = 1  // index width of the blocks of a framed vector; at most SEGMENT_WIDTH
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire        step_valid_i,
    output wire        step_ready_o,
    input  wire [15:0] step_position_i,
    input  wire [15:0] step_count_i,
    input  wire        step_logits_i,
    input  wire        step_stops_i,
    input  wire [31:0] step_stop_i,
    input  wire        token_valid_i,
    output wire        token_ready_o,
    input  wire [31:0] token_i,
    input  wire        token_last_i,
    output wire        answer_valid_o,
    input  wire        answer_ready_i,
    output wire [15:0] answer_position_o,
    output wire [31:0] answer_token_o,
    output wire [31:0] answer_cycles_o,
    output wire        answer_last_o,
    output wire        logit_valid_o,
    input  wire        logit_ready_i,
    output wire [31:0] logit_o,

    input  wire        mem_wvalid_i,
    output wire        mem_wready_o,
    input  wire        mem_rvalid_i,
    output wire        mem_rready_o,
    input  wire [31:0] mem_addr_i,
    input  wire [ 7:0] mem_wdata_i,
    output wire        mem_rdata_valid_o,
    output wire [ 7:0] mem_rdata_o,
    output wire        engine_wvalid_o,
    input  wire        engine_wready_i,
    output wire        engine_rvalid_o,
    input  wire        engine_rready_i,
    input  wire        engine_rdata_valid_i,
    input  wire [ 7:0] engine_rdata_i,

    output wire [      ENTRY_WIDTH-1:0] program_index_o,
    input  wire [INSTRUCTION_WIDTH-1:0] program_word_i,
    output wire [TABLE_INDEX_WIDTH-1:0] tables_index_o,
    input  wire [                 17:0] tables_word_i,

    output wire                        run_valid_o,
    input  wire                        run_ready_i,
    output wire [                15:0] run_linear_o,
    output wire [                 7:0] run_shift_o,
    input  wire                        res_valid_i,
    output wire                        res_ready_o,
    input  wire [      32*RESULTS-1:0] res_data_i,
    input  wire                        res_last_i,
    output wire                        cut_start_o,
    output wire                        frame_valid_o,
    output wire [BLOCK_ADDR_WIDTH-1:0] frame_block_o,
    output wire [                 4:0] frame_exponent_o,
    output wire [       16*VALUES-1:0] frame_word_o,
    output wire [                 4:0] frame_reference_o,

    output wire                 trace_issue_o,
    output wire [         15:0] trace_entry_o,
    output wire [          7:0] trace_layer_o,
    output wire [         15:0] trace_position_o,
    output wire                 trace_write_o,
    output wire [         15:0] trace_addr_o,
    output wire [32*VALUES-1:0] trace_data_o,
    output wire                 trace_cut_o,
    output wire [          1:0] trace_space_o,
    output wire [16*VALUES-1:0] trace_mantissas_o,
    output wire                 trace_result_o,
    output wire [32*RESULTS-1:0] trace_result_data_o,
    output wire                 trace_score_o,
    output wire [         31:0] trace_score_data_o,

    output wire busy_o
);

  localparam [3:0] CUT = 4'd13;
  localparam [1:0] FRAME = 2'd0;

  generate
    if (TOKEN_WIDTH > 31 || POSITION_WIDTH > 15 || LAYER_WIDTH > 7 || VECTOR_ADDR_WIDTH > 15 || ENTRY_WIDTH > 15 ||
        PARAMETER_INDEX_WIDTH > PARAMETER_ADDR_WIDTH || HEAD_WIDTH > SEGMENT_WIDTH ||
        BLOCK_ADDR_WIDTH > SEGMENT_WIDTH) begin : g_illegal
      initial begin
        $display("%m: TOKEN_WIDTH=%0d POSITION_WIDTH=%0d LAYER_WIDTH=%0d VECTOR_ADDR_WIDTH=%0d ENTRY_WIDTH=%0d", TOKEN_WIDTH,
                 POSITION_WIDTH, LAYER_WIDTH, VECTOR_ADDR_WIDTH, ENTRY_WIDTH);
        $display("%m: PARAMETER_INDEX_WIDTH=%0d PARAMETER_ADDR_WIDTH=%0d HEAD_WIDTH=%0d BLOCK_ADDR_WIDTH=%0d SEGMENT_WIDTH=%0d",
                 PARAMETER_INDEX_WIDTH, PARAMETER_ADDR_WIDTH, HEAD_WIDTH, BLOCK_ADDR_WIDTH, SEGMENT_WIDTH);
        $finish;
      end
    end
  endgenerate

  // ---- Tables.

  wire [4:0] table_wen;  // 2^−d, ropeStep, quarter sine, logistic function, reciprocal root
  wire [10:0] table_addr;
  wire [31:0] table_data;
  wire loaded;

  sdq_table_loader #(
      .WORDS      (TABLE_WORDS),
      .INDEX_WIDTH(TABLE_INDEX_WIDTH)
  ) u_tables (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .index_o(tables_index_o),
      .word_i (tables_word_i),
      .wen_o  (table_wen),
      .addr_o (table_addr),
      .data_o (table_data),
      .done_o (loaded)
  );

  // ---- Sequencer.

  wire [POSITION_WIDTH-1:0] position;
  wire [LAYER_WIDTH-1:0] layer;
  wire vector_busy;
  wire vector_start;
  wire [3:0] vector_opcode;
  wire [VECTOR_ADDR_WIDTH-1:0] vector_source;
  wire [VECTOR_ADDR_WIDTH-1:0] vector_target;
  wire [LENGTH_WIDTH-1:0] vector_length;
  wire [LENGTH_WIDTH-1:0] vector_segment;
  wire vector_results;
  wire vector_add;
  wire vector_biased;
  wire vector_rectify;
  wire [PARAMETER_ADDR_WIDTH-1:0] vector_parameters;
  wire [PARAMETER_ADDR_WIDTH-1:0] vector_scales;
  wire [ROW_WIDTH-1:0] vector_row;
  wire [7:0] vector_shift;
  wire [1:0] vector_space;
  wire vector_logit_valid;
  wire [VALUES-1:0] vector_logit_keep;
  wire [32*VALUES-1:0] vector_logits;
  wire dot_free;
  wire dot_idle;
  wire score_start;
  wire matrix_start;
  wire mix_free;
  wire mix_idle;
  wire mix_start;
  wire [HEAD_WIDTH-1:0] head;
  wire [VECTOR_ADDR_WIDTH-1:0] target;
  wire out;
  wire [PARAMETER_ADDR_WIDTH-1:0] parameters;
  wire [PARAMETER_ADDR_WIDTH-1:0] scales;
  wire [ROWS_WIDTH-1:0] rows;
  wire [LENGTH_WIDTH-1:0] cols;
  wire [7:0] shift;
  wire dot_logit_valid;
  wire [31:0] dot_logit;
  wire pause;
  wire constant_read;
  wire [CONSTANT_ADDR_WIDTH-1:0] constant_addr;
  wire [7:0] constant;
  wire step_ready;
  wire stepping;
  wire [POSITION_WIDTH-1:0] answer_position;
  wire [TOKEN_WIDTH-1:0] answer_token;
  // The host link checks positions and tokens.
  wire unused_high = &{step_position_i, step_stop_i, token_i};

  assign step_ready_o      = step_ready && loaded;
  assign answer_position_o = {{16 - POSITION_WIDTH{1'b0}}, answer_position};
  assign answer_token_o    = {{32 - TOKEN_WIDTH{1'b0}}, answer_token};
  assign busy_o            = stepping || !loaded;

  sdq_decoder_sequencer #(
      .WORD_WIDTH          (INSTRUCTION_WIDTH),
      .ENTRY_WIDTH         (ENTRY_WIDTH),
      .VECTOR_ADDR_WIDTH   (VECTOR_ADDR_WIDTH),
      .LENGTH_WIDTH        (LENGTH_WIDTH),
      .ROWS_WIDTH          (ROWS_WIDTH),
      .PARAMETER_ADDR_WIDTH(PARAMETER_ADDR_WIDTH),
      .CONSTANT_ADDR_WIDTH (CONSTANT_ADDR_WIDTH),
      .HEAD_WIDTH          (HEAD_WIDTH),
      .LAYERS              (LAYERS),
      .LAYER_WIDTH         (LAYER_WIDTH),
      .LAYER_LINEARS       (LAYER_LINEARS),
      .LAYER_WORDS         (LAYER_WORDS),
      .SOURCE_AT           (SOURCE_AT),
      .TARGET_AT           (TARGET_AT),
      .LENGTH_AT           (LENGTH_AT),
      .SEGMENT_AT          (SEGMENT_AT),
      .RESULTS_AT          (RESULTS_AT),
      .ADD_AT              (ADD_AT),
      .BIASED_AT           (BIASED_AT),
      .RECTIFY_AT          (RECTIFY_AT),
      .LAYERED_AT          (LAYERED_AT),
      .PARAMETERS_AT       (PARAMETERS_AT),
      .SCALES_AT           (SCALES_AT),
      .POSITION_AT         (POSITION_AT),
      .CONSTANT_AT         (CONSTANT_AT),
      .SPACE_AT            (SPACE_AT),
      .ROWS_AT             (ROWS_AT),
      .COLS_AT             (COLS_AT),
      .OUT_AT              (OUT_AT),
      .HEAD_AT             (HEAD_AT),
      .ENTRY_AT            (ENTRY_AT),
      .TOKEN_WIDTH         (TOKEN_WIDTH),
      .POSITION_WIDTH      (POSITION_WIDTH),
      .ROW_WIDTH           (ROW_WIDTH),
      .LANES               (VALUES),
      .LOGIT_WORDS         (LOGIT_WORDS),
      .LOGIT_WORD_WIDTH    (LOGIT_WORD_WIDTH),
      .LOGIT_MARGIN        (LOGIT_MARGIN)
  ) u_sequencer (
      .clk_i               (clk_i),
      .rst_ni              (rst_ni),
      .request_valid_i     (step_valid_i && loaded),
      .request_ready_o     (step_ready),
      .position_i          (step_position_i[POSITION_WIDTH-1:0]),
      .count_i             (step_count_i),
      .logits_i            (step_logits_i),
      .stops_i             (step_stops_i),
      .stop_i              (step_stop_i[TOKEN_WIDTH-1:0]),
      .token_valid_i       (token_valid_i),
      .token_ready_o       (token_ready_o),
      .token_i             (token_i[TOKEN_WIDTH-1:0]),
      .token_last_i        (token_last_i),
      .answer_valid_o      (answer_valid_o),
      .answer_ready_i      (answer_ready_i),
      .answer_position_o   (answer_position),
      .answer_token_o      (answer_token),
      .answer_cycles_o     (answer_cycles_o),
      .answer_last_o       (answer_last_o),
      .logit_valid_o       (logit_valid_o),
      .logit_ready_i       (logit_ready_i),
      .logit_o             (logit_o),
      .busy_o              (stepping),
      .program_addr_o      (program_index_o),
      .program_word_i      (program_word_i),
      .constant_read_o     (constant_read),
      .constant_addr_o     (constant_addr),
      .constant_i          (constant),
      .issue_o             (trace_issue_o),
      .position_o          (position),
      .layer_o             (layer),
      .vector_busy_i       (vector_busy),
      .vector_start_o      (vector_start),
      .vector_opcode_o     (vector_opcode),
      .vector_source_o     (vector_source),
      .vector_target_o     (vector_target),
      .vector_length_o     (vector_length),
      .vector_segment_o    (vector_segment),
      .vector_results_o    (vector_results),
      .vector_add_o        (vector_add),
      .vector_biased_o     (vector_biased),
      .vector_rectify_o    (vector_rectify),
      .vector_parameters_o (vector_parameters),
      .vector_scales_o     (vector_scales),
      .vector_row_o        (vector_row),
      .vector_shift_o      (vector_shift),
      .vector_space_o      (vector_space),
      .vector_logit_valid_i(vector_logit_valid),
      .vector_logit_keep_i (vector_logit_keep),
      .vector_logits_i     (vector_logits),
      .dot_free_i          (dot_free),
      .dot_idle_i          (dot_idle),
      .score_start_o       (score_start),
      .matrix_start_o      (matrix_start),
      .mix_free_i          (mix_free),
      .mix_idle_i          (mix_idle),
      .mix_start_o         (mix_start),
      .head_o              (head),
      .target_o            (target),
      .out_o               (out),
      .parameters_o        (parameters),
      .scales_o            (scales),
      .rows_o              (rows),
      .cols_o              (cols),
      .shift_o             (shift),
      .dot_logit_valid_i   (dot_logit_valid),
      .dot_logit_i         (dot_logit),
      .pause_o             (pause),
      .reference_i         (frame_reference_o),
      .run_valid_o         (run_valid_o),
      .run_ready_i         (run_ready_i),
      .run_linear_o        (run_linear_o),
      .run_shift_o         (run_shift_o),
      .result_last_i       (res_valid_i && res_ready_o && res_last_i)
  );

  // ---- Vector unit. Results wait while the host is slower than the logits that they are.

  wire result_ready;
  wire vector_ren;
  wire [VECTOR_ADDR_WIDTH-1:0] vector_raddr;
  wire [32*VALUES-1:0] vector_rdata;
  wire vector_wen;
  wire [VECTOR_ADDR_WIDTH-1:0] vector_waddr;
  wire [32*VALUES-1:0] vector_wdata;
  wire vector_parameter_read;
  wire [PARAMETER_ADDR_WIDTH-1:0] vector_parameter_addr;
  wire [32*VALUES-1:0] parameter_word;
  wire cut_valid;
  wire [1:0] cut_space;
  wire [SEGMENT_WIDTH-1:0] cut_segment;
  wire [4:0] cut_exponent;
  wire [16*VALUES-1:0] cut_word;
  wire unused_segment = &cut_segment;

  assign res_ready_o = result_ready && !pause;

  sdq_vector_unit #(
      .VALUES              (VALUES),
      .VALUE_LOG           (VALUE_LOG),
      .LANE_WIDTH          (VALUE_WIDTH),
      .RESULTS             (RESULTS),
      .SLOT_WIDTH          (SLOT_WIDTH),
      .VECTOR_ADDR_WIDTH   (VECTOR_ADDR_WIDTH),
      .PARAMETER_ADDR_WIDTH(PARAMETER_ADDR_WIDTH),
      .LENGTH_WIDTH        (LENGTH_WIDTH),
      .SEGMENTS            (SEGMENTS),
      .SEGMENT_WIDTH       (SEGMENT_WIDTH),
      .ROW_WIDTH           (ROW_WIDTH),
      .POSITION_WIDTH      (POSITION_WIDTH),
      .DIM                 (DIM),
      .DIM_RECIPROCAL      (DIM_RECIPROCAL),
      .EPSILON             (EPSILON),
      .CENTERED            (CENTERED),
      .GATED               (GATED),
      .PAIRS               (ROTARY_PAIRS),
      .PAIR_WIDTH          (ROTARY_PAIR_WIDTH),
      .TURN_WIDTH          (TURN_WIDTH),
      .SUM_WIDTH           (MOMENT_WIDTH),
      .SQUARES_WIDTH       (SQUARES_WIDTH)
  ) u_vector (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .table_wen_i     (table_wen[3:0]),
      .table_addr_i    (table_addr),
      .table_data_i    (table_data),
      .start_i         (vector_start),
      .opcode_i        (vector_opcode),
      .source_i        (vector_source),
      .target_i        (vector_target),
      .length_i        (vector_length),
      .segment_i       (vector_segment),
      .results_i       (vector_results),
      .add_i           (vector_add),
      .biased_i        (vector_biased),
      .rectify_i       (vector_rectify),
      .parameters_i    (vector_parameters),
      .scales_i        (vector_scales),
      .row_i           (vector_row),
      .shift_i         (vector_shift),
      .space_i         (vector_space),
      .position_i      (position),
      .busy_o          (vector_busy),
      .result_valid_i  (res_valid_i && !pause),
      .result_i        (res_data_i),
      .result_ready_o  (result_ready),
      .vector_ren_o    (vector_ren),
      .vector_raddr_o  (vector_raddr),
      .vector_rdata_i  (vector_rdata),
      .vector_wen_o    (vector_wen),
      .vector_waddr_o  (vector_waddr),
      .vector_wdata_o  (vector_wdata),
      .parameter_ren_o (vector_parameter_read),
      .parameter_addr_o(vector_parameter_addr),
      .parameter_i     (parameter_word),
      .cut_valid_o     (cut_valid),
      .cut_space_o     (cut_space),
      .cut_segment_o   (cut_segment),
      .cut_exponent_o  (cut_exponent),
      .cut_word_o      (cut_word),
      .reference_o     (frame_reference_o),
      .logit_valid_o   (vector_logit_valid),
      .logit_counts_o  (vector_logit_keep),
      .logits_o        (vector_logits)
  );

  assign cut_start_o      = vector_start && vector_opcode == CUT;
  assign frame_valid_o    = cut_valid && cut_space == FRAME;
  assign frame_block_o    = cut_segment[BLOCK_ADDR_WIDTH-1:0];
  assign frame_exponent_o = cut_exponent;
  assign frame_word_o     = cut_word;

  // ---- Attention.

  wire dot_parameter_read;
  wire [PARAMETER_ADDR_WIDTH-1:0] dot_parameter_addr;
  wire attention_wen;
  wire [VECTOR_ADDR_WIDTH-1:0] attention_waddr;
  wire [32*VALUES-1:0] attention_wdata;
  wire [ROWS_WIDTH-1:0] unused_best;
  wire [31:0] unused_best_logit;

  sdq_attention #(
      .LANES               (LANES),
      .LANE_WIDTH          (LANE_WIDTH),
      .LEVELS              (LEVELS),
      .VALUES              (VALUES),
      .VALUE_WIDTH         (VALUE_WIDTH),
      .GROUP_WIDTH         (GROUP_WIDTH),
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
      .WORD_WIDTH          (CACHE_WORD_WIDTH),
      .QUERY_WORDS         (QUERY_WORDS),
      .QUERY_ADDR_WIDTH    (QUERY_ADDR_WIDTH),
      .MATRIX_LANES        (MATRIX_LANES),
      .MATRIX_LANE_WIDTH   (MATRIX_LANE_WIDTH),
      .VALUE_PARTS         (VALUE_PARTS),
      .VALUE_PART_WIDTH    (VALUE_PART_WIDTH),
      .QUERY_PARTS         (QUERY_PARTS),
      .QUERY_PART_WIDTH    (QUERY_PART_WIDTH),
      .SCALE_WIDTH         (SCALE_WIDTH),
      .ROW_WIDTH           (ROWS_WIDTH),
      .LENGTH_WIDTH        (LENGTH_WIDTH),
      .PARAMETER_ADDR_WIDTH(PARAMETER_ADDR_WIDTH),
      .VECTOR_ADDR_WIDTH   (VECTOR_ADDR_WIDTH),
      .SCORE_MANTISSA      (SCORE_MANTISSA),
      .SCORE_SHIFT         (SCORE_SHIFT),
      .DOT_WIDTH           (DOT_WIDTH),
      .LIFT                (LIFT),
      .SUM_WIDTH           (SOFTMAX_WIDTH),
      .SPARE_WIDTH         (SPARE_WIDTH),
      .MIXED_WIDTH         (MIXED_WIDTH)
  ) u_attention (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .table_wen_i     ({table_wen[0], table_wen[4]}),
      .table_addr_i    (table_addr[9:0]),
      .table_data_i    (table_data[16:0]),
      .layer_i         (layer),
      .position_i      (position),
      .dot_free_o      (dot_free),
      .dot_idle_o      (dot_idle),
      .mix_free_o      (mix_free),
      .mix_idle_o      (mix_idle),
      .score_start_i   (score_start),
      .matrix_start_i  (matrix_start),
      .mix_start_i     (mix_start),
      .pause_i         (pause),
      .head_i          (head),
      .target_i        (target),
      .out_i           (out),
      .values_i        (parameters),
      .scales_i        (scales),
      .rows_i          (rows),
      .cols_i          (cols),
      .shift_i         (shift),
      .cut_start_i     (cut_start_o),
      .cut_valid_i     (cut_valid),
      .cut_space_i     (cut_space),
      .cut_segment_i   (cut_segment[HEAD_WIDTH-1:0]),
      .cut_exponent_i  (cut_exponent),
      .cut_word_i      (cut_word),
      .parameter_read_o(dot_parameter_read),
      .parameter_addr_o(dot_parameter_addr),
      .parameter_word_i(parameter_word),
      .vector_wen_o    (attention_wen),
      .vector_addr_o   (attention_waddr),
      .vector_word_o   (attention_wdata),
      .score_valid_o   (trace_score_o),
      .score_o         (trace_score_data_o),
      .logit_valid_o   (dot_logit_valid),
      .logit_o         (dot_logit),
      .best_o          (unused_best),
      .best_logit_o    (unused_best_logit)
  );

  // ---- Memories.

  wire mem_is_own = mem_addr_i[31:29] == 3'b010;
  wire own_wready;
  wire own_rready;
  wire own_rdata_valid;
  wire [7:0] own_rdata;
  wire unused_parameter_addr = &{vector_parameter_addr, dot_parameter_addr};

  assign engine_wvalid_o   = mem_wvalid_i && !mem_is_own;
  assign engine_rvalid_o   = mem_rvalid_i && !mem_is_own;
  assign mem_wready_o      = mem_is_own ? own_wready : engine_wready_i;
  assign mem_rready_o      = mem_is_own ? own_rready : engine_rready_i;
  assign mem_rdata_valid_o = own_rdata_valid || engine_rdata_valid_i;
  assign mem_rdata_o       = own_rdata_valid ? own_rdata : engine_rdata_i;

  sdq_decoder_memories #(
      .PARAMETER_WORDS     (PARAMETER_WORDS),
      .PARAMETER_ADDR_WIDTH(PARAMETER_INDEX_WIDTH),
      .PARAMETER_BYTES     (4 * VALUES),
      .PARAMETER_BYTE_WIDTH(PARAMETER_BYTE_WIDTH),
      .CONSTANT_WORDS      (CONSTANT_WORDS),
      .CONSTANT_ADDR_WIDTH (CONSTANT_ADDR_WIDTH)
  ) u_memories (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .locked_i         (stepping),
      .mem_wvalid_i     (mem_wvalid_i && mem_is_own),
      .mem_wready_o     (own_wready),
      .mem_rvalid_i     (mem_rvalid_i && mem_is_own),
      .mem_rready_o     (own_rready),
      .mem_addr_i       (mem_addr_i),
      .mem_wdata_i      (mem_wdata_i),
      .mem_rdata_valid_o(own_rdata_valid),
      .mem_rdata_o      (own_rdata),
      .vector_read_i    (vector_parameter_read),
      .vector_addr_i    (vector_parameter_addr[PARAMETER_INDEX_WIDTH-1:0]),
      .dot_read_i       (dot_parameter_read),
      .dot_addr_i       (dot_parameter_addr[PARAMETER_INDEX_WIDTH-1:0]),
      .parameter_word_o (parameter_word),
      .constant_read_i  (constant_read),
      .constant_addr_i  (constant_addr),
      .constant_o       (constant)
  );

  sdq_vector_ram #(
      .WORDS     (VECTOR_WORDS),
      .ADDR_WIDTH(VECTOR_ADDR_WIDTH),
      .VALUES    (VALUES)
  ) u_vectors (
      .clk_i            (clk_i),
      .ren_i            (vector_ren),
      .raddr_i          (vector_raddr),
      .rdata_o          (vector_rdata),
      .vector_wen_i     (vector_wen),
      .vector_addr_i    (vector_waddr),
      .vector_wdata_i   (vector_wdata),
      .attention_wen_i  (attention_wen),
      .attention_addr_i (attention_waddr),
      .attention_wdata_i(attention_wdata)
  );

  // ---- Trace. The address of the instruction that is issued has been left behind.

  wire [ENTRY_WIDTH-1:0] entry = program_index_o - 1'b1;

  assign trace_entry_o       = {{16 - ENTRY_WIDTH{1'b0}}, entry};
  assign trace_layer_o       = {{8 - LAYER_WIDTH{1'b0}}, layer};
  assign trace_position_o    = {{16 - POSITION_WIDTH{1'b0}}, position};
  assign trace_write_o       = vector_wen || attention_wen;
  assign trace_addr_o        = {{16 - VECTOR_ADDR_WIDTH{1'b0}}, vector_wen ? vector_waddr : attention_waddr};
  assign trace_data_o        = vector_wen ? vector_wdata : attention_wdata;
  assign trace_cut_o         = cut_valid;
  assign trace_space_o       = cut_space;
  assign trace_mantissas_o   = cut_word;
  assign trace_result_o      = res_valid_i && res_ready_o;
  assign trace_result_data_o = res_data_i;

endmodule
`default_nettype wire
