`default_nettype none
// Mantissas of the query memory times rows of cached keys, or of an int8 matrix. LANES products per cycle; with
// D = ⌈log2(LANES)⌉ and e the exponents of query and key:
//
//   SCORE:   score_t = sat32(rs(Σ query · key_t · SCORE_MANTISSA, SCORE_SHIFT − e_query − e_key_t)), t = 0 … position
//            (position + 1) · CHUNKS cycles; to place t of buffer head mod 2 of the scores; their largest to top_o
//   MATRIX:  y_r = sat32(rs(Σ query · value_r · scale_r, shift − e_query)), r = 0 … rows − 1
//            rows · ⌈cols / MATRIX_LANES⌉ + ⌈rows / (2 · VALUES)⌉ cycles; to the vector RAM, or with out as logits, of which
//            best_o is the first of the largest ones
//
// From the start in cycle 0 of an instruction of n cycles: free_o is clear in cycles 1 … n − 1, so that the next one can
// start in cycle n; idle_o is clear in cycles 1 … n + 12 + D, and then all is written. MATRIX starts when idle_o is set.
// Memories are read with a latency of one cycle. The amounts of shifts are SCORE_SHIFT or shift less exponents, and
// above −LIFT − 1.
module sdq_dot_unit #(
    parameter LANES = 4,
    parameter LEVELS = 2,  // ⌈log2(LANES)⌉
    parameter VALUES = 4,
    parameter VALUE_WIDTH = 2,  // log2(VALUES), at least 1
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
    parameter QUERY_ADDR_WIDTH = 3,
    parameter MATRIX_LANES = 4,
    parameter MATRIX_LANE_WIDTH = 2,
    parameter VALUE_PARTS = 4,
    parameter VALUE_PART_WIDTH = 2,
    parameter QUERY_PARTS = 1,
    parameter QUERY_PART_WIDTH = 1,
    parameter SCALE_WIDTH = 3,  // log2(2 · VALUES)
    parameter ROW_WIDTH = 8,
    parameter LENGTH_WIDTH = 8,
    parameter PARAMETER_ADDR_WIDTH = 10,
    parameter VECTOR_ADDR_WIDTH = 6,
    parameter SCORE_MANTISSA = 16384,
    parameter SCORE_SHIFT = 38,
    parameter DOT_WIDTH = 34,  // holds every sum of products
    parameter LIFT = 0
) (
    input wire clk_i,
    input wire rst_ni,

    output wire free_o,
    output wire idle_o,

    input wire                      score_start_i,
    input wire [   LAYER_WIDTH-1:0] layer_i,
    input wire [    HEAD_WIDTH-1:0] head_i,
    input wire [POSITION_WIDTH-1:0] position_i,

    input wire                            matrix_start_i,
    input wire                            pause_i,  // a matrix is to stand still; what is under way comes out
    input wire [   VECTOR_ADDR_WIDTH-1:0] target_i,
    input wire                            out_i,
    input wire [PARAMETER_ADDR_WIDTH-1:0] values_i,
    input wire [PARAMETER_ADDR_WIDTH-1:0] scales_i,
    input wire [           ROW_WIDTH-1:0] rows_i,
    input wire [        LENGTH_WIDTH-1:0] cols_i,
    input wire [                     7:0] shift_i,         // signed

    output wire                        query_read_o,
    output wire [QUERY_ADDR_WIDTH-1:0] query_addr_o,
    input  wire [        16*LANES-1:0] query_word_i,
    output wire [      HEAD_WIDTH-1:0] query_segment_o,
    input  wire [                 4:0] query_exponent_i,

    output wire                   key_read_o,
    output wire [ WORD_WIDTH-1:0] key_addr_o,
    input  wire [   16*LANES-1:0] key_word_i,
    output wire [PLACE_WIDTH-1:0] key_place_o,
    input  wire [            4:0] key_exponent_i,

    output wire                            parameter_read_o,
    output wire [PARAMETER_ADDR_WIDTH-1:0] parameter_addr_o,
    input  wire [           32*VALUES-1:0] parameter_word_i,

    output wire                    score_wen_o,
    output wire [POSITION_WIDTH:0] score_addr_o,
    output wire [            31:0] score_o,
    output wire [            63:0] top_o,         // of both buffers, 0 low

    output reg                          vector_wen_o,
    output reg  [VECTOR_ADDR_WIDTH-1:0] vector_addr_o,
    output reg  [        32*VALUES-1:0] vector_word_o,

    output wire                 logit_valid_o,
    output wire [         31:0] logit_o,
    output reg  [ROW_WIDTH-1:0] best_o,
    output reg  [         31:0] best_logit_o
);

  localparam TREE = 1 << LEVELS;
  localparam TERM_WIDTH = 31;
  localparam ROOT_WIDTH = TERM_WIDTH + LEVELS;
  localparam PRODUCT_WIDTH = DOT_WIDTH + 16;
  // From the last cycle in which a walk is busy until all is written.
  localparam DRAIN = 12 + LEVELS;
  localparam DRAIN_WIDTH = 5;
  localparam [31:0] HEAD_WORDS = CHUNKS;
  localparam [31:0] SCORE_SCALE = SCORE_MANTISSA;
  localparam [31:0] SCORE_AMOUNT = SCORE_SHIFT + LIFT;
  localparam [31:0] LIFTED = LIFT;
  localparam LAST_VALUE = VALUES - 1;

  generate
    if (LANES > TREE || 2 * LANES <= TREE || LANES % VALUES != 0 || LEVELS > 8 || MATRIX_LANES * QUERY_PARTS != LANES ||
        MATRIX_LANES * VALUE_PARTS != 4 * VALUES || VALUES > (1 << VALUE_WIDTH) || DOT_WIDTH < ROOT_WIDTH || DOT_WIDTH > 46 ||
        SCORE_MANTISSA < 1 || SCORE_MANTISSA > 65535 || SCORE_SHIFT < 0 || SCORE_SHIFT > 255) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d LEVELS=%0d VALUES=%0d VALUE_WIDTH=%0d MATRIX_LANES=%0d QUERY_PARTS=%0d VALUE_PARTS=%0d",
                 LANES, LEVELS, VALUES, VALUE_WIDTH, MATRIX_LANES, QUERY_PARTS, VALUE_PARTS);
        $display("%m: DOT_WIDTH=%0d SCORE_MANTISSA=%0d SCORE_SHIFT=%0d", DOT_WIDTH, SCORE_MANTISSA, SCORE_SHIFT);
        $finish;
      end
    end
  endgenerate

  // ---- Cycles 0 to 2: addresses.

  wire score_ready;
  wire score_busy;
  wire score_valid;
  wire score_first;
  wire score_last;
  wire chunk_first;
  wire chunk_last;
  wire [CHUNK_WIDTH-1:0] chunk;

  wire [POSITION_WIDTH:0] unused_score;

  sdq_cache_walk #(
      .LAYERS        (LAYERS),
      .KV_HEADS      (KV_HEADS),
      .GROUP         (GROUP),
      .CONTEXT       (CONTEXT),
      .CHUNKS        (CHUNKS),
      .LAYER_WIDTH   (LAYER_WIDTH),
      .HEAD_WIDTH    (HEAD_WIDTH),
      .POSITION_WIDTH(POSITION_WIDTH),
      .CHUNK_WIDTH   (CHUNK_WIDTH),
      .PLACE_WIDTH   (PLACE_WIDTH),
      .WORD_WIDTH    (WORD_WIDTH)
  ) u_keys (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .start_i      (score_start_i),
      .ready_o      (score_ready),
      .busy_o       (score_busy),
      .layer_i      (layer_i),
      .head_i       (head_i),
      .position_i   (position_i),
      .valid_o      (score_valid),
      .first_o      (score_first),
      .last_o       (score_last),
      .chunk_first_o(chunk_first),
      .chunk_last_o (chunk_last),
      .chunk_o      (chunk),
      .place_o      (key_place_o),
      .word_o       (key_addr_o),
      .score_o      (unused_score)
  );

  wire matrix_ready;
  wire matrix_busy;
  wire matrix_valid;
  wire matrix_scales;
  wire row_first;
  wire row_last;
  wire matrix_first;
  wire matrix_last;
  wire [QUERY_ADDR_WIDTH-1:0] matrix_query;
  wire [VALUE_PART_WIDTH-1:0] value_part;
  wire [QUERY_PART_WIDTH-1:0] query_part;

  sdq_matrix_walk #(
      .LANES           (MATRIX_LANES),
      .LANE_WIDTH      (MATRIX_LANE_WIDTH),
      .VALUE_PARTS     (VALUE_PARTS),
      .QUERY_PARTS     (QUERY_PARTS),
      .VALUE_PART_WIDTH(VALUE_PART_WIDTH),
      .QUERY_PART_WIDTH(QUERY_PART_WIDTH),
      .SCALES          (2 * VALUES),
      .SCALE_WIDTH     (SCALE_WIDTH),
      .ROW_WIDTH       (ROW_WIDTH),
      .LENGTH_WIDTH    (LENGTH_WIDTH),
      .ADDR_WIDTH      (PARAMETER_ADDR_WIDTH),
      .QUERY_ADDR_WIDTH(QUERY_ADDR_WIDTH)
  ) u_matrix (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .start_i         (matrix_start_i),
      .pause_i         (pause_i),
      .ready_o         (matrix_ready),
      .busy_o          (matrix_busy),
      .values_i        (values_i),
      .scales_i        (scales_i),
      .rows_i          (rows_i),
      .cols_i          (cols_i),
      .valid_o         (matrix_valid),
      .scales_o        (matrix_scales),
      .row_first_o     (row_first),
      .row_last_o      (row_last),
      .first_o         (matrix_first),
      .last_o          (matrix_last),
      .read_o          (parameter_read_o),
      .parameter_addr_o(parameter_addr_o),
      .query_addr_o    (matrix_query),
      .value_part_o    (value_part),
      .query_part_o    (query_part)
  );

  // A head's first word in the query memory, a sum of shifts.
  function [QUERY_ADDR_WIDTH:0] query_start(input [HEAD_WIDTH-1:0] head);
    integer k;
    begin
      query_start = {QUERY_ADDR_WIDTH + 1{1'b0}};
      for (k = 0; k < HEAD_WIDTH; k = k + 1) begin
        if (head[k]) query_start = query_start + (HEAD_WORDS[QUERY_ADDR_WIDTH:0] << k);
      end
    end
  endfunction

  wire [QUERY_ADDR_WIDTH:0] start = query_start(head_i);
  wire unused_start = start[QUERY_ADDR_WIDTH];
  reg [QUERY_ADDR_WIDTH-1:0] start_1_q;
  reg [QUERY_ADDR_WIDTH-1:0] query_q;
  reg [HEAD_WIDTH-1:0] head_1_q;
  reg [HEAD_WIDTH-1:0] head_2_q;
  reg [7:0] shift_q;
  reg out_q;
  reg [VECTOR_ADDR_WIDTH-1:0] target_q;
  reg [DRAIN_WIDTH-1:0] drain_q;

  wire busy = score_busy || matrix_busy;
  wire [QUERY_ADDR_WIDTH:0] score_query = {1'b0, query_q} + {{QUERY_ADDR_WIDTH + 1 - CHUNK_WIDTH{1'b0}}, chunk};
  wire unused_carry = score_query[QUERY_ADDR_WIDTH];

  assign free_o = score_ready && matrix_ready;
  assign idle_o = !busy && drain_q == {DRAIN_WIDTH{1'b0}};

  always @(posedge clk_i) begin
    if (!rst_ni) drain_q <= {DRAIN_WIDTH{1'b0}};
    else if (busy) drain_q <= DRAIN[DRAIN_WIDTH-1:0];
    else if (!idle_o) drain_q <= drain_q - 1'b1;

    if (score_start_i) begin
      start_1_q <= start[QUERY_ADDR_WIDTH-1:0];
      head_1_q  <= head_i;
    end
    // Beside the walk's output.
    head_2_q <= head_1_q;
    query_q  <= start_1_q;
    if (matrix_start_i) begin
      shift_q  <= shift_i;
      out_q    <= out_i;
      target_q <= target_i;
    end
  end

  assign key_read_o = score_valid;
  assign query_read_o = score_valid || matrix_valid;
  assign query_addr_o = score_valid ? score_query[QUERY_ADDR_WIDTH-1:0] : matrix_query;
  assign query_segment_o = score_valid ? head_2_q : {HEAD_WIDTH{1'b0}};

  // ---- Cycle 3: words and exponents. Cycle 4: registers behind the memories. Cycle 5: factors.

  reg [16*LANES-1:0] query_word_q;
  reg [16*LANES-1:0] key_word_q;
  reg [32*VALUES-1:0] parameter_word_q;
  reg [4:0] query_exponent_q;
  reg [4:0] key_exponent_q;
  reg matrix_3_q;
  reg scales_3_q;
  reg row_last_3_q;
  reg [VALUE_PART_WIDTH-1:0] value_part_3_q;
  reg [QUERY_PART_WIDTH-1:0] query_part_3_q;
  reg matrix_4_q;
  reg scales_4_q;
  reg row_last_4_q;
  reg [VALUE_PART_WIDTH-1:0] value_part_4_q;
  reg [QUERY_PART_WIDTH-1:0] query_part_4_q;
  reg matrix_5_q;
  reg row_last_5_q;
  reg [16*LANES-1:0] queries_q;
  reg [16*LANES-1:0] rows_q;
  reg [32*VALUES-1:0] scales_q;
  reg [9:0] amount_5_q;
  reg [5:0] amount_6_q;

  wire [16*MATRIX_LANES-1:0] query_lanes;
  wire [8*MATRIX_LANES-1:0] value_lanes;

  generate
    if (QUERY_PARTS > 1) begin : g_query_part
      assign query_lanes = query_word_q[16*MATRIX_LANES*query_part_4_q+:16*MATRIX_LANES];
    end else begin : g_query_whole
      assign query_lanes = query_word_q;
      wire unused_part = &query_part_4_q;
    end
    if (VALUE_PARTS > 1) begin : g_value_part
      assign value_lanes = parameter_word_q[8*MATRIX_LANES*value_part_4_q+:8*MATRIX_LANES];
    end else begin : g_value_whole
      assign value_lanes = parameter_word_q;
      wire unused_part = &value_part_4_q;
    end
  endgenerate

  genvar n;
  generate
    for (n = 0; n < LANES; n = n + 1) begin : g_factor
      always @(posedge clk_i) begin
        queries_q[16*n+:16] <= matrix_4_q ? query_lanes[16*(n%MATRIX_LANES)+:16] : query_word_q[16*n+:16];
      end
      if (n < MATRIX_LANES) begin : g_either
        always @(posedge clk_i) begin
          rows_q[16*n+:16] <= matrix_4_q ? {{8{value_lanes[8*n+7]}}, value_lanes[8*n+:8]} : key_word_q[16*n+:16];
        end
      end else begin : g_key
        always @(posedge clk_i) rows_q[16*n+:16] <= matrix_4_q ? 16'd0 : key_word_q[16*n+:16];
      end
    end
  endgenerate

  wire [15:0] scale_5 = matrix_5_q ? scales_q[15:0] : SCORE_SCALE[15:0];
  wire [9:0] matrix_amount = {{2{shift_q[7]}}, shift_q} + LIFTED[9:0];

  always @(posedge clk_i) begin
    query_word_q     <= query_word_i;
    key_word_q       <= key_word_i;
    parameter_word_q <= parameter_word_i;
    query_exponent_q <= query_exponent_i;
    key_exponent_q   <= key_exponent_i;
    matrix_3_q       <= matrix_valid;
    scales_3_q       <= matrix_scales;
    row_last_3_q     <= matrix_valid && row_last;
    value_part_3_q   <= value_part;
    query_part_3_q   <= query_part;
    matrix_4_q       <= matrix_3_q;
    scales_4_q       <= scales_3_q;
    row_last_4_q     <= row_last_3_q;
    value_part_4_q   <= value_part_3_q;
    query_part_4_q   <= query_part_3_q;
    matrix_5_q       <= matrix_4_q;
    row_last_5_q     <= row_last_4_q;
    if (scales_4_q) scales_q <= parameter_word_q;
    else if (row_last_5_q) scales_q <= scales_q >> 16;
    amount_5_q <= (matrix_4_q ? matrix_amount : SCORE_AMOUNT[9:0] - {5'd0, key_exponent_q}) - {5'd0, query_exponent_q};
    amount_6_q <= |amount_5_q[9:6] ? 6'd63 : amount_5_q[5:0];
  end

  // ---- Cycle 6: products. Cycles 7 … 6 + LEVELS: their sums, level by level.

  wire [TERM_WIDTH*TREE-1:0] terms;

  generate
    for (n = 0; n < TREE; n = n + 1) begin : g_term
      if (n < LANES) begin : g_product
        wire signed [31:0] query = {{16{queries_q[16*n+15]}}, queries_q[16*n+:16]};
        wire signed [31:0] row = {{16{rows_q[16*n+15]}}, rows_q[16*n+:16]};
        wire signed [31:0] product = query * row;
        reg [TERM_WIDTH-1:0] term_q;
        // −2^15 is no mantissa.
        wire unused_sign = product[31];
        always @(posedge clk_i) term_q <= product[TERM_WIDTH-1:0];
        assign terms[TERM_WIDTH*n+:TERM_WIDTH] = term_q;
      end else begin : g_none
        assign terms[TERM_WIDTH*n+:TERM_WIDTH] = {TERM_WIDTH{1'b0}};
      end
    end
  endgenerate

  genvar level;
  generate
    for (level = 0; level <= LEVELS; level = level + 1) begin : g_level
      wire [(TERM_WIDTH+level)*(TREE>>level)-1:0] sums;
      if (level == 0) begin : g_leaves
        assign sums = terms;
      end else begin : g_sums
        reg [(TERM_WIDTH+level)*(TREE>>level)-1:0] sums_q;
        for (n = 0; n < (TREE >> level); n = n + 1) begin : g_node
          wire [TERM_WIDTH+level-2:0] a = g_level[level-1].sums[(TERM_WIDTH+level-1)*2*n+:TERM_WIDTH+level-1];
          wire [TERM_WIDTH+level-2:0] b = g_level[level-1].sums[(TERM_WIDTH+level-1)*(2*n+1)+:TERM_WIDTH+level-1];
          always @(posedge clk_i) begin
            sums_q[(TERM_WIDTH+level)*n+:TERM_WIDTH+level] <=
                {a[TERM_WIDTH+level-2], a} + {b[TERM_WIDTH+level-2], b};
          end
        end
        assign sums = sums_q;
      end
    end
  endgenerate

  wire [ROOT_WIDTH-1:0] root = g_level[LEVELS].sums;

  // ---- Cycle 7 + LEVELS: sum of a row.

  wire sum_valid;
  wire sum_first;
  wire sum_last;
  wire [3:0] sum_row;
  reg [DOT_WIDTH-1:0] dot_q;

  sdq_delay #(
      .WIDTH (7),
      .CYCLES(4 + LEVELS)
  ) u_beat (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .d_i(score_valid ? {1'b1, chunk_first, chunk_last, score_first, score_last, 1'b0, head_2_q[0]} :
           {matrix_valid, row_first, row_last, matrix_first, matrix_last, 1'b1, 1'b0}),
      .d_o({sum_valid, sum_first, sum_last, sum_row})
  );

  wire [DOT_WIDTH:0] extended = {{DOT_WIDTH - ROOT_WIDTH + 1{root[ROOT_WIDTH-1]}}, root};
  wire unused_extended = extended[DOT_WIDTH];

  always @(posedge clk_i) begin
    if (sum_valid) dot_q <= (sum_first ? {DOT_WIDTH{1'b0}} : dot_q) + extended[DOT_WIDTH-1:0];
  end

  // ---- Cycle 8 + LEVELS: products with the scale, 17 bits at a time. Cycle 9 + LEVELS: their sum.

  wire [15:0] scale;
  wire [5:0] amount;

  sdq_delay #(
      .WIDTH (16),
      .CYCLES(2 + LEVELS)
  ) u_scale (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (scale_5),
      .d_o   (scale)
  );

  sdq_delay #(
      .WIDTH (6),
      .CYCLES(3 + LEVELS)
  ) u_amount (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (amount_6_q),
      .d_o   (amount)
  );

  wire [PRODUCT_WIDTH-1:0] product;

  sdq_wide_product #(
      .A_WIDTH(DOT_WIDTH),
      .B_WIDTH(16)
  ) u_scaled (
      .clk_i    (clk_i),
      .a_i      (dot_q),
      .b_i      (scale),
      .product_o(product)
  );

  // ---- Cycles 10 to 12, + LEVELS: shift, rounding, saturation.

  wire [31:0] y;

  sdq_round_shift #(
      .WIDTH(PRODUCT_WIDTH),
      .LIFT (LIFT)
  ) u_round (
      .clk_i   (clk_i),
      .x_i     (product),
      .amount_i(amount),
      .y_o     (y)
  );

  wire done;
  wire first;
  wire last;
  wire matrix;
  wire second;

  sdq_delay #(
      .WIDTH (5),
      .CYCLES(6)
  ) u_row (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({sum_valid && sum_last, sum_row}),
      .d_o   ({done, first, last, matrix, second})
  );

  // ---- Cycle 12 + LEVELS: results.

  reg [POSITION_WIDTH-1:0] score_next_q;
  reg [31:0] top_0_q;
  reg [31:0] top_1_q;
  wire [31:0] top = second ? top_1_q : top_0_q;
  wire rises = first || $signed(y) > $signed(top);

  assign score_wen_o  = done && !matrix;
  assign score_o      = y;
  assign score_addr_o = {second, first ? {POSITION_WIDTH{1'b0}} : score_next_q};
  assign top_o        = {top_1_q, top_0_q};

  reg [ROW_WIDTH-1:0] row_q;
  reg [VALUE_WIDTH-1:0] value_q;
  reg [VECTOR_ADDR_WIDTH-1:0] addr_q;
  wire [ROW_WIDTH-1:0] row = first ? {ROW_WIDTH{1'b0}} : row_q;
  wire [VALUE_WIDTH-1:0] value = first ? {VALUE_WIDTH{1'b0}} : value_q;
  wire [VECTOR_ADDR_WIDTH-1:0] addr = first ? target_q : addr_q;
  wire word_last = value == LAST_VALUE[VALUE_WIDTH-1:0];
  integer k;

  assign logit_valid_o = done && matrix && out_q;
  assign logit_o       = y;

  always @(posedge clk_i) begin
    if (!rst_ni) vector_wen_o <= 1'b0;
    else vector_wen_o <= done && matrix && !out_q && (word_last || last);

    if (score_wen_o) begin
      score_next_q <= score_addr_o[POSITION_WIDTH-1:0] + 1'b1;
      if (rises && second) top_1_q <= y;
      if (rises && !second) top_0_q <= y;
    end
    if (done && matrix) begin
      row_q         <= row + 1'b1;
      value_q       <= word_last ? {VALUE_WIDTH{1'b0}} : value + 1'b1;
      addr_q        <= word_last ? addr + 1'b1 : addr;
      vector_addr_o <= addr;
      for (k = 0; k < VALUES; k = k + 1) if (value == k[VALUE_WIDTH-1:0]) vector_word_o[32*k+:32] <= y;
    end
    if (logit_valid_o && (first || $signed(y) > $signed(best_logit_o))) begin
      best_o       <= row;
      best_logit_o <= y;
    end
  end

endmodule
`default_nettype wire
