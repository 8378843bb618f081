`timescale 1ns / 1ns
// sdq_issue: steps of a program, with units that take the times that the plusargs' file gives. In each cycle starts are
// compared with what the module's header promises; every issue with its instruction, its operands and, if stall is 0, the
// predicted cycle. +stall=N: units are neither free nor idle in N % of the cycles, at random. +seed=N.
// Files: +constants, +events (an instruction that is executed per line, see issue.ts). The program is a generated sdq_program.
module issue_tb;

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

  parameter CONSTANTS = 1;
  parameter EVENTS = 1;
  parameter STEPS = 1;
  parameter BANKS = 2;

  localparam OPERANDS = 256;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg start;
  wire done;
  wire busy;
  wire [LAYER_WIDTH-1:0] layer;
  wire [ENTRY_WIDTH-1:0] program_addr;
  wire [WORD_WIDTH-1:0] program_word;
  wire constant_read;
  wire [CONSTANT_ADDR_WIDTH-1:0] constant_addr;
  reg [7:0] constant;
  reg [3:0] free;
  reg [3:0] idle;
  wire [3:0] starts;
  wire [4:0] opcode;
  wire [VECTOR_ADDR_WIDTH-1:0] source;
  wire [VECTOR_ADDR_WIDTH-1:0] target;
  wire [LENGTH_WIDTH-1:0] length;
  wire [LENGTH_WIDTH-1:0] segment;
  wire results;
  wire add;
  wire biased;
  wire rectify;
  wire [PARAMETER_ADDR_WIDTH-1:0] parameters;
  wire [PARAMETER_ADDR_WIDTH-1:0] scales;
  wire by_position;
  wire [7:0] shift;
  wire [1:0] space;
  wire [ROWS_WIDTH-1:0] rows;
  wire [LENGTH_WIDTH-1:0] cols;
  wire out;
  wire [CONSTANT_ADDR_WIDTH-1:0] linear;
  wire [HEAD_WIDTH-1:0] head;

  always #5 clk = !clk;

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
  ) dut (
      .clk_i          (clk),
      .rst_ni         (rst_n),
      .start_i        (start),
      .done_o         (done),
      .busy_o         (busy),
      .layer_o        (layer),
      .program_addr_o (program_addr),
      .program_word_i (program_word),
      .constant_read_o(constant_read),
      .constant_addr_o(constant_addr),
      .constant_i     (constant),
      .free_i         (free),
      .idle_i         (idle),
      .start_o        (starts),
      .opcode_o       (opcode),
      .source_o       (source),
      .target_o       (target),
      .length_o       (length),
      .segment_o      (segment),
      .results_o      (results),
      .add_o          (add),
      .biased_o       (biased),
      .rectify_o      (rectify),
      .parameters_o   (parameters),
      .scales_o       (scales),
      .by_position_o  (by_position),
      .shift_o        (shift),
      .space_o        (space),
      .rows_o         (rows),
      .cols_o         (cols),
      .out_o          (out),
      .linear_o       (linear),
      .head_o         (head)
  );

  sdq_program rom (
      .clk_i  (clk),
      .index_i(program_addr),
      .word_o (program_word)
  );

  reg [1023:0] file;
  reg [7:0] constants[0:CONSTANTS-1];
  reg [8*32+2*OPERANDS-1:0] events[0:EVENTS-1];

  always @(posedge clk) if (constant_read) constant <= constants[constant_addr];

  // The instruction that is to be issued next.
  integer event_at = 0;
  wire [8*32+2*OPERANDS-1:0] line = events[event_at];
  wire [OPERANDS-1:0] wanted = line[0+:OPERANDS];
  wire [OPERANDS-1:0] mask = line[OPERANDS+:OPERANDS];
  wire [255:0] times = line[2*OPERANDS+:256];
  wire [31:0] predicted = times[0+:32];
  wire [31:0] taking = times[32+:32];
  wire [31:0] writing = times[64+:32];
  wire [31:0] first = times[96+:32];
  wire [31:0] occupied = times[128+:32];
  wire [3:0] unit = times[160+:4];
  wire [3:0] waits = times[164+:4];
  wire takes_results = times[168];
  wire is_loop = times[169];
  wire is_end = times[170];

  wire [OPERANDS-1:0] operands = {
    layer, head, linear, out, cols, rows, space, shift, by_position, scales, parameters, rectify, biased, add, results,
    segment, length, target, source, opcode
  };

  wire [3:0] units_free;
  wire [3:0] units_idle;
  wire [31:0] now;
  wire unused_ready;
  wire unused_last;

  fake_units #(
      .BANKS(BANKS)
  ) units (
      .clk          (clk),
      .start        (starts),
      .takes_results(takes_results),
      .taking       (taking),
      .draining     (times[192+:32]),
      .writing      (writing),
      .first        (first),
      .occupied     (occupied),
      .free         (units_free),
      .idle         (units_idle),
      .ready        (unused_ready),
      .result_last  (unused_last),
      .now          (now)
  );

  integer began, next, seed, stall, errors, step, issues;
  reg held;
  reg [OPERANDS-1:0] held_wanted;
  reg [OPERANDS-1:0] held_mask;

  task fail(input [8*24-1:0] what);
    begin
      errors = errors + 1;
      if (errors < 10)
        $display("step %0d, cycle %0d, instruction %0d (predicted %0d): %0s", step, now - began, event_at, predicted, what);
    end
  endtask

  reg due;

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("stall=%d", stall)) stall = 0;
    if ($value$plusargs("constants=%s", file)) $readmemh(file, constants);
    if ($value$plusargs("events=%s", file)) $readmemh(file, events);
    errors = 0;
    issues = 0;
    start = 1'b0;
    free = 4'd0;
    idle = 4'd0;
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    repeat (2) @(negedge clk);
    for (step = 0; step < STEPS; step = step + 1) begin
      #1;
      start = 1'b1;
      // The first issue.
      began = now + 2;
      next = began;
      held = 1'b0;
      while (busy || start) begin
        free = units_free;
        idle = units_idle;
        if (stall > 0 && $unsigned($random(seed)) % 100 < stall) begin
          free = free & $random(seed);
          idle = idle & $random(seed);
        end
        #3;
        due = now >= next && &(free | ~unit) && &(idle | ~waits);
        if (starts !== (due ? unit : 4'd0)) fail("starts");
        if (done !== (due && is_end)) fail("done");
        if (held && ((operands ^ held_wanted) & held_mask) !== 0) fail("operands do not stay");
        held = 1'b0;
        if (due) begin
          if (stall == 0 && now - began != predicted) fail("not when predicted");
          if (((operands ^ wanted) & mask) !== 0) fail("operands");
          // The layer goes on behind LOOP.
          held = !is_loop && !is_end;
          held_wanted = wanted;
          held_mask = mask;
          next = now + (is_loop ? 4 : 2);
          issues = issues + 1;
        end
        @(negedge clk);
        if (due) event_at = event_at + 1;
        #1;
        start = 1'b0;
        if (now - began > 1000000 && now > began || errors > 100) begin
          $display("FAIL: stopped");
          $finish;
        end
      end
      // The issue of END was two cycles ago when the next step begins.
      @(negedge clk);
    end
    if (event_at != EVENTS) errors = errors + 1;
    if (errors == 0) $display("PASS %0d instructions in %0d steps", issues, STEPS);
    else $display("FAIL: %0d errors, %0d of %0d instructions", errors, issues, EVENTS);
    $finish;
  end

endmodule
