`default_nettype none
// The vector unit: executes PHASE, ROW, PASS, MOMENTS, ROOT, CENTER, WEIGHT, ALIGN, ROTATE, GATE, PRODUCT, CUT and LOGITS of
// docs/decoder.md, VALUES (W) elements per cycle.
//
// An instruction begins with start_i, while busy_o is low, and its operands must be stable until busy_o is low again, when all
// that it writes can be read. `parameters_i` and `scales_i` are addresses of this layer, row_i is what ROW's `position` selects.
//
//   vector RAM, parameter memory   words of VALUES · 32 bits, the low bits first; a word comes one cycle after its address
//                                  and stays until the next read. A write may come with a read of another word
//   results                        RESULTS (D) of the next RUN per transfer; those beyond a vector are ignored
//   cut                            mantissas of a word, in order; cut_segment_o, cut_exponent_o: its segment and that one's
//                                  exponent. To the frame space blocks are completed with zeros; reference_o is the frame's
//                                  from the end of CUT on
//   logits                         a word of results, with a bit for each that there is
//   tables                         table_wen_i has a bit each for the reciprocal root (entry i at address i + 256), the
//                                  logistic function, the quarter sine, ropeStep. They are written while busy_o is low
//
// Cycles from start_i until busy_o is low: c · words + 14, c = 2 for ROTATE, PRODUCT and, with CENTERED, WEIGHT; one more for
// ROW; words + 8 + VALUES for MOMENTS; 21 for ROOT, 36 with CENTERED, 2 · PAIRS + 10 for PHASE. With results, from the first
// transfer. Shifts of operands and norms are −8 … 127. The step of an element is in cycle 0, its operands in cycles 1 to 5
// (sdq_vector_operand), its value in cycle 13 (sdq_vector_lane).
module sdq_vector_unit #(
    parameter VALUES = 4,
    parameter VALUE_LOG = 2,  // log2(VALUES)
    parameter LANE_WIDTH = 2,  // index width of VALUES
    parameter RESULTS = 1,
    parameter SLOT_WIDTH = 2,  // index width of VALUES / RESULTS
    parameter VECTOR_ADDR_WIDTH = 8,
    parameter PARAMETER_ADDR_WIDTH = 12,
    parameter LENGTH_WIDTH = 8,
    parameter SEGMENTS = 8,
    parameter SEGMENT_WIDTH = 3,  // index width of SEGMENTS
    parameter ROW_WIDTH = 9,
    parameter POSITION_WIDTH = 9,
    parameter DIM = 64,
    parameter [32:0] DIM_RECIPROCAL = 33'd67108864,
    parameter [51:0] EPSILON = 52'd0,
    parameter CENTERED = 0,  // LayerNorm
    parameter GATED = 1,  // a SwiGLU
    parameter PAIRS = 4,  // rotary pairs of a head, or 0
    parameter PAIR_WIDTH = 2,  // index width of PAIRS
    parameter TURN_WIDTH = 1,  // index width of a head's words
    parameter SUM_WIDTH = 23,
    parameter SQUARES_WIDTH = 37
) (
    input wire clk_i,
    input wire rst_ni,

    input wire [ 3:0] table_wen_i,
    input wire [10:0] table_addr_i,
    input wire [31:0] table_data_i,

    input  wire                            start_i,
    input  wire [                     3:0] opcode_i,
    input  wire [   VECTOR_ADDR_WIDTH-1:0] source_i,
    input  wire [   VECTOR_ADDR_WIDTH-1:0] target_i,
    input  wire [        LENGTH_WIDTH-1:0] length_i,
    input  wire [        LENGTH_WIDTH-1:0] segment_i,
    input  wire                            results_i,
    input  wire                            add_i,
    input  wire                            biased_i,
    input  wire                            rectify_i,
    input  wire [PARAMETER_ADDR_WIDTH-1:0] parameters_i,
    input  wire [PARAMETER_ADDR_WIDTH-1:0] scales_i,
    input  wire [           ROW_WIDTH-1:0] row_i,
    input  wire [                     7:0] shift_i,
    input  wire [                     1:0] space_i,
    input  wire [      POSITION_WIDTH-1:0] position_i,
    output wire                            busy_o,

    input  wire                  result_valid_i,
    input  wire [32*RESULTS-1:0] result_i,
    output wire                  result_ready_o,

    output wire                         vector_ren_o,
    output wire [VECTOR_ADDR_WIDTH-1:0] vector_raddr_o,
    input  wire [        32*VALUES-1:0] vector_rdata_i,
    output wire                         vector_wen_o,
    output wire [VECTOR_ADDR_WIDTH-1:0] vector_waddr_o,
    output wire [        32*VALUES-1:0] vector_wdata_o,

    output wire                            parameter_ren_o,
    output wire [PARAMETER_ADDR_WIDTH-1:0] parameter_addr_o,
    input  wire [           32*VALUES-1:0] parameter_i,

    output wire                     cut_valid_o,
    output wire [              1:0] cut_space_o,
    output wire [SEGMENT_WIDTH-1:0] cut_segment_o,
    output wire [              4:0] cut_exponent_o,
    output wire [    16*VALUES-1:0] cut_word_o,
    output reg  [              4:0] reference_o,

    output wire                 logit_valid_o,
    output wire [   VALUES-1:0] logit_counts_o,
    output wire [32*VALUES-1:0] logits_o
);

  // Numbers of opcodes: their order in generator/schedule/instructions.ts.
  localparam [3:0] PHASE = 4'd2;
  localparam [3:0] ROW = 4'd3;
  localparam [3:0] PASS = 4'd4;
  localparam [3:0] MOMENTS = 4'd5;
  localparam [3:0] ROOT = 4'd6;
  localparam [3:0] CENTER = 4'd7;
  localparam [3:0] WEIGHT = 4'd8;
  localparam [3:0] ALIGN = 4'd9;
  localparam [3:0] ROTATE = 4'd10;
  localparam [3:0] GATE = 4'd11;
  localparam [3:0] PRODUCT = 4'd12;
  localparam [3:0] CUT = 4'd13;
  localparam [3:0] LOGITS = 4'd14;
  localparam [1:0] FRAME = 2'd0;
  localparam [1:0] VALUE_CACHE = 2'd3;

  generate
    if (VALUES != (1 << VALUE_LOG) || VALUES > (1 << LANE_WIDTH) || PARAMETER_ADDR_WIDTH <= LENGTH_WIDTH ||
        PARAMETER_ADDR_WIDTH <= ROW_WIDTH || ROW_WIDTH <= VALUE_LOG || 4 * VALUES > (1 << LENGTH_WIDTH) || DIM >= (1 << LENGTH_WIDTH) ||
        PAIRS > 0 && (VALUES < 2 || (2 * PAIRS) % VALUES != 0)) begin : g_illegal
      initial begin
        $display("%m: VALUES=%0d VALUE_LOG=%0d LANE_WIDTH=%0d PARAMETER_ADDR_WIDTH=%0d LENGTH_WIDTH=%0d ROW_WIDTH=%0d DIM=%0d PAIRS=%0d",
                 VALUES, VALUE_LOG, LANE_WIDTH, PARAMETER_ADDR_WIDTH, LENGTH_WIDTH, ROW_WIDTH, DIM, PAIRS);
        $finish;
      end
    end
  endgenerate

  // What the instruction is.
  wire is_row = opcode_i == ROW;
  wire is_pass = opcode_i == PASS;
  wire is_moments = opcode_i == MOMENTS;
  wire is_weight = opcode_i == WEIGHT;
  wire is_align = opcode_i == ALIGN;
  wire is_rotate = PAIRS > 0 && opcode_i == ROTATE;
  wire is_product = GATED != 0 && opcode_i == PRODUCT;
  wire is_gate = GATED != 0 && opcode_i == GATE;
  wire is_cut = opcode_i == CUT;
  wire is_logits = opcode_i == LOGITS;
  wire walks = opcode_i != PHASE && opcode_i != ROOT;
  wire takes_results = is_pass && results_i || is_rotate || is_gate || is_product || is_logits;
  wire has_source = walks && !is_row && (is_product || !takes_results);
  wire adds = (is_row || is_pass) && add_i;
  wire biased = is_pass && biased_i || is_weight && CENTERED != 0;
  wire two_terms = is_rotate || is_product;
  wire stores = walks && !is_moments && !is_cut && !is_logits;
  wire peaks = stores && !is_gate && opcode_i != CENTER;

  // Shape of the vector.
  wire [LENGTH_WIDTH-1:0] last_element = length_i - 1'b1;
  wire [LENGTH_WIDTH-1:0] segment_words = segment_i >> VALUE_LOG;
  localparam LAST_LANE = VALUES - 1;
  localparam [LENGTH_WIDTH-1:0] LANES_MASK = LAST_LANE[LENGTH_WIDTH-1:0];
  localparam [LENGTH_WIDTH-1:0] TRANSFER = RESULTS[LENGTH_WIDTH-1:0];
  wire [LENGTH_WIDTH-1:0] transfers = last_element / TRANSFER + 1'b1;
  wire [LENGTH_WIDTH-1:0] last_lane = last_element & LANES_MASK;
  wire [LENGTH_WIDTH-1:0] unused_lane = last_lane;

  reg busy_q;
  reg start_q;
  wire take;
  wire full;
  wire [32*VALUES-1:0] results;
  wire step;
  wire second;
  wire [1:0] group;
  wire first;
  wire final_word;
  wire beyond;
  wire [SEGMENT_WIDTH-1:0] segment;
  wire segment_first;
  wire segment_end;
  wire end_step;

  sdq_result_words #(
      .VALUES     (VALUES),
      .RESULTS    (RESULTS),
      .SLOT_WIDTH (SLOT_WIDTH),
      .COUNT_WIDTH(LENGTH_WIDTH)
  ) result_words (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .start_i  (start_i && takes_results),
      .count_i  (transfers),
      .valid_i  (result_valid_i),
      .results_i(result_i),
      .ready_o  (result_ready_o),
      .full_o   (full),
      .word_o   (results),
      .take_i   (take)
  );

  sdq_vector_walk #(
      .WORD_WIDTH   (LENGTH_WIDTH),
      .SEGMENT_WIDTH(SEGMENT_WIDTH)
  ) walk (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .start_i        (walks && (is_row ? start_q : start_i)),
      .double_i       (two_terms || is_weight && CENTERED != 0),
      .waits_i        (takes_results),
      .whole_i        (is_cut && space_i == FRAME),
      .one_segment_i  (segment_i == {LENGTH_WIDTH{1'b0}}),
      .last_word_i    (last_element >> VALUE_LOG),
      .segment_last_i (segment_words - 1'b1),
      .full_i         (full),
      .take_o         (take),
      .step_o         (step),
      .second_o       (second),
      .group_o        (group),
      .first_o        (first),
      .final_o        (final_word),
      .beyond_o       (beyond),
      .segment_o      (segment),
      .segment_first_o(segment_first),
      .segment_end_o  (segment_end),
      .end_o          (end_step)
  );

  // Control of each stage. A word is written by the step that completes its sums: the second of two terms.
  wire write = step && second == two_terms;
  reg [13:1] write_q;
  reg peak_q;  // in cycle 14, when the next instruction may be there
  reg [13:1] end_q;
  reg [5:1] valid_q;
  reg [5:1] second_q;
  reg [14:1] first_q;
  reg [13:1] final_q;
  reg [13:1] beyond_q;
  reg [14:1] segment_first_q;
  reg [14:1] segment_end_q;
  reg [1:0] group_q;
  wire [SEGMENT_WIDTH-1:0] segment_6;
  wire [SEGMENT_WIDTH-1:0] segment_13;
  reg [SEGMENT_WIDTH-1:0] segment_14_q;
  wire moments_done;
  wire root_done;
  wire phase_done;
  wire done = opcode_i == PHASE ? phase_done : opcode_i == ROOT ? root_done : is_moments ? moments_done : end_q[13];

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q  <= 1'b0;
      start_q <= 1'b0;
      write_q <= 13'd0;
      peak_q  <= 1'b0;
      end_q   <= 13'd0;
      valid_q <= 5'd0;
    end else begin
      busy_q  <= start_i || busy_q && !done;
      start_q <= start_i;
      write_q <= {write_q[12:1], write};
      peak_q  <= peaks && write_q[13];
      end_q   <= {end_q[12:1], end_step};
      valid_q <= {valid_q[4:1], two_terms ? step : write};
    end

    second_q        <= {second_q[4:1], second};
    first_q         <= {first_q[13:1], first};
    final_q         <= {final_q[12:1], final_word};
    beyond_q        <= {beyond_q[12:1], beyond};
    segment_first_q <= {segment_first_q[13:1], segment_first};
    segment_end_q   <= {segment_end_q[13:1], segment_end};
    group_q         <= group;
    segment_14_q    <= segment_13;
  end

  sdq_delay #(
      .WIDTH (SEGMENT_WIDTH),
      .CYCLES(6)
  ) segment_to_peak (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (segment),
      .d_o   (segment_6)
  );

  sdq_delay #(
      .WIDTH (SEGMENT_WIDTH),
      .CYCLES(7)
  ) segment_to_write (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (segment_6),
      .d_o   (segment_13)
  );

  // Addresses. A source, a weight or a row's value is read with the step; what is added when it is needed.
  wire reads_source = has_source && step && !second;
  wire reads_old = adds && write_q[10];
  wire reads_value = (is_weight || is_row) && step && !second;
  wire reads_bias = biased && write_q[9];
  wire header = start_i && (is_weight || is_align);
  wire reads_scale = start_i && is_row;
  localparam LAST_OF_GROUP = 4 * VALUES - 1;
  localparam [PARAMETER_ADDR_WIDTH-1:0] ROUND_4 = LAST_OF_GROUP[PARAMETER_ADDR_WIDTH-1:0];
  localparam [PARAMETER_ADDR_WIDTH-1:0] ROUND_2 = ROUND_4 >> 1;
  localparam [PARAMETER_ADDR_WIDTH-1:0] ONE = 1;
  wire [PARAMETER_ADDR_WIDTH-1:0] length = {{PARAMETER_ADDR_WIDTH - LENGTH_WIDTH{1'b0}}, length_i};
  wire [PARAMETER_ADDR_WIDTH-1:0] row = {{PARAMETER_ADDR_WIDTH - ROW_WIDTH{1'b0}}, row_i};
  reg [VECTOR_ADDR_WIDTH-1:0] source_q;
  reg [VECTOR_ADDR_WIDTH-1:0] old_q;
  reg [VECTOR_ADDR_WIDTH-1:0] target_q;
  reg [PARAMETER_ADDR_WIDTH-1:0] value_q;
  reg [PARAMETER_ADDR_WIDTH-1:0] bias_q;
  reg [PARAMETER_ADDR_WIDTH-1:0] row_words_q;

  always @(posedge clk_i) begin
    row_words_q <= row * ((length + ROUND_4) >> (VALUE_LOG + 2));
    if (start_i) begin
      source_q <= source_i;
      old_q    <= target_i;
      target_q <= target_i;
      value_q  <= parameters_i + ONE;
      bias_q   <= is_weight ? parameters_i + ONE + ((length + ROUND_2) >> (VALUE_LOG + 1)) : parameters_i;
    end else begin
      if (reads_source) source_q <= source_q + 1'b1;
      if (reads_old) old_q <= old_q + 1'b1;
      if (write_q[13]) target_q <= target_q + 1'b1;
      if (is_row && start_q) value_q <= parameters_i + row_words_q;
      else if (reads_value && (group[0] && (is_weight || group[1]))) value_q <= value_q + ONE;
      if (reads_bias) bias_q <= bias_q + ONE;
    end
  end

  assign vector_ren_o     = reads_source || reads_old;
  assign vector_raddr_o   = reads_old ? old_q : source_q;
  assign parameter_ren_o  = header || reads_scale || reads_value || reads_bias;
  assign parameter_addr_o = header ? parameters_i : reads_scale ? scales_i + (row >> (VALUE_LOG + 1)) : reads_bias ? bias_q : value_q;

  // Constants of the instruction.
  wire [35:0] offset;
  wire [16:0] mantissa;
  wire [7:0] down;
  wire [4:0] pre;
  wire [4:0] exponent;
  wire [7:0] lift = 8'd0 - parameter_i[15:8];
  reg [7:0] norm_shift_q;
  reg [17:0] parameter_factor_q;
  reg [17:0] factor_q;
  reg signed [7:0] shift;
  reg [5:0] amount_q;
  wire [7:0] raised = shift + 8'd8;

  always @* begin
    case (opcode_i)
      ROW: shift = shift_i;
      CENTER: shift = down;
      WEIGHT: shift = norm_shift_q;
      ROTATE: shift = 8'd14;
      GATE: shift = 8'd15;
      PRODUCT: shift = 8'd12;
      default: shift = 8'd0;
    endcase
  end

  always @(posedge clk_i) begin
    if (start_q) begin
      norm_shift_q       <= parameter_i[7:0];
      parameter_factor_q <= is_row ? {2'd0, parameter_i[16*row_i[VALUE_LOG:0]+:16]} : 18'd1 << lift[4:0];
    end
    factor_q <= is_row || is_align ? parameter_factor_q : opcode_i == CENTER ? {1'b0, mantissa} : 18'd1;
    amount_q <= shift > 8'sd55 ? 6'd63 : raised[5:0];
  end

  wire unused_raised = |{raised[7:6], lift[7:5]};
  wire [5:0] amount = is_cut ? {1'b0, exponent} + 6'd8 : amount_q;

  // Rotary pairs.
  wire [16*VALUES-1:0] turns;

  generate
    if (PAIRS > 0) begin : g_rotary
      localparam LAST_TURN_INDEX = 2 * PAIRS / VALUES - 1;
      localparam [TURN_WIDTH-1:0] LAST_TURN = LAST_TURN_INDEX[TURN_WIDTH-1:0];
      reg [TURN_WIDTH-1:0] turn_q;

      always @(posedge clk_i) begin
        if (start_i) turn_q <= {TURN_WIDTH{1'b0}};
        else if (write_q[3]) turn_q <= turn_q == LAST_TURN ? {TURN_WIDTH{1'b0}} : turn_q + 1'b1;
      end

      sdq_phase #(
          .PAIRS         (PAIRS),
          .PAIR_WIDTH    (PAIR_WIDTH),
          .LANE_PAIRS    (VALUES / 2),
          .WORD_WIDTH    (TURN_WIDTH),
          .POSITION_WIDTH(POSITION_WIDTH)
      ) phase (
          .clk_i       (clk_i),
          .rst_ni      (rst_ni),
          .sine_wen_i  (table_wen_i[2]),
          .rope_wen_i  (table_wen_i[3]),
          .table_addr_i(table_addr_i),
          .table_data_i(table_data_i),
          .start_i     (start_i && opcode_i == PHASE),
          .position_i  (position_i),
          .done_o      (phase_done),
          .ren_i       (valid_q[3]),
          .raddr_i     (turn_q),
          .turns_o     (turns)
      );
    end else begin : g_not_rotary
      wire unused_rotary = |{table_wen_i[3:2], table_addr_i, table_data_i, position_i};
      assign turns = {16 * VALUES{1'b0}};
      assign phase_done = 1'b1;
    end
  endgenerate

  // Lanes.
  wire [VALUES-1:0] lane_there;  // elements of a vector's last word
  wire [VALUES-1:0] counts_3 = beyond_q[3] ? {VALUES{1'b0}} : lane_there | {VALUES{!final_q[3]}};
  wire [VALUES-1:0] counts_13 = beyond_q[13] ? {VALUES{1'b0}} : lane_there | {VALUES{!final_q[13]}};
  wire [4:0] operand_pre = is_product ? 5'd6 : pre;
  wire first_term = is_moments ? first_q[5] : !second_q[5] || !two_terms;
  // Of a word of bytes or of halves, those of this step's elements.
  wire [16*VALUES-1:0] halves = group_q[0] ? parameter_i[32*VALUES-1:16*VALUES] : parameter_i[16*VALUES-1:0];
  wire [16*VALUES-1:0] half_word = group_q[1] ? parameter_i[32*VALUES-1:16*VALUES] : parameter_i[16*VALUES-1:0];
  wire [8*VALUES-1:0] bytes = group_q[0] ? half_word[16*VALUES-1:8*VALUES] : half_word[8*VALUES-1:0];
  reg [32*VALUES-1:0] results_q;
  wire [54*VALUES-1:0] sums;
  wire [SUM_WIDTH*VALUES-1:0] totals;
  wire [32*VALUES-1:0] values;
  wire [31*VALUES-1:0] magnitudes;

  // What is added comes out of memories: registers before the sums.
  reg [32*VALUES-1:0] bias_11_q;
  reg [32*VALUES-1:0] old_12_q;

  always @(posedge clk_i) begin
    if (take) results_q <= results;
    bias_11_q <= parameter_i & {32 * VALUES{biased}};
    old_12_q  <= vector_rdata_i & {32 * VALUES{adds}};
  end

  genvar n;
  generate
    for (n = 0; n < VALUES; n = n + 1) begin : g_lane
      localparam [LENGTH_WIDTH-1:0] LANE = n;
      localparam PARTNER = PAIRS > 0 ? (n ^ 1) : n;
      wire [7:0] byte_value = bytes[8*n+:8];
      wire [31:0] own = results_q[32*n+:32];
      wire [31:0] partner = results_q[32*PARTNER+:32];
      wire [31:0] x = has_source ? vector_rdata_i[32*n+:32] : is_rotate && second_q[1] ? partner : own;
      wire [15:0] turn;
      wire [10:0] sigmoid_addr;
      wire [15:0] sigmoid;
      wire [35:0] a;
      wire [17:0] b;

      if (PAIRS > 0) begin : g_turn
        wire [31:0] pair = turns[32*(n/2)+:32];
        wire [15:0] sine = n % 2 == 0 ? 16'd0 - pair[31:16] : pair[31:16];
        assign turn = second_q[4] ? sine : pair[15:0];
      end else begin : g_no_turn
        assign turn = turns[16*n+:16];
      end

      if (n == 0) begin : g_first
        assign lane_there[n] = 1'b1;
      end else begin : g_other
        assign lane_there[n] = last_lane >= LANE;
      end

      if (GATED != 0) begin : g_gated
        sdq_sigmoid logistic (
            .clk_i  (clk_i),
            .wen_i  (table_wen_i[1]),
            .waddr_i(table_addr_i),
            .wdata_i(table_data_i[15:0]),
            .ren_i  (is_gate),
            .addr_i (sigmoid_addr),
            .value_o(sigmoid)
        );
      end else begin : g_not_gated
        wire unused_gate = |{table_wen_i[1], sigmoid_addr};
        assign sigmoid = 16'd0;
      end

      sdq_vector_operand operand (
          .clk_i         (clk_i),
          .center_i      (opcode_i == CENTER),
          .stored_i      (is_row),
          .square_i      (is_moments),
          .product_i     (is_product),
          .weighted_i    (is_weight),
          .turned_i      (is_rotate),
          .gated_i       (is_gate),
          .pre_i         (operand_pre),
          .offset_i      (offset),
          .factor_i      (factor_q),
          .second_i      (second_q[1]),
          .x_i           (x),
          .other_i       (own),
          .weight_i      (is_row ? {{8{byte_value[7]}}, byte_value} : halves[16*n+:16]),
          .counts_i      (counts_3[n]),
          .turn_i        (turn),
          .sigmoid_addr_o(sigmoid_addr),
          .sigmoid_i     (sigmoid),
          .a_o           (a),
          .b_o           (b)
      );

      sdq_vector_lane #(
          .TOTAL_WIDTH(SUM_WIDTH)
      ) lane (
          .clk_i      (clk_i),
          .valid_i    (valid_q[5]),
          .first_i    (first_term),
          .a_i        (a),
          .b_i        (b),
          .amount_i   (amount),
          .bias_i     (bias_11_q[32*n+:32]),
          .old_i      (old_12_q[32*n+:32]),
          .rectify_i  (is_pass && rectify_i),
          .counts_i   (counts_13[n]),
          .sum_o      (sums[54*n+:54]),
          .total_o    (totals[SUM_WIDTH*n+:SUM_WIDTH]),
          .value_o    (values[32*n+:32]),
          .magnitude_o(magnitudes[31*n+:31])
      );

      sdq_vector_cut cut (
          .byte_i    (space_i == VALUE_CACHE),
          .counts_i  (counts_13[n]),
          .x_i       (values[32*n+:17]),
          .mantissa_o(cut_word_o[16*n+:16])
      );
    end
  endgenerate

  // Sums of a norm.
  wire [SUM_WIDTH-1:0] sum;
  wire [SQUARES_WIDTH-1:0] squares;

  sdq_vector_moments #(
      .VALUES       (VALUES),
      .LANE_WIDTH   (LANE_WIDTH),
      .SUM_WIDTH    (SUM_WIDTH),
      .SQUARES_WIDTH(SQUARES_WIDTH)
  ) moments (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .start_i  (is_moments && end_q[8]),
      .totals_i (totals),
      .sums_i   (sums),
      .done_o   (moments_done),
      .sum_o    (sum),
      .squares_o(squares)
  );

  sdq_root #(
      .DIM           (DIM),
      .DIM_RECIPROCAL(DIM_RECIPROCAL),
      .EPSILON       (EPSILON),
      .CENTERED      (CENTERED),
      .SUM_WIDTH     (SUM_WIDTH),
      .SQUARES_WIDTH (SQUARES_WIDTH)
  ) root (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .table_wen_i (table_wen_i[0]),
      .table_addr_i(table_addr_i[9:0]),
      .table_data_i(table_data_i[15:0]),
      .start_i     (start_i && opcode_i == ROOT),
      .sum_i       (sum),
      .squares_i   (squares),
      .pre_i       (pre),
      .done_o      (root_done),
      .offset_o    (offset),
      .mantissa_o  (mantissa),
      .down_o      (down)
  );

  sdq_vector_peaks #(
      .VALUES       (VALUES),
      .SEGMENTS     (SEGMENTS),
      .SEGMENT_WIDTH(SEGMENT_WIDTH)
  ) vector_peaks (
      .clk_i          (clk_i),
      .valid_i        (peak_q),
      .first_i        (first_q[14]),
      .segment_first_i(segment_first_q[14]),
      .segment_end_i  (segment_end_q[14]),
      .segment_i      (segment_14_q),
      .magnitudes_i   (magnitudes),
      .read_segment_i (segment_6),
      .read_whole_i   (segment_i == {LENGTH_WIDTH{1'b0}}),
      .byte_i         (space_i == VALUE_CACHE),
      .exponent_o     (exponent),
      .whole_o        (pre)
  );

  sdq_delay #(
      .WIDTH (5),
      .CYCLES(5)
  ) exponent_to_write (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (exponent),
      .d_o   (cut_exponent_o)
  );

  always @(posedge clk_i) if (is_cut && space_i == FRAME && end_q[13]) reference_o <= pre;

  assign busy_o         = busy_q;
  assign vector_wen_o   = stores && write_q[13];
  assign vector_waddr_o = target_q;
  assign vector_wdata_o = values;
  assign cut_valid_o    = is_cut && write_q[13];
  assign cut_space_o    = space_i;
  assign cut_segment_o  = segment_13;
  assign logit_valid_o  = is_logits && write_q[13];
  assign logit_counts_o = counts_13;
  assign logits_o       = values;

endmodule
`default_nettype wire
