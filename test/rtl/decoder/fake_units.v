`timescale 1ns / 1ns
// Units that take the times that they are given: generator/schedule/timing.ts, cycle by cycle. Vector 0, array 1, dot 2,
// mix 3. A start is taken at the rising edge, with the times of its instruction; free, idle and the rest change at the falling one.
//
// HANDED = 0: start[1] is the issue of a RUN. 1: it is its transfer to the engine, a cycle later or more, while ready is set.
// result_last is set in the cycle before all results of a run are taken.
module fake_units #(
    parameter BANKS = 2,
    parameter HANDED = 0
) (
    input wire clk,
    input wire [3:0] start,
    input wire takes_results,
    input wire [31:0] taking,
    input wire [31:0] draining,  // until all results are taken
    input wire [31:0] writing,
    input wire [31:0] first,
    input wire [31:0] occupied,
    output reg [3:0] free,
    output reg [3:0] idle,
    output reg ready,
    output reg result_last,
    output reg [31:0] now
);

  localparam RUNS = 4096;

  integer free_at[0:3];
  integer idle_at[0:3];
  integer run_issue[0:RUNS-1];  // the earliest transfer to the engine
  integer run_first[0:RUNS-1];
  integer run_occupied[0:RUNS-1];
  integer run_start[0:RUNS-1];  // transfer to the engine
  integer run_drained[0:RUNS-1];  // −1: not known yet
  integer runs, started, taken, drained, begin_at, takes_run, takes_issue, takes_taking, takes_draining, takes_writing, u, t;

  initial begin
    now = 0;
    t = 0;
    {runs, started, taken, drained} = 128'd0;
    takes_run = -1;
    for (u = 0; u < 4; u = u + 1) begin
      free_at[u] = 0;
      idle_at[u] = 0;
    end
    free = 4'hf;
    idle = 4'hf;
    ready = 1'b1;
    result_last = 1'b0;
  end

  function integer later(input integer a, input integer b);
    later = a > b ? a : b;
  endfunction

  always @(posedge clk) begin
    if (result_last) drained = drained + 1;
    if (start[1]) begin
      run_issue[runs] = t + 1 - HANDED;
      run_first[runs] = first;
      run_occupied[runs] = occupied;
      run_drained[runs] = -1;
      runs = runs + 1;
    end
    if (start[0] && takes_results) begin
      takes_run = taken;
      taken = taken + 1;
      takes_issue = t;
      takes_taking = taking;
      takes_draining = draining;
      takes_writing = writing;
    end else if (start[0]) begin
      free_at[0] = t + taking + writing;
      idle_at[0] = free_at[0];
    end
    if (start[2]) begin
      free_at[2] = t + taking;
      idle_at[2] = free_at[2] + writing;
    end
    if (start[3]) begin
      free_at[3] = later(t + taking, idle_at[3]);
      idle_at[3] = free_at[3] + writing;
    end

    // What is known by now of the instruction that waits for results, and of the run that waits.
    if (takes_run >= 0 && takes_run < started && t >= run_start[takes_run] + run_first[takes_run]) begin
      begin_at = later(takes_issue, run_start[takes_run] + run_first[takes_run]);
      run_drained[takes_run] = begin_at + takes_draining;
      free_at[0] = begin_at + takes_taking + takes_writing;
      idle_at[0] = free_at[0];
      takes_run = -1;
    end
    if (started < runs && (started < BANKS || run_drained[started-BANKS] >= 0)) begin
      run_start[started] = run_issue[started];
      if (started > 0) run_start[started] = later(run_start[started], run_start[started-1] + run_occupied[started-1]);
      if (started >= BANKS) run_start[started] = later(run_start[started], run_drained[started-BANKS]);
      free_at[1] = run_start[started] + 1;  // LATENCY.handed
      started = started + 1;
    end
  end

  always @(negedge clk) begin
    t = t + 1;
    now = t;
    for (u = 0; u < 4; u = u + 1) begin
      free[u] = t >= free_at[u];
      idle[u] = t >= idle_at[u];
    end
    if (takes_run >= 0) {free[0], idle[0]} = 2'b00;
    if (started < runs) free[1] = 1'b0;
    idle[1] = runs == 0 || (run_drained[runs-1] >= 0 && t >= run_drained[runs-1]);
    ready = started == runs && (runs == 0 || t >= run_start[runs-1] + run_occupied[runs-1]) &&
        (runs < BANKS || (run_drained[runs-BANKS] >= 0 && t >= run_drained[runs-BANKS]));
    result_last = drained < runs && run_drained[drained] >= 0 && t == run_drained[drained] - 1;
  end

endmodule
