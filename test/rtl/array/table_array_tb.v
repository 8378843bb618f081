`default_nettype none
// Random work for sdq_table_array, its sums compared with the products themselves. +seed, +steps
//
// A step fills a bank; its beats begin 16 cycles after the fill, with idle cycles anywhere; steps are 14 cycles or a few
// more apart, so that a bank is filled while the other is looked up in.
module table_array_tb;

  parameter LANES = 8;
  parameter GROUPS = 3;
  parameter LEVELS = 2;
  parameter ROWS = 3;
  parameter WEIGHT_BYTES = 6;
  parameter SUM_WIDTH = 11;

  localparam FILL_CYCLES = 16;
  localparam LATENCY = 2 + LEVELS;  // from beat to sums

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg fill;
  reg fill_bank;
  reg [8*LANES-1:0] activations;
  reg beat;
  reg beat_bank;
  reg [8*WEIGHT_BYTES-1:0] word;
  wire [ROWS*SUM_WIDTH-1:0] sums;
  wire [ROWS-1:0] signs;

  sdq_table_array #(
      .LANES       (LANES),
      .GROUPS      (GROUPS),
      .LEVELS      (LEVELS),
      .ROWS        (ROWS),
      .WEIGHT_BYTES(WEIGHT_BYTES),
      .SUM_WIDTH   (SUM_WIDTH)
  ) dut (
      .clk_i        (clk),
      .rst_ni       (rst_n),
      .fill_i       (fill),
      .fill_bank_i  (fill_bank),
      .activations_i(activations),
      .beat_i       (beat),
      .beat_bank_i  (beat_bank),
      .word_i       (word),
      .sums_o       (sums),
      .signs_o      (signs)
  );

  integer seed;
  integer steps;
  integer step;
  integer cycle;
  integer length;
  integer errors;
  integer beats;
  integer checked;
  integer i;
  integer r;
  integer g;
  integer l;
  integer value;
  integer code;
  integer total;
  integer draw;

  // Symbols of a group as the code has them: 9 · s0 + 3 · s1 + s2 of each entry, from the lowest on.
  function integer entry_of(input integer value_abs);
    case (value_abs)
      0: entry_of = 0;
      1: entry_of = 1;
      4: entry_of = 2;
      3: entry_of = 3;
      2: entry_of = 4;
      11: entry_of = 5;
      12: entry_of = 6;
      13: entry_of = 7;
      10: entry_of = 8;
      9: entry_of = 9;
      8: entry_of = 10;
      5: entry_of = 11;
      6: entry_of = 12;
      7: entry_of = 13;
      default: entry_of = 15;
    endcase
  endfunction

  reg [8*LANES-1:0] samples[0:3];  // of the last steps
  reg [8*LANES-1:0] next_samples;
  reg signed [31:0] expected[0:(LATENCY+1)*ROWS-1];
  reg [LATENCY:0] due;
  reg [FILL_CYCLES:0] wants_beat;  // of the steps that were begun, one bit per cycle
  reg [2*FILL_CYCLES+1:0] steps_of;  // which step each of these cycles belongs to
  reg [1:0] fill_step;
  integer symbol[0:2];
  reg [4:0] codes[0:ROWS*GROUPS-1];
  reg signed [7:0] sample;
  reg signed [SUM_WIDTH-1:0] sum;

  // The word and the expected sums of a beat of a step.
  task draw_beat(input [1:0] of_step);
    for (r = 0; r < ROWS; r = r + 1) begin
      total = 0;
      for (g = 0; g < GROUPS; g = g + 1) begin
        value = 0;
        for (i = 0; i < 3; i = i + 1) begin
          l = 3 * g + i;
          symbol[i] = l < LANES ? $dist_uniform(seed, 0, 2) - 1 : 0;
          value = 3 * value + symbol[i];
          if (l < LANES) begin
            sample = samples[of_step][8*l+:8];
            total  = total + symbol[i] * sample;
          end
        end
        code = entry_of(value < 0 ? -value : value);
        // The sign of a zero does not matter.
        codes[r*GROUPS+g] = {value == 0 ? $dist_uniform(seed, 0, 1) == 1 : value < 0, code[3:0]};
      end
      expected[LATENCY*ROWS+r] = total;
    end
  endtask

  // One cycle: what the array is given, what it gave.
  task play(input first, input wants);
    begin
      wants_beat = {wants_beat[FILL_CYCLES-1:0], wants};
      steps_of = {steps_of[2*FILL_CYCLES-1:0], step[1:0]};
      for (i = 0; i < LATENCY * ROWS; i = i + 1) expected[i] = expected[i+ROWS];
      due = due >> 1;

      @(negedge clk);
      if (due[0]) begin
        for (r = 0; r < ROWS; r = r + 1) begin
          sum = sums[r*SUM_WIDTH+:SUM_WIDTH];
          value = sum;
          if (signs[r]) value = -value;
          checked = checked + 1;
          if (value !== expected[r]) begin
            errors = errors + 1;
            $display("step %0d row %0d: got %0d, not %0d", step, r, value, expected[r]);
          end
        end
      end

      // The memories' outputs come a cycle after their requests.
      if (fill) begin
        activations = next_samples;
        samples[fill_step] = next_samples;
      end
      if (beat) begin
        for (i = 0; i < ROWS * GROUPS; i = i + 1) word[5*i+:5] = codes[i];
      end

      fill = first;
      fill_step = step[1:0];
      fill_bank = first ? fill_step[0] : $dist_uniform(seed, 0, 1);
      if (first) begin
        for (l = 0; l < LANES; l = l + 1) begin
          draw = $dist_uniform(seed, 0, 9);
          next_samples[8*l+:8] = draw == 0 ? 8'h80 : draw == 1 ? 8'h7f : $random(seed);
        end
      end

      beat = wants_beat[FILL_CYCLES];
      beat_bank = steps_of[2*FILL_CYCLES];
      if (beat) begin
        draw_beat(steps_of[2*FILL_CYCLES+:2]);
        due[LATENCY] = 1'b1;
        beats = beats + 1;
      end
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("steps=%d", steps)) steps = 50;
    errors = 0;
    beats = 0;
    checked = 0;
    step = 0;
    {fill, fill_bank, beat, beat_bank} = 4'b0000;
    due = {LATENCY + 1{1'b0}};
    wants_beat = {FILL_CYCLES + 1{1'b0}};
    steps_of = {2 * FILL_CYCLES + 2{1'b0}};
    repeat (3) @(negedge clk);
    rst_n = 1'b1;
    for (step = 0; step < steps; step = step + 1) begin
      length = 14 + ($dist_uniform(seed, 0, 1) == 0 ? 0 : $dist_uniform(seed, 0, 9));
      for (cycle = 0; cycle < length; cycle = cycle + 1) play(cycle == 0, $dist_uniform(seed, 0, 3) != 0);
    end
    repeat (FILL_CYCLES + LATENCY + 1) play(1'b0, 1'b0);
    if (errors == 0 && checked == beats * ROWS && beats > steps) $display("PASS");
    else $display("FAIL: %0d errors, %0d sums of %0d", errors, checked, beats * ROWS);
    $finish;
  end

endmodule
`default_nettype wire
