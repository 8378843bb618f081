`default_nettype none
// Plays a list of operations to sdq_engine and compares what it answers with another list. +ops=FILE, +answers=FILE: 64-bit words
// in hex, +schedule=FILE: the words of the schedule, +signs=FILE: of the sign patterns, +seed=N, +stall=P and +idle=P: percent
// of cycles in which results are not taken, and in which no memory operation is offered. With +stall, results wait for
// hundreds of cycles now and then.
//
//   operations  63:60  1 write byte      39:8 address, 7:0 data
//                      2 read byte       39:8 address, 7:0 data wanted
//                      3 run             23:8 linear, 7:0 shift
//                      0 end
//   answers     63:60  4 result wanted   32 last, 31:0 data
//                      5 rows wanted     31:0, with the results that follow
//                      6 cycles wanted   31:0, the same; with one bank
//                      0 end
// With +times it prints a line "run C", "first C", "done C" for the cycle of each RUN's transfer, first result and last one.
// Prints "PASS <operations> <answers>" or a line per mismatch and "FAIL".
module engine_tb #(
    parameter OPS = 1,
    parameter ANSWERS = 1,
    parameter LINEARS = 1,
    parameter LANES = 8,
    parameter LANE_WIDTH = 3,
    parameter ROWS = 5,
    parameter UNITS = 1,
    parameter UNIT_WIDTH = 1,
    parameter PHASES = 5,
    parameter PHASE_WIDTH = 3,
    parameter TERNARY = 1,
    parameter MEANS = 0,
    parameter TABLES = 0,
    parameter SIGN_TREE = 0,
    parameter TABLE_GROUPS = 3,
    parameter TABLE_LEVELS = 2,
    parameter STORED_WIDTH = 8,
    parameter WEIGHT_STREAM = 0,
    parameter SEGMENTS = 1,
    parameter GAIN_WIDTH = 1,
    parameter SUM_WIDTH = 11,
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 24,
    parameter ACC_WIDTH = 40,
    parameter WEIGHT_SINGLE_PORT = 0,
    parameter WEIGHT_WORDS = 2,
    parameter WEIGHT_ADDR_WIDTH = 1,
    parameter WEIGHT_BYTES = 8,
    parameter WEIGHT_BYTE_WIDTH = 3,
    parameter SCALE_WORDS = 2,
    parameter SCALE_ADDR_WIDTH = 1,
    parameter SCALE_BYTES = 5,
    parameter SCALE_BYTE_WIDTH = 3,
    parameter ACTIVATION_WORDS = 2,
    parameter ACTIVATION_ADDR_WIDTH = 1,
    parameter SLOT_WORDS = 1,
    parameter BLOCK_WORDS = 2,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter ACC_WORDS = 5,
    parameter ACC_ADDR_WIDTH = 3,
    parameter BANKS = 1,
    parameter RESULTS = 1,
    parameter SLICE_WIDTH = 0,
    parameter CYCLE_WIDTH = 3,
    parameter GROUP_WIDTH = 1,
    parameter SPAN_WIDTH = 1,
    parameter STEP_WIDTH = 1,
    parameter ROW_WIDTH = 3,
    parameter FRAME = 0,
    parameter VALUES = 2,
    parameter VALUE_WIDTH = 1,
    parameter SAMPLES = 2,
    parameter GRANULE = 2,
    parameter BLOCK_WIDTH = 5,
    parameter SEGMENT_WIDTH = 1,
    parameter WORK_WIDTH = 5,
    parameter ROUND_WIDTH = 5,
    parameter SHAPE_WIDTH = 1,
    parameter VECTOR_WORDS = 2,
    parameter VECTOR_ADDR_WIDTH = 1,
    parameter WALK_WIDTH = 34,
    parameter SCHEDULE_WIDTH = 34
) ();

  localparam SIGNS_WIDTH = SEGMENT_WIDTH + BLOCK_WIDTH - VALUE_WIDTH;
  localparam TIMEOUT_CYCLES = 200000;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg [63:0] ops[0:OPS-1];
  reg [63:0] answers[0:ANSWERS-1];
  reg [SCHEDULE_WIDTH-1:0] schedule[0:LINEARS-1];
  reg [VALUES-1:0] signs[0:(1<<SIGNS_WIDTH)-1];
  reg [8*1024-1:0] ops_file;
  reg [8*1024-1:0] answers_file;
  reg [8*1024-1:0] schedule_file;
  reg [8*1024-1:0] signs_file;
  integer seed;
  integer stall;
  integer idle;
  integer op;
  integer answer;
  integer pause;
  integer cycle;
  integer n;
  integer errors;
  integer waited;

  wire [63:0] now = ops[op];
  wire [3:0] kind = now[63:60];
  reg [63:0] wanted;  // the next answer
  reg offered;

  wire mem_wready;
  wire mem_rready;
  wire mem_rdata_valid;
  wire [7:0] mem_rdata;
  wire run_ready;
  wire res_valid;
  reg res_ready;
  wire [32*RESULTS-1:0] res_data;
  wire res_last;
  wire [31:0] res_rows;
  wire [31:0] res_cycles;
  wire [15:0] schedule_index;
  reg [SCHEDULE_WIDTH-1:0] schedule_word;
  wire [SIGNS_WIDTH-1:0] signs_index;
  reg [VALUES-1:0] signs_word;
  wire beat;
  wire array_stall;
  wire busy;
  reg reading;

  always @(posedge clk) begin
    schedule_word <= schedule[schedule_index];
    signs_word <= signs[signs_index];
  end

  sdq_engine #(
      .LANES                (LANES),
      .LANE_WIDTH           (LANE_WIDTH),
      .ROWS                 (ROWS),
      .UNITS                (UNITS),
      .UNIT_WIDTH           (UNIT_WIDTH),
      .PHASES               (PHASES),
      .PHASE_WIDTH          (PHASE_WIDTH),
      .TERNARY              (TERNARY),
      .MEANS                (MEANS),
      .TABLES               (TABLES),
      .SIGN_TREE            (SIGN_TREE),
      .TABLE_GROUPS         (TABLE_GROUPS),
      .TABLE_LEVELS         (TABLE_LEVELS),
      .STORED_WIDTH         (STORED_WIDTH),
      .WEIGHT_STREAM        (WEIGHT_STREAM),
      .SEGMENTS             (SEGMENTS),
      .GAIN_WIDTH           (GAIN_WIDTH),
      .SUM_WIDTH            (SUM_WIDTH),
      .TOTAL_WIDTH          (TOTAL_WIDTH),
      .SCALED_WIDTH         (SCALED_WIDTH),
      .ACC_WIDTH            (ACC_WIDTH),
      .WEIGHT_SINGLE_PORT   (WEIGHT_SINGLE_PORT),
      .WEIGHT_WORDS         (WEIGHT_WORDS),
      .WEIGHT_ADDR_WIDTH    (WEIGHT_ADDR_WIDTH),
      .WEIGHT_BYTES         (WEIGHT_BYTES),
      .WEIGHT_BYTE_WIDTH    (WEIGHT_BYTE_WIDTH),
      .SCALE_WORDS          (SCALE_WORDS),
      .SCALE_ADDR_WIDTH     (SCALE_ADDR_WIDTH),
      .SCALE_BYTES          (SCALE_BYTES),
      .SCALE_BYTE_WIDTH     (SCALE_BYTE_WIDTH),
      .ACTIVATION_WORDS     (ACTIVATION_WORDS),
      .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
      .SLOT_WORDS           (SLOT_WORDS),
      .BLOCK_WORDS          (BLOCK_WORDS),
      .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
      .ACC_WORDS            (ACC_WORDS),
      .ACC_ADDR_WIDTH       (ACC_ADDR_WIDTH),
      .BANKS                (BANKS),
      .RESULTS              (RESULTS),
      .SLICE_WIDTH          (SLICE_WIDTH),
      .CYCLE_WIDTH          (CYCLE_WIDTH),
      .GROUP_WIDTH          (GROUP_WIDTH),
      .SPAN_WIDTH           (SPAN_WIDTH),
      .STEP_WIDTH           (STEP_WIDTH),
      .ROW_WIDTH            (ROW_WIDTH),
      .FRAME                (FRAME),
      .VALUES               (VALUES),
      .VALUE_WIDTH          (VALUE_WIDTH),
      .SAMPLES              (SAMPLES),
      .GRANULE              (GRANULE),
      .BLOCK_WIDTH          (BLOCK_WIDTH),
      .SEGMENT_WIDTH        (SEGMENT_WIDTH),
      .WORK_WIDTH           (WORK_WIDTH),
      .ROUND_WIDTH          (ROUND_WIDTH),
      .SHAPE_WIDTH          (SHAPE_WIDTH),
      .VECTOR_WORDS         (VECTOR_WORDS),
      .VECTOR_ADDR_WIDTH    (VECTOR_ADDR_WIDTH),
      .WALK_WIDTH           (WALK_WIDTH),
      .SCHEDULE_WIDTH       (SCHEDULE_WIDTH)
  ) dut (
      .clk_i            (clk),
      .rst_ni           (rst_n),
      .mem_wvalid_i     (offered && kind == 4'd1),
      .mem_wready_o     (mem_wready),
      .mem_rvalid_i     (offered && kind == 4'd2 && !reading),
      .mem_rready_o     (mem_rready),
      .mem_addr_i       (now[39:8]),
      .mem_wdata_i      (now[7:0]),
      .mem_rdata_valid_o(mem_rdata_valid),
      .mem_rdata_o      (mem_rdata),
      .cut_start_i      (1'b0),
      .cut_valid_i      (1'b0),
      .cut_block_i      ({BLOCK_ADDR_WIDTH{1'b0}}),
      .cut_exponent_i   (5'd0),
      .cut_word_i       (32'd0),
      .cut_reference_i  (5'd0),
      .run_valid_i      (offered && kind == 4'd3),
      .run_ready_o      (run_ready),
      .run_linear_i     (now[23:8]),
      .run_shift_i      (now[7:0]),
      .res_valid_o      (res_valid),
      .res_ready_i      (res_ready),
      .res_data_o       (res_data),
      .res_last_o       (res_last),
      .res_rows_o       (res_rows),
      .res_cycles_o     (res_cycles),
      .schedule_index_o (schedule_index),
      .schedule_word_i  (schedule_word),
      .weights_quiet_i  (1'b0),
      .weights_ready_i  (1'b0),
      .weights_rdata_valid_i(1'b0),
      .weights_rdata_i  (8'd0),
      .weights_word_valid_i(1'b0),
      .weights_word_i   ({WEIGHT_BYTES * STORED_WIDTH{1'b0}}),
      .signs_index_o    (signs_index),
      .signs_word_i     (signs_word),
      .beat_o           (beat),
      .stall_o          (array_stall),
      .busy_o           (busy)
  );

  // A table takes off again what lanes without a sample add to it: any number will do there, but not an unknown one.
  generate
    if (FRAME != 0 && TABLES != 0) begin : g_samples
      integer w;
      initial for (w = 0; w < ACTIVATION_WORDS; w = w + 1) dut.u_operands.u_memories.g_frame.u_samples.memory[w] = {8 * LANES{1'b0}};
    end
  endgenerate

  // What was offered must stay until it is taken.
  reg held_q;
  reg [32*RESULTS:0] held_result_q;
  reg ended;

  function chance(input integer percent);
    chance = $unsigned($random(seed)) % 100 < percent;
  endfunction

  task mismatch(input [63:0] got);
    begin
      errors = errors + 1;
      $display("operation %0d (%h), answer %0d (%h): got %h", op, now, answer, wanted, got);
    end
  endtask

  task advance;
    begin
      answer = answer + 1;
      wanted = answers[answer];
    end
  endtask

  // Results that are taken at the next edge; those beyond the last row may be anything.
  task compare;
    begin
      ended = 1'b0;
      for (n = 0; n < RESULTS; n = n + 1) begin
        if (!ended) begin
          if (wanted[63:60] !== 4'd4 || res_data[32*n+:32] !== wanted[31:0]) mismatch({31'd0, res_last, res_data[32*n+:32]});
          ended = wanted[32] !== 1'b0;
          advance;
        end
      end
      if (res_last !== ended) mismatch({31'd0, res_last, 32'd0});
      if (ended && $test$plusargs("times")) $display("done %0d", cycle);
    end
  endtask

  task next;
    begin
      op = op + 1;
      offered = !chance(idle);
      waited = 0;
    end
  endtask

  initial begin
    if (!$value$plusargs("ops=%s", ops_file)) $finish;
    if (!$value$plusargs("answers=%s", answers_file)) $finish;
    if (!$value$plusargs("schedule=%s", schedule_file)) $finish;
    if (!$value$plusargs("signs=%s", signs_file)) $finish;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("stall=%d", stall)) stall = 0;
    if (!$value$plusargs("idle=%d", idle)) idle = 0;
    $readmemh(ops_file, ops);
    $readmemh(answers_file, answers);
    $readmemh(schedule_file, schedule);
    $readmemh(signs_file, signs);
    op = 0;
    answer = 0;
    wanted = answers[0];
    pause = 0;
    cycle = 0;
    errors = 0;
    waited = 0;
    offered = 1'b0;
    reading = 1'b0;
    res_ready = 1'b0;
    held_q = 1'b0;
    repeat (3) @(posedge clk);
    #1 rst_n = 1'b1;
    while ((kind != 4'd0 || wanted[63:60] != 4'd0) && errors < 10 && waited < TIMEOUT_CYCLES) begin
      @(negedge clk);
      // Half a cycle after the edge all outputs are stable; what is transferred at the next edge is known.
      waited = waited + 1;
      cycle = cycle + 1;
      // Weights on the chip never keep the array waiting; samples that are framed may.
      if (array_stall !== 1'b0 && (FRAME == 0 || array_stall !== 1'b1)) mismatch({63'd0, array_stall});
      // The host's port waits while the array works.
      if (beat === 1'b1 && {mem_wready, mem_rready} !== 2'b00) mismatch({62'd0, mem_wready, mem_rready});
      if (held_q && (!res_valid || {res_last, res_data} !== held_result_q)) mismatch({31'd0, res_last, res_data[31:0]});
      held_q = res_valid && !res_ready;
      held_result_q = {res_last, res_data};
      if (res_valid !== 1'b0 && wanted[63:60] == 4'd5) begin
        if (res_rows !== wanted[31:0]) mismatch({32'd0, res_rows});
        advance;
        if (BANKS == 1 && res_cycles !== wanted[31:0]) mismatch({32'd0, res_cycles});
        advance;
        if ($test$plusargs("times")) $display("first %0d", cycle);
      end
      if (res_valid !== 1'b0 && res_ready) begin
        compare;
        waited = 0;
      end
      if (kind == 4'd2 && reading && mem_rdata_valid && mem_rdata !== now[7:0]) mismatch({56'd0, mem_rdata});
      if (kind == 4'd3 && offered && run_ready && $test$plusargs("times")) $display("run %0d", cycle);
      @(posedge clk);
      #1;
      case (kind)
        4'd1: if (offered && mem_wready_q) next;
        else if (!offered) offered = !chance(idle);
        4'd2:
        if (reading && rdata_valid_q) begin
          reading = 1'b0;
          next;
        end else if (!reading && offered && mem_rready_q) reading = 1'b1;
        else if (!offered) offered = !chance(idle);
        4'd3: if (offered && run_ready_q) next;
        else offered = 1'b1;
      endcase
      if (pause > 0) pause = pause - 1;
      else if (stall != 0 && chance(1)) pause = $unsigned($random(seed)) % 400;
      res_ready = pause == 0 && !chance(stall);
    end
    if (kind != 4'd0 || wanted[63:60] != 4'd0) begin
      errors = errors + 1;
      $display("stopped at operation %0d (%h), answer %0d (%h) after %0d cycles", op, now, answer, wanted, waited);
    end
    repeat (10) @(posedge clk);
    if (busy !== 1'b0 || res_valid !== 1'b0) begin
      errors = errors + 1;
      $display("the engine is not idle at the end");
    end
    if (errors == 0) $display("PASS %0d %0d", op, answer);
    else $display("FAIL");
    $finish;
  end

  // Handshakes as of the last edge.
  reg mem_wready_q, mem_rready_q, run_ready_q, rdata_valid_q;
  always @(posedge clk) begin
    mem_wready_q  <= mem_wready;
    mem_rready_q  <= mem_rready;
    run_ready_q   <= run_ready;
    rdata_valid_q <= mem_rdata_valid;
  end

endmodule
`default_nettype wire
