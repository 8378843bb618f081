`timescale 1ns / 1ns
// sdq_decoder_sequencer with sdq_decoder_memories for the constants and a generated program, and with units that take the
// times of the time model: a request for tokens, then one for logits too, at a host that takes them late. Compared are every
// start of a unit with its instruction and, in the first request, the predicted cycle; the row of ROW; runs and their shifts;
// each answer's token, position and cycles; all logits. +seed=N.
// Files: +constants, +linears (first and occupied cycles of each), +events (see issue.ts; RUN, LOOP and END left out).
module sequencer_tb;

  parameter WORD_WIDTH = 80;
  parameter ENTRY_WIDTH = 6;
  parameter VECTOR_ADDR_WIDTH = 6;
  parameter LENGTH_WIDTH = 8;
  parameter ROWS_WIDTH = 8;
  parameter PARAMETER_ADDR_WIDTH = 10;
  parameter CONSTANT_ADDR_WIDTH = 5;
  parameter HEAD_WIDTH = 2;
  parameter LAYERS = 2;
  parameter LAYER_WIDTH = 1;
  parameter LAYER_LINEARS = 7;
  parameter LAYER_WORDS = 1;
  parameter SOURCE_AT = 9;
  parameter TARGET_AT = 9;
  parameter LENGTH_AT = 9;
  parameter SEGMENT_AT = 9;
  parameter RESULTS_AT = 9;
  parameter ADD_AT = 9;
  parameter BIASED_AT = 9;
  parameter RECTIFY_AT = 9;
  parameter LAYERED_AT = 9;
  parameter PARAMETERS_AT = 9;
  parameter SCALES_AT = 9;
  parameter POSITION_AT = 9;
  parameter CONSTANT_AT = 9;
  parameter SPACE_AT = 9;
  parameter ROWS_AT = 9;
  parameter COLS_AT = 9;
  parameter OUT_AT = 9;
  parameter HEAD_AT = 9;
  parameter ENTRY_AT = 9;

  parameter TOKEN_WIDTH = 9;
  parameter POSITION_WIDTH = 8;
  parameter ROW_WIDTH = 9;
  parameter LANES = 4;
  parameter LOGIT_WORDS = 32;
  parameter LOGIT_WORD_WIDTH = 5;
  parameter LOGIT_MARGIN = 8;

  parameter CONSTANTS = 1;
  parameter CONSTANT_WORDS = 1;
  parameter LINEARS = 1;
  parameter EVENTS = 1;
  parameter VOCABULARY = 10;
  parameter PROMPT = 2;
  parameter GENERATED = 2;  // of the first request; of the second one
  parameter LATE = 1;
  parameter BANKS = 2;

  localparam OPERANDS = 256;
  localparam [3:0] ROW = 4'd3;
  localparam [3:0] LOGITS = 4'd14;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg request_valid;
  wire request_ready;
  reg [POSITION_WIDTH-1:0] position;
  reg [15:0] count;
  reg wants_logits;
  reg token_valid;
  wire token_ready;
  reg [TOKEN_WIDTH-1:0] token;
  reg token_last;
  wire answer_valid;
  reg answer_ready;
  wire [POSITION_WIDTH-1:0] answer_position;
  wire [TOKEN_WIDTH-1:0] answer_token;
  wire [31:0] answer_cycles;
  wire answer_last;
  wire logit_valid;
  reg logit_ready;
  wire [31:0] logit;
  wire busy;
  wire [ENTRY_WIDTH-1:0] program_addr;
  wire [WORD_WIDTH-1:0] program_word;
  wire constant_read;
  wire [CONSTANT_ADDR_WIDTH-1:0] constant_addr;
  wire [7:0] constant;
  wire [POSITION_WIDTH-1:0] step_position;
  wire [LAYER_WIDTH-1:0] layer;
  wire vector_busy;
  wire vector_start;
  wire [3:0] vector_opcode;
  wire [LENGTH_WIDTH-1:0] vector_length;
  wire vector_results;
  wire [ROW_WIDTH-1:0] vector_row;
  wire score_start;
  wire matrix_start;
  wire mix_start;
  wire out;
  wire [ROWS_WIDTH-1:0] rows;
  wire pause;
  reg [4:0] reference;
  wire run_valid;
  wire run_ready;
  wire [15:0] run_linear;
  wire [7:0] run_shift;
  wire result_last;

  // Logits on their way: of the vector unit in words, of the dot unit one by one.
  integer left;
  reg of_vector;
  reg logits_valid;
  reg [LANES-1:0] keep;
  reg [32*LANES-1:0] values;
  wire [3:0] units_free;
  wire [3:0] units_idle;
  wire [31:0] now;

  assign vector_busy = !units_free[0] || (left > 0 && of_vector);

  sdq_program rom (
      .clk_i  (clk),
      .index_i(program_addr),
      .word_o (program_word)
  );

  reg mem_wvalid;
  reg [31:0] mem_addr;
  reg [7:0] mem_wdata;
  wire mem_ready;

  sdq_decoder_memories #(
      .PARAMETER_BYTES    (2),
      .PARAMETER_BYTE_WIDTH(1),
      .CONSTANT_WORDS     (CONSTANT_WORDS),
      .CONSTANT_ADDR_WIDTH(CONSTANT_ADDR_WIDTH)
  ) memories (
      .clk_i            (clk),
      .rst_ni           (rst_n),
      .locked_i         (busy),
      .mem_wvalid_i     (mem_wvalid),
      .mem_wready_o     (mem_ready),
      .mem_rvalid_i     (1'b0),
      .mem_rready_o     (),
      .mem_addr_i       (mem_addr),
      .mem_wdata_i      (mem_wdata),
      .mem_rdata_valid_o(),
      .mem_rdata_o      (),
      .vector_read_i    (1'b0),
      .vector_addr_i    (1'b0),
      .dot_read_i       (1'b0),
      .dot_addr_i       (1'b0),
      .parameter_word_o (),
      .constant_read_i  (constant_read),
      .constant_addr_i  (constant_addr),
      .constant_o       (constant)
  );

  sdq_decoder_sequencer #(
      .WORD_WIDTH(WORD_WIDTH),
      .ENTRY_WIDTH(ENTRY_WIDTH),
      .VECTOR_ADDR_WIDTH(VECTOR_ADDR_WIDTH),
      .LENGTH_WIDTH(LENGTH_WIDTH),
      .ROWS_WIDTH(ROWS_WIDTH),
      .PARAMETER_ADDR_WIDTH(PARAMETER_ADDR_WIDTH),
      .CONSTANT_ADDR_WIDTH(CONSTANT_ADDR_WIDTH),
      .HEAD_WIDTH(HEAD_WIDTH),
      .LAYERS(LAYERS),
      .LAYER_WIDTH(LAYER_WIDTH),
      .LAYER_LINEARS(LAYER_LINEARS),
      .LAYER_WORDS(LAYER_WORDS),
      .SOURCE_AT(SOURCE_AT),
      .TARGET_AT(TARGET_AT),
      .LENGTH_AT(LENGTH_AT),
      .SEGMENT_AT(SEGMENT_AT),
      .RESULTS_AT(RESULTS_AT),
      .ADD_AT(ADD_AT),
      .BIASED_AT(BIASED_AT),
      .RECTIFY_AT(RECTIFY_AT),
      .LAYERED_AT(LAYERED_AT),
      .PARAMETERS_AT(PARAMETERS_AT),
      .SCALES_AT(SCALES_AT),
      .POSITION_AT(POSITION_AT),
      .CONSTANT_AT(CONSTANT_AT),
      .SPACE_AT(SPACE_AT),
      .ROWS_AT(ROWS_AT),
      .COLS_AT(COLS_AT),
      .OUT_AT(OUT_AT),
      .HEAD_AT(HEAD_AT),
      .ENTRY_AT(ENTRY_AT),
      .TOKEN_WIDTH(TOKEN_WIDTH),
      .POSITION_WIDTH(POSITION_WIDTH),
      .ROW_WIDTH(ROW_WIDTH),
      .LANES(LANES),
      .LOGIT_WORDS(LOGIT_WORDS),
      .LOGIT_WORD_WIDTH(LOGIT_WORD_WIDTH),
      .LOGIT_MARGIN(LOGIT_MARGIN)
  ) dut (
      .clk_i               (clk),
      .rst_ni              (rst_n),
      .request_valid_i     (request_valid),
      .request_ready_o     (request_ready),
      .position_i          (position),
      .count_i             (count),
      .logits_i            (wants_logits),
      .stops_i             (1'b0),
      .stop_i              ({TOKEN_WIDTH{1'b0}}),
      .token_valid_i       (token_valid),
      .token_ready_o       (token_ready),
      .token_i             (token),
      .token_last_i        (token_last),
      .answer_valid_o      (answer_valid),
      .answer_ready_i      (answer_ready),
      .answer_position_o   (answer_position),
      .answer_token_o      (answer_token),
      .answer_cycles_o     (answer_cycles),
      .answer_last_o       (answer_last),
      .logit_valid_o       (logit_valid),
      .logit_ready_i       (logit_ready),
      .logit_o             (logit),
      .busy_o              (busy),
      .program_addr_o      (program_addr),
      .program_word_i      (program_word),
      .constant_read_o     (constant_read),
      .constant_addr_o     (constant_addr),
      .constant_i          (constant),
      .position_o          (step_position),
      .layer_o             (layer),
      .vector_busy_i       (vector_busy),
      .vector_start_o      (vector_start),
      .vector_opcode_o     (vector_opcode),
      .vector_source_o     (),
      .vector_target_o     (),
      .vector_length_o     (vector_length),
      .vector_segment_o    (),
      .vector_results_o    (vector_results),
      .vector_add_o        (),
      .vector_biased_o     (),
      .vector_rectify_o    (),
      .vector_parameters_o (),
      .vector_scales_o     (),
      .vector_row_o        (vector_row),
      .vector_shift_o      (),
      .vector_space_o      (),
      .vector_logit_valid_i(logits_valid && of_vector),
      .vector_logit_keep_i (keep),
      .vector_logits_i     (values),
      .dot_free_i          (units_free[2] && (left == 0 || of_vector)),
      .dot_idle_i          (units_idle[2] && (left == 0 || of_vector)),
      .score_start_o       (score_start),
      .matrix_start_o      (matrix_start),
      .mix_free_i          (units_free[3]),
      .mix_idle_i          (units_idle[3]),
      .mix_start_o         (mix_start),
      .head_o              (),
      .target_o            (),
      .out_o               (out),
      .parameters_o        (),
      .scales_o            (),
      .rows_o              (rows),
      .cols_o              (),
      .shift_o             (),
      .dot_logit_valid_i   (logits_valid && !of_vector),
      .dot_logit_i         (values[31:0]),
      .pause_o             (pause),
      .reference_i         (reference),
      .run_valid_o         (run_valid),
      .run_ready_i         (run_ready),
      .run_linear_o        (run_linear),
      .run_shift_o         (run_shift),
      .result_last_i       (result_last)
  );

  reg [1023:0] file;
  reg [7:0] constants[0:CONSTANTS-1];
  reg [63:0] linears[0:LINEARS-1];
  reg [8*32+2*OPERANDS-1:0] events[0:EVENTS-1];

  // The instruction that is to be started next.
  integer event_at = 0;
  wire [8*32+2*OPERANDS-1:0] line = events[event_at];
  wire [4:0] wanted_opcode = line[4:0];
  wire [255:0] times = line[2*OPERANDS+:256];
  wire [31:0] predicted = times[0+:32];
  wire [31:0] step_cycles = times[128+:32];
  wire [3:0] unit = times[160+:4];
  wire is_first = times[171];
  wire by_position = times[172];
  wire [3:0] starts = {mix_start, score_start || matrix_start, 1'b0, vector_start};
  wire takes_run = run_valid && run_ready;

  fake_units #(
      .BANKS (BANKS),
      .HANDED(1)
  ) units (
      .clk          (clk),
      .start        ({starts[3:2], takes_run, starts[0]}),
      .takes_results(times[168]),
      .taking       (times[32+:32]),
      .draining     (times[192+:32]),
      .writing      (times[64+:32]),
      .first        (linears[run_linear][31:0]),
      .occupied     (linears[run_linear][63:32]),
      .free         (units_free),
      .idle         (units_idle),
      .ready        (run_ready),
      .result_last  (result_last),
      .now          (now)
  );

  integer seed, errors, began, step, given, runs, answers, wanted_runs, k, shift;
  reg late;  // the second request
  reg begins;
  reg finishes;
  reg [31:0] logits[0:(1<<TOKEN_WIDTH)-1];
  integer sent, got, best, to_give;
  reg [TOKEN_WIDTH-1:0] tokens[0:63];  // of each step; the one behind the last is the newest best token
  integer cycles[0:63];

  task fail(input [8*24-1:0] what);
    begin
      errors = errors + 1;
      if (errors < 10) $display("step %0d, cycle %0d, start %0d: %0s", step, now - began, event_at, what);
    end
  endtask

  // One cycle: what begins, then what the units and the host do.
  task tick;
    begin
      #3;
      begins = starts != 4'd0;
      if (begins) begin
        if (is_first) begin
          step = step + 1;
          began = now;
          cycles[step] = step_cycles;
          if (sent != 0 && sent != VOCABULARY) fail("logits");
          runs = 0;
          sent = 0;
          got = 0;
        end
        if (starts !== unit) fail("starts");
        if (vector_start && vector_opcode !== wanted_opcode[3:0]) fail("opcode");
        if (!late && now - began != predicted) fail("not when predicted");
        if (vector_start && vector_opcode == ROW && vector_row !== (by_position ? step_position : tokens[step])) fail("row");
      end
      if (takes_run) begin
        if (run_linear !== runs) fail("linear");
        shift = $signed(constants[runs]) - $signed({27'd0, reference});
        shift = shift < -16 ? -16 : shift > 63 ? 63 : shift;
        if ($signed(run_shift) !== shift) fail("shift");
        runs = runs + 1;
      end
      if (logit_valid && logit_ready) begin
        if (!late || got >= sent || logit !== logits[got]) fail("to the host");
        got = got + 1;
      end
      if (answer_valid && answer_ready) begin
        if (answer_position !== answers + PROMPT - 1 || answer_token !== tokens[answers+PROMPT]) fail("answer");
        if (!late && answer_cycles !== cycles[answers+PROMPT-1] + 4) fail("cycles");
        if (answer_last !== (answers == GENERATED - 1 || answers == GENERATED + LATE - 1)) fail("last");
        // All logits of the step are in front of its answer; another one may have begun.
        answers = answers + 1;
      end
      finishes = vector_start && vector_opcode == LOGITS;
      to_give = finishes ? vector_length : matrix_start && out ? rows : 0;
      @(negedge clk);
      if (to_give > 0) begin
        left = to_give;
        of_vector = finishes;
      end
      if (begins) event_at = event_at + 1;
      if (now > 200000 || errors > 100) begin
        $display("FAIL: stopped after %0d starts, %0d answers", event_at, answers);
        $finish;
      end
      #1;
      answer_ready = !late || ($random(seed) & 3) == 0;
      logit_ready = ($random(seed) & 3) == 0;
      logits_valid = left > 0 && !pause;
      keep = {LANES{1'b0}};
      if (logits_valid)
        for (k = 0; k < LANES; k = k + 1) begin
          values[32*k+:32] = $random(seed) % 1000;
          if (left > 0 && (of_vector || k == 0)) begin
            keep[k] = 1'b1;
            logits[sent] = values[32*k+:32];
            if (sent == 0 || $signed(logits[sent]) > $signed(logits[best])) best = sent;
            if (step + 1 >= PROMPT) tokens[step+1] = best;
            sent = sent + 1;
            left = left - 1;
          end
        end
    end
  endtask

  task ask(input integer length, input integer generated);
    begin
      request_valid = 1'b1;
      count = generated;
      tick;
      request_valid = 1'b0;
      for (given = 0; given < length; given = given + 1) begin
        token_valid = 1'b1;
        token = late ? tokens[step+1] : tokens[given];
        token_last = given == length - 1;
        while (!token_ready) tick;
        tick;
        token_valid = 1'b0;
      end
      while (busy) tick;
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if ($value$plusargs("constants=%s", file)) $readmemh(file, constants);
    if ($value$plusargs("linears=%s", file)) $readmemh(file, linears);
    if ($value$plusargs("events=%s", file)) $readmemh(file, events);
    errors = 0;
    left = 0;
    sent = 0;
    got = 0;
    best = 0;
    answers = 0;
    step = -1;
    began = 0;
    late = 1'b0;
    of_vector = 1'b0;
    {request_valid, token_valid, answer_ready, logit_ready, logits_valid, wants_logits} = 6'd0;
    reference = $random(seed);
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    for (k = 0; k < CONSTANTS; k = k + 1) begin
      mem_wvalid = 1'b1;
      mem_addr = {4'd5, k[27:0]};
      mem_wdata = constants[k];
      @(negedge clk);
    end
    mem_wvalid = 1'b0;
    for (k = 0; k < PROMPT; k = k + 1) tokens[k] = $random(seed);
    #1;
    position = 0;
    ask(PROMPT, GENERATED);
    if (answers != GENERATED) fail("answers");
    late = 1'b1;
    wants_logits = 1'b1;
    position = PROMPT + GENERATED - 1;
    reference = $random(seed);
    ask(1, LATE);
    if (answers != GENERATED + LATE || got != VOCABULARY) fail("late answers");
    if (event_at != EVENTS) fail("starts are missing");
    if (errors == 0) $display("PASS %0d starts, %0d tokens", event_at, answers);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
