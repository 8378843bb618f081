`default_nettype none
// Everything of the decoder but its units and memories: requests of the host to steps, steps to instructions for the units,
// logits to best tokens. Source: docs/decoder.md.
//
//   host       request, tokens, answers: sdq_decoder_control; logits: sdq_logit_stream
//   program, constants                   one cycle after their address: sdq_issue
//   vector     started while vector_busy_i is clear; operands are stable until it is clear again. It is set from the cycle
//              after a start on, until all is written
//   dot, mix   free and idle as in sdq_issue; operands are those of the cycle of a start
//   engine     runs: sdq_run_queue; result_last_i comes with the transfer of a run's last result
//   logits     words of vector or dot unit, never of both in a step; while pause_o is set neither begins with more
//
// The vector unit's row is the token, or with `position` the position. A generated token takes the cycles of the time model,
// from the first issue to END's, and 4.
module sdq_decoder_sequencer #(
    parameter WORD_WIDTH = 80,
    parameter ENTRY_WIDTH = 6,
    parameter VECTOR_ADDR_WIDTH = 6,
    parameter LENGTH_WIDTH = 8,
    parameter ROWS_WIDTH = 8,
    parameter PARAMETER_ADDR_WIDTH = 10,
    parameter CONSTANT_ADDR_WIDTH = 5,
    parameter HEAD_WIDTH = 2,
    parameter LAYERS = 2,
    parameter LAYER_WIDTH = 1,
    parameter LAYER_LINEARS = 7,
    parameter LAYER_WORDS = 1,
    parameter SOURCE_AT = 9,  // places of operands: see sdq_issue
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
    parameter POSITION_WIDTH = 8,
    parameter ROW_WIDTH = 9,  // the larger one of the two
    parameter LANES = 4,  // logits per word
    parameter LOGIT_WORDS = 64,  // see sdq_logit_stream
    parameter LOGIT_WORD_WIDTH = 6,
    parameter LOGIT_MARGIN = 32
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                      request_valid_i,
    output wire                      request_ready_o,
    input  wire [POSITION_WIDTH-1:0] position_i,
    input  wire [              15:0] count_i,
    input  wire                      logits_i,
    input  wire                      stops_i,
    input  wire [   TOKEN_WIDTH-1:0] stop_i,
    input  wire                      token_valid_i,
    output wire                      token_ready_o,
    input  wire [   TOKEN_WIDTH-1:0] token_i,
    input  wire                      token_last_i,
    output wire                      answer_valid_o,
    input  wire                      answer_ready_i,
    output wire [POSITION_WIDTH-1:0] answer_position_o,
    output wire [   TOKEN_WIDTH-1:0] answer_token_o,
    output wire [              31:0] answer_cycles_o,
    output wire                      answer_last_o,
    output wire                      logit_valid_o,
    input  wire                      logit_ready_i,
    output wire [              31:0] logit_o,
    output wire                      busy_o,

    output wire [        ENTRY_WIDTH-1:0] program_addr_o,
    input  wire [         WORD_WIDTH-1:0] program_word_i,
    output wire                           constant_read_o,
    output wire [CONSTANT_ADDR_WIDTH-1:0] constant_addr_o,
    input  wire [                    7:0] constant_i,

    output wire                      issue_o,  // of the instruction before program_addr_o
    output wire [POSITION_WIDTH-1:0] position_o,
    output wire [   LAYER_WIDTH-1:0] layer_o,

    input  wire                            vector_busy_i,
    output wire                            vector_start_o,
    output wire [                     3:0] vector_opcode_o,
    output wire [   VECTOR_ADDR_WIDTH-1:0] vector_source_o,
    output wire [   VECTOR_ADDR_WIDTH-1:0] vector_target_o,
    output wire [        LENGTH_WIDTH-1:0] vector_length_o,
    output wire [        LENGTH_WIDTH-1:0] vector_segment_o,
    output wire                            vector_results_o,
    output wire                            vector_add_o,
    output wire                            vector_biased_o,
    output wire                            vector_rectify_o,
    output wire [PARAMETER_ADDR_WIDTH-1:0] vector_parameters_o,
    output wire [PARAMETER_ADDR_WIDTH-1:0] vector_scales_o,
    output wire [           ROW_WIDTH-1:0] vector_row_o,
    output wire [                     7:0] vector_shift_o,
    output wire [                     1:0] vector_space_o,
    input  wire                            vector_logit_valid_i,
    input  wire [               LANES-1:0] vector_logit_keep_i,
    input  wire [            32*LANES-1:0] vector_logits_i,

    input  wire dot_free_i,
    input  wire dot_idle_i,
    output wire score_start_o,
    output wire matrix_start_o,
    input  wire mix_free_i,
    input  wire mix_idle_i,
    output wire mix_start_o,

    output wire [          HEAD_WIDTH-1:0] head_o,
    output wire [   VECTOR_ADDR_WIDTH-1:0] target_o,
    output wire                            out_o,
    output wire [PARAMETER_ADDR_WIDTH-1:0] parameters_o,
    output wire [PARAMETER_ADDR_WIDTH-1:0] scales_o,
    output wire [          ROWS_WIDTH-1:0] rows_o,
    output wire [        LENGTH_WIDTH-1:0] cols_o,
    output wire [                     7:0] shift_o,
    input  wire                            dot_logit_valid_i,
    input  wire [                    31:0] dot_logit_i,
    output wire                            pause_o,

    input  wire [ 4:0] reference_i,
    output wire        run_valid_o,
    input  wire        run_ready_i,
    output wire [15:0] run_linear_o,
    output wire [ 7:0] run_shift_o,
    input  wire        result_last_i
);

  generate
    if (ROW_WIDTH < TOKEN_WIDTH || ROW_WIDTH < POSITION_WIDTH) begin : g_illegal
      initial begin
        $display("%m: ROW_WIDTH=%0d TOKEN_WIDTH=%0d POSITION_WIDTH=%0d", ROW_WIDTH, TOKEN_WIDTH, POSITION_WIDTH);
        $finish;
      end
    end
  endgenerate

  localparam [4:0] SCORE = 5'd17;
  localparam [LANES-1:0] FIRST_LANE = 1;

  wire step_start;
  wire step_done;
  wire [TOKEN_WIDTH-1:0] token;
  wire logits_wanted;
  wire [TOKEN_WIDTH-1:0] best;
  wire [31:0] unused_best_logit;
  wire best_busy;
  wire stream_busy;

  sdq_decoder_control #(
      .TOKEN_WIDTH   (TOKEN_WIDTH),
      .POSITION_WIDTH(POSITION_WIDTH)
  ) u_control (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .request_valid_i  (request_valid_i),
      .request_ready_o  (request_ready_o),
      .position_i       (position_i),
      .count_i          (count_i),
      .logits_i         (logits_i),
      .stops_i          (stops_i),
      .stop_i           (stop_i),
      .token_valid_i    (token_valid_i),
      .token_ready_o    (token_ready_o),
      .token_i          (token_i),
      .token_last_i     (token_last_i),
      .start_o          (step_start),
      .done_i           (step_done),
      .token_o          (token),
      .position_o       (position_o),
      .logits_wanted_o  (logits_wanted),
      .best_i           (best),
      .settled_i        (!best_busy && !stream_busy),
      .answer_valid_o   (answer_valid_o),
      .answer_ready_i   (answer_ready_i),
      .answer_position_o(answer_position_o),
      .answer_token_o   (answer_token_o),
      .answer_cycles_o  (answer_cycles_o),
      .answer_last_o    (answer_last_o),
      .busy_o           (busy_o)
  );

  wire array_free;
  wire array_idle;
  wire [3:0] starts;
  wire [4:0] opcode;
  wire [VECTOR_ADDR_WIDTH-1:0] source;
  wire [LENGTH_WIDTH-1:0] length;
  wire [LENGTH_WIDTH-1:0] segment;
  wire takes_results;
  wire add;
  wire biased;
  wire rectify;
  wire by_position;
  wire [1:0] space;
  wire [CONSTANT_ADDR_WIDTH-1:0] linear;
  wire unused_issuing;

  sdq_issue #(
      .WORD_WIDTH          (WORD_WIDTH),
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
      .ENTRY_AT            (ENTRY_AT)
  ) u_issue (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .start_i        (step_start),
      .done_o         (step_done),
      .busy_o         (unused_issuing),
      .layer_o        (layer_o),
      .program_addr_o (program_addr_o),
      .program_word_i (program_word_i),
      .constant_read_o(constant_read_o),
      .constant_addr_o(constant_addr_o),
      .constant_i     (constant_i),
      .free_i         ({mix_free_i, dot_free_i, array_free, !vector_busy_i}),
      .idle_i         ({mix_idle_i, dot_idle_i, array_idle, !vector_busy_i}),
      .start_o        (starts),
      .issue_o        (issue_o),
      .opcode_o       (opcode),
      .source_o       (source),
      .target_o       (target_o),
      .length_o       (length),
      .segment_o      (segment),
      .results_o      (takes_results),
      .add_o          (add),
      .biased_o       (biased),
      .rectify_o      (rectify),
      .parameters_o   (parameters_o),
      .scales_o       (scales_o),
      .by_position_o  (by_position),
      .shift_o        (shift_o),
      .space_o        (space),
      .rows_o         (rows_o),
      .cols_o         (cols_o),
      .out_o          (out_o),
      .linear_o       (linear),
      .head_o         (head_o)
  );

  assign vector_start_o = starts[0];
  assign score_start_o  = starts[2] && opcode == SCORE;
  assign matrix_start_o = starts[2] && opcode != SCORE;
  assign mix_start_o    = starts[3];

  wire [ROW_WIDTH-1:0] token_row;
  wire [ROW_WIDTH-1:0] position_row;

  generate
    if (ROW_WIDTH > TOKEN_WIDTH) begin : g_wide_token
      assign token_row = {{ROW_WIDTH - TOKEN_WIDTH{1'b0}}, token};
    end else begin : g_token
      assign token_row = token;
    end
    if (ROW_WIDTH > POSITION_WIDTH) begin : g_wide_position
      assign position_row = {{ROW_WIDTH - POSITION_WIDTH{1'b0}}, position_o};
    end else begin : g_position
      assign position_row = position_o;
    end
  endgenerate

  localparam HELD_WIDTH = 4 + 2 * VECTOR_ADDR_WIDTH + 2 * LENGTH_WIDTH + 4 + 2 * PARAMETER_ADDR_WIDTH + ROW_WIDTH + 8 + 2;

  sdq_operand_hold #(
      .WIDTH(HELD_WIDTH)
  ) u_hold (
      .clk_i (clk_i),
      .hold_i(vector_busy_i),
      .d_i   ({
        opcode[3:0], source, target_o, length, segment, takes_results, add, biased, rectify, parameters_o, scales_o,
        by_position ? position_row : token_row, shift_o, space
      }),
      .d_o   ({
        vector_opcode_o, vector_source_o, vector_target_o, vector_length_o, vector_segment_o, vector_results_o,
        vector_add_o, vector_biased_o, vector_rectify_o, vector_parameters_o, vector_scales_o, vector_row_o,
        vector_shift_o, vector_space_o
      })
  );

  sdq_run_queue #(
      .INDEX_WIDTH(CONSTANT_ADDR_WIDTH)
  ) u_runs (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .start_i      (starts[1]),
      .linear_i     (linear),
      .final_i      (shift_o),
      .reference_i  (reference_i),
      .free_o       (array_free),
      .idle_o       (array_idle),
      .run_valid_o  (run_valid_o),
      .run_ready_i  (run_ready_i),
      .run_linear_o (run_linear_o),
      .run_shift_o  (run_shift_o),
      .result_last_i(result_last_i)
  );

  // A logit of the dot unit is a word of one.
  wire logits_valid = vector_logit_valid_i || dot_logit_valid_i;
  wire [LANES-1:0] logits_keep = dot_logit_valid_i ? FIRST_LANE : vector_logit_keep_i;
  wire [32*LANES-1:0] logits = dot_logit_valid_i ? {LANES{dot_logit_i}} : vector_logits_i;

  sdq_best #(
      .LANES      (LANES),
      .TOKEN_WIDTH(TOKEN_WIDTH)
  ) u_best (
      .clk_i   (clk_i),
      .rst_ni  (rst_ni),
      .clear_i (step_start),
      .valid_i (logits_valid),
      .keep_i  (logits_keep),
      .values_i(logits),
      .best_o  (best),
      .logit_o (unused_best_logit),
      .busy_o  (best_busy)
  );

  sdq_logit_stream #(
      .LANES      (LANES),
      .DEPTH      (LOGIT_WORDS),
      .DEPTH_WIDTH(LOGIT_WORD_WIDTH),
      .MARGIN     (LOGIT_MARGIN)
  ) u_logits (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .wanted_i     (logits_wanted),
      .valid_i      (logits_valid),
      .keep_i       (logits_keep),
      .values_i     (logits),
      .pause_o      (pause_o),
      .logit_valid_o(logit_valid_o),
      .logit_ready_i(logit_ready_i),
      .logit_o      (logit_o),
      .busy_o       (stream_busy)
  );

endmodule
`default_nettype wire
