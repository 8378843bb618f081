`default_nettype none
// sdq_run_control: requests with gaps, an array that works for a random time, results that come and end at random. Each
// output is compared in each cycle with what the module's header promises. +seed=N.
module control_tb;

  localparam RUNS = 200;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg run_valid;
  wire run_ready;
  reg [15:0] run_linear;
  reg [7:0] run_shift;
  wire [15:0] linear;
  wire [7:0] shift;
  wire start;
  reg drained;
  reg result_valid;
  reg read_done;
  wire computing;
  wire busy;
  wire [31:0] cycles;

  always #5 clk = !clk;

  sdq_run_control dut (
      .clk_i         (clk),
      .rst_ni        (rst_n),
      .run_valid_i   (run_valid),
      .run_ready_o   (run_ready),
      .run_linear_i  (run_linear),
      .run_shift_i   (run_shift),
      .linear_o      (linear),
      .shift_o       (shift),
      .start_o       (start),
      .drained_i     (drained),
      .result_valid_i(result_valid),
      .read_done_i   (read_done),
      .computing_o   (computing),
      .busy_o        (busy),
      .cycles_o      (cycles)
  );

  integer seed, errors, run, n, age, work, wait_first, results;
  reg [15:0] wanted_linear;
  reg [7:0] wanted_shift;

  // One cycle in which these outputs are wanted: {ready, start, computing, busy}.
  task tick(input [3:0] wanted, input integer wanted_cycles);
    begin
      #4;
      if ({run_ready, start, computing, busy} !== wanted) errors = errors + 1;
      if (busy && {linear, shift} !== {wanted_linear, wanted_shift}) errors = errors + 1;
      if (wanted_cycles >= 0 && cycles !== wanted_cycles) errors = errors + 1;
      @(negedge clk);
    end
  endtask

  // Requests wait with other operands while one is executed, now and then.
  task others;
    begin
      run_valid = $random(seed);
      run_linear = $random(seed);
      run_shift = $random(seed);
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    {run_valid, drained, result_valid, read_done} = 4'b0000;
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    age = -1;
    for (run = 0; run < RUNS; run = run + 1) begin
      run_valid = 1'b0;
      for (n = $random(seed) & 3; n > 0; n = n - 1) begin
        run_linear = $random(seed);
        run_shift = $random(seed);
        tick(4'b1000, age);
      end
      run_valid = 1'b1;
      run_linear = $random(seed);
      run_shift = $random(seed);
      wanted_linear = run_linear;
      wanted_shift = run_shift;
      tick(4'b1000, age);
      others;
      tick(4'b0111, 1);
      age = 2;
      for (work = $random(seed) & 31; work >= 0; work = work - 1) begin
        others;
        drained = work == 0;
        tick(4'b0011, age);
        age = age + 1;
      end
      drained = 1'b0;
      for (wait_first = $random(seed) & 7; wait_first > 0; wait_first = wait_first - 1) begin
        others;
        tick(4'b0001, age);
        age = age + 1;
      end
      for (results = $random(seed) & 15; results >= 0; results = results - 1) begin
        others;
        // From the first result on the count stands still, whether results flow or not.
        result_valid = age < 0 || results == 0 || $random(seed);
        read_done = results == 0;
        if (result_valid && results != 0) begin
          tick(4'b0001, age);
          result_valid = 1'b1;
          tick(4'b0001, age);
          for (n = $random(seed) & 7; n > 0; n = n - 1) begin
            result_valid = $random(seed);
            tick(4'b0001, age);
          end
          results = 0;
          result_valid = 1'b1;
          read_done = 1'b1;
        end
        tick(4'b0001, age);
        if (!result_valid) age = age + 1;
      end
      {result_valid, read_done} = 2'b00;
    end
    if (errors == 0) $display("PASS %0d runs", RUNS);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
