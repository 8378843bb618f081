`default_nettype none
// sdq_run_overlap: requests with gaps, an array that takes a random time, results that end at random. Each output is compared in
// each cycle with what the module's header promises. +seed=N.
module overlap_tb;

  localparam CYCLES = 5000;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg run_valid;
  wire run_ready;
  reg [15:0] run_linear;
  reg [7:0] run_shift;
  wire [15:0] linear;
  wire [7:0] shift;
  wire start;
  reg walked;
  reg read_done;
  wire computing;
  wire busy;

  always #5 clk = !clk;

  sdq_run_overlap dut (
      .clk_i       (clk),
      .rst_ni      (rst_n),
      .run_valid_i (run_valid),
      .run_ready_o (run_ready),
      .run_linear_i(run_linear),
      .run_shift_i (run_shift),
      .linear_o    (linear),
      .shift_o     (shift),
      .start_o     (start),
      .walked_i    (walked),
      .read_done_i (read_done),
      .computing_o (computing),
      .busy_o      (busy)
  );

  integer seed, errors, cycle, results, taken;
  reg walking, starts, takes;
  reg [15:0] last_linear;
  reg [7:0] last_shift;

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    {errors, results, taken} = 96'd0;
    {run_valid, walked, read_done, walking, starts} = 5'b00000;
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    for (cycle = 0; cycle < CYCLES; cycle = cycle + 1) begin
      run_valid = ($random(seed) & 3) != 0;
      run_linear = $random(seed);
      run_shift = $random(seed);
      // The array ends what was started, results what it has ended.
      walked = walking && !starts && ($random(seed) & 3) == 0;
      read_done = results > 0 && ($random(seed) & 7) == 0;
      #4;
      if ({run_ready, start, computing, busy} !==
          {!walking && results < 2, starts, walking, walking || results > 0}) errors = errors + 1;
      takes = run_valid && !walking && results < 2;
      if (takes && linear !== run_linear) errors = errors + 1;
      if (taken > 0 && !takes && linear !== last_linear) errors = errors + 1;
      if (taken > 0 && shift !== last_shift) errors = errors + 1;
      if (takes) begin
        last_linear = run_linear;
        last_shift  = run_shift;
        taken = taken + 1;
      end
      results = results + walked - read_done;
      walking = takes || (walking && !walked);
      starts  = takes;
      @(negedge clk);
    end
    if (errors == 0 && taken > 100) $display("PASS %0d runs", taken);
    else $display("FAIL: %0d errors, %0d runs", errors, taken);
    $finish;
  end

endmodule
`default_nettype wire
