`default_nettype none
// sdq_sequencer against nested loops over blocks, row groups and cycles, for random schedule words. Each output is
// compared in each cycle from the start to the end, and some cycles longer; a beat stays until it is taken. +seed=N,
// +stall=P: percent of cycles in which no beat is taken.
module sequencer_tb #(
    parameter LANE_WIDTH = 3,
    parameter SEGMENTS = 3,
    parameter GAIN_WIDTH = 2,
    parameter CYCLE_WIDTH = 4,
    parameter GROUP_WIDTH = 2,
    parameter ROW_WIDTH = 5,
    parameter WEIGHT_ADDR_WIDTH = 9,
    parameter SCALE_ADDR_WIDTH = 6,
    parameter ACTIVATION_ADDR_WIDTH = 6,
    parameter BLOCK_ADDR_WIDTH = 2,
    parameter SLOT_WORDS = 11
);

  localparam LINEARS = 60;
  localparam SHIFTS_WIDTH = SEGMENTS * GAIN_WIDTH;
  localparam SCHEDULE_WIDTH = WEIGHT_ADDR_WIDTH + SCALE_ADDR_WIDTH + ROW_WIDTH + GROUP_WIDTH + BLOCK_ADDR_WIDTH + 1 +
      2 * (3 * CYCLE_WIDTH + LANE_WIDTH + SHIFTS_WIDTH);

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg start;
  reg [SCHEDULE_WIDTH-1:0] word;
  wire [SCALE_ADDR_WIDTH-1:0] scale_base;
  wire [ROW_WIDTH-1:0] rows;
  wire [BLOCK_ADDR_WIDTH-1:0] last_block_out;
  wire has_tail_out;
  wire valid;
  reg ready;
  wire last;
  wire block_end;
  wire final_beat;
  wire [LANE_WIDTH-1:0] last_lane;
  wire [GAIN_WIDTH-1:0] shift;
  wire [WEIGHT_ADDR_WIDTH-1:0] weight;
  wire [ACTIVATION_ADDR_WIDTH-1:0] activation;

  always #5 clk = !clk;

  sdq_sequencer #(
      .LANE_WIDTH           (LANE_WIDTH),
      .SEGMENTS             (SEGMENTS),
      .GAIN_WIDTH           (GAIN_WIDTH),
      .CYCLE_WIDTH          (CYCLE_WIDTH),
      .GROUP_WIDTH          (GROUP_WIDTH),
      .ROW_WIDTH            (ROW_WIDTH),
      .WEIGHT_ADDR_WIDTH    (WEIGHT_ADDR_WIDTH),
      .SCALE_ADDR_WIDTH     (SCALE_ADDR_WIDTH),
      .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
      .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
      .SLOT_WORDS           (SLOT_WORDS),
      .SCHEDULE_WIDTH       (SCHEDULE_WIDTH)
  ) dut (
      .clk_i            (clk),
      .rst_ni           (rst_n),
      .start_i          (start),
      .word_i           (word),
      .scale_base_o     (scale_base),
      .rows_o           (rows),
      .last_block_o     (last_block_out),
      .has_tail_o       (has_tail_out),
      .beat_valid_o     (valid),
      .beat_ready_i     (ready),
      .beat_last_o      (last),
      .beat_block_end_o (block_end),
      .beat_final_o     (final_beat),
      .beat_last_lane_o (last_lane),
      .beat_shift_o     (shift),
      .beat_weight_o    (weight),
      .beat_activation_o(activation)
  );

  integer seed, stall, errors, beats, linear, n;
  integer block, group, cycle, beat;
  reg [WEIGHT_ADDR_WIDTH-1:0] weight_base, next_weight;
  reg [SCALE_ADDR_WIDTH-1:0] wanted_base;
  reg [ROW_WIDTH-1:0] wanted_rows;
  reg [GROUP_WIDTH-1:0] last_group;
  reg [BLOCK_ADDR_WIDTH-1:0] last_block;
  reg has_tail;
  // 0 full, 1 tail
  reg [CYCLE_WIDTH-1:0] last_cycle[0:1];
  reg [CYCLE_WIDTH-1:0] idle[0:1];
  reg [LANE_WIDTH-1:0] lane[0:1];
  reg [CYCLE_WIDTH-1:0] segment_last[0:1];
  reg [SHIFTS_WIDTH-1:0] shifts[0:1];
  integer kind;

  task draw(input integer k);
    begin
      // No block needs more segments than there are.
      segment_last[k] = $unsigned($random(seed)) % 5;
      last_cycle[k] = $unsigned($random(seed)) % (SEGMENTS * (segment_last[k] + 1));
      idle[k] = $random(seed) & 1 ? 0 : $unsigned($random(seed)) % (last_cycle[k] + 1);
      lane[k] = $random(seed);
      shifts[k] = $random(seed);
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("stall=%d", stall)) stall = 0;
    errors = 0;
    beats = 0;
    {start, ready} = 2'b00;
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    for (linear = 0; linear < LINEARS; linear = linear + 1) begin
      draw(0);
      draw(1);
      weight_base = $random(seed);
      wanted_base = $random(seed);
      wanted_rows = $random(seed);
      last_group = $random(seed);
      last_block = $random(seed);
      has_tail = $random(seed);
      word = {
        shifts[1], segment_last[1], lane[1], idle[1], last_cycle[1],
        shifts[0], segment_last[0], lane[0], idle[0], last_cycle[0],
        has_tail, last_block, last_group, wanted_rows, wanted_base, weight_base
      };
      start = 1'b1;
      #4 if (valid !== 1'b0) errors = errors + 1;
      if (scale_base !== wanted_base || rows !== wanted_rows) errors = errors + 1;
      if (last_block_out !== last_block || has_tail_out !== has_tail) errors = errors + 1;
      @(negedge clk);
      start = 1'b0;
      next_weight = weight_base;
      for (block = 0; block <= last_block; block = block + 1) begin
        kind = has_tail && block == last_block ? 1 : 0;
        for (group = 0; group <= last_group; group = group + 1) begin
          beat = 0;
          cycle = 0;
          while (cycle <= last_cycle[kind]) begin
            ready = $unsigned($random(seed)) % 100 >= stall;
            #4;
            if (valid !== (cycle >= idle[kind])) errors = errors + 1;
            if (valid) begin
              if (last !== (cycle == last_cycle[kind])) errors = errors + 1;
              if (block_end !== (last && group == last_group)) errors = errors + 1;
              if (final_beat !== (block_end && block == last_block)) errors = errors + 1;
              if (last_lane !== lane[kind]) errors = errors + 1;
              if (shift !== (shifts[kind] >> (beat / (segment_last[kind] + 1) * GAIN_WIDTH) & {GAIN_WIDTH{1'b1}})) errors = errors + 1;
              if (weight !== next_weight) errors = errors + 1;
              if (activation !== ((block * SLOT_WORDS + beat) & {ACTIVATION_ADDR_WIDTH{1'b1}})) errors = errors + 1;
              if (ready) begin
                next_weight = next_weight + 1;
                beat = beat + 1;
                beats = beats + 1;
              end
            end
            if (ready || !valid) cycle = cycle + 1;
            @(negedge clk);
          end
        end
      end
      for (n = $random(seed) & 7; n > 0; n = n - 1) begin
        #4 if (valid !== 1'b0) errors = errors + 1;
        @(negedge clk);
      end
    end
    if (errors == 0) $display("PASS %0d beats", beats);
    else $display("FAIL: %0d errors in %0d beats", errors, beats);
    $finish;
  end

endmodule
`default_nettype wire
