`timescale 1ns / 1ns
// sdq_run_queue: random runs to an engine that takes them after random times and has up to two of them at work. Each output is
// compared in each cycle. +seed=N.
module run_queue_tb;

  parameter INDEX_WIDTH = 5;

  localparam RUNS = 2000;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg start;
  reg [INDEX_WIDTH-1:0] linear;
  reg [7:0] final_shift;
  reg [4:0] reference;
  wire free;
  wire idle;
  wire run_valid;
  reg run_ready;
  wire [15:0] run_linear;
  wire [7:0] run_shift;
  reg result_last;

  sdq_run_queue #(
      .INDEX_WIDTH(INDEX_WIDTH)
  ) dut (
      .clk_i        (clk),
      .rst_ni       (rst_n),
      .start_i      (start),
      .linear_i     (linear),
      .final_i      (final_shift),
      .reference_i  (reference),
      .free_o       (free),
      .idle_o       (idle),
      .run_valid_o  (run_valid),
      .run_ready_i  (run_ready),
      .run_linear_o (run_linear),
      .run_shift_o  (run_shift),
      .result_last_i(result_last)
  );

  integer seed, errors, run, working, wanted_shift;
  reg waits;
  reg [INDEX_WIDTH-1:0] wanted_linear;

  task check(input condition);
    if (condition !== 1'b1) errors = errors + 1;
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    working = 0;
    run = 0;
    {start, run_ready, result_last, waits} = 4'd0;
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    while (run < RUNS) begin
      // What the engine has changes with transfers only.
      run_ready = working < 2 && $random(seed);
      result_last = working > 0 && ($random(seed) & 3) == 0;
      start = !waits && $random(seed);
      linear = $random(seed);
      final_shift = $random(seed);
      if (!waits) reference = $random(seed);
      #1;
      check(free === !waits);
      check(idle === (working == 0 && !waits));
      check(run_valid === waits);
      if (waits) begin
        check(run_linear === {{16 - INDEX_WIDTH{1'b0}}, wanted_linear});
        check($signed(run_shift) === wanted_shift);
      end
      if (waits && run_ready) begin
        working = working + 1;
        waits = 1'b0;
      end else if (start) begin
        waits = 1'b1;
        wanted_linear = linear;
        wanted_shift = $signed(final_shift) - $signed({27'd0, reference});
        if (wanted_shift < -16) wanted_shift = -16;
        if (wanted_shift > 63) wanted_shift = 63;
        run = run + 1;
      end
      if (result_last) working = working - 1;
      @(negedge clk);
    end
    if (errors == 0) $display("PASS %0d runs", RUNS);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
