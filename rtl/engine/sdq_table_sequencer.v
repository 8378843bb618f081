`default_nettype none
// Walks through a linear for the table engine: for each block, for each span of row groups, for each step (L samples), for
// each row group of the span. A step fills tables with its samples in its first cycle; its beats follow FILL_CYCLES behind,
// so that the tables of one step are filled while those of the one before are looked up in. A step begins when its
// samples are ready; what was offered stays until it is taken.
//
// word_i is the schedule's word of the linear, stable from start_i on; its layout is that of `scheduleFields` in
// generator/sizing/schedule.ts, low end first:
//
//   weight_base, scale_base   first words in the weight and scale memories
//   rows                      of the linear
//   last_group                row groups of a span, less 1
//   final_group               of a block's last span
//   last_span, last_block     spans and blocks, less 1
//   has_tail                  the last block is a tail
//   for full blocks, then for the tail:
//     last_cycle              cycles per step, less 1: as many as a fill takes, and as a span has row groups, or more
//     last_step               steps, less 1
//     segment_last_step       steps with one gain, less 1
//     shifts                  SEGMENTS shifts of GAIN_WIDTH bits, segment 0 low
//
// Weights lie in the order of the walk; a block's activations begin at word block · SLOT_WORDS of their memory.
module sdq_table_sequencer #(
    parameter FILL_CYCLES = 16,
    parameter GROUP_WIDTH = 5,  // index width of the most row groups of a span
    parameter SPAN_WIDTH = 1,  // index width of the most spans
    parameter STEP_WIDTH = 1,  // index width of the most steps
    parameter CYCLE_WIDTH = 5,  // index width of the most cycles per step, not less than GROUP_WIDTH
    parameter SEGMENTS = 1,
    parameter GAIN_WIDTH = 1,
    parameter ROW_WIDTH = 3,  // count width of the most rows
    parameter WEIGHT_ADDR_WIDTH = 1,
    parameter SCALE_ADDR_WIDTH = 1,
    parameter ACTIVATION_ADDR_WIDTH = 1,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter SLOT_WORDS = 1,
    parameter SCHEDULE_WIDTH = 34
) (
    input wire clk_i,
    input wire rst_ni,

    input wire                      start_i,
    input wire [SCHEDULE_WIDTH-1:0] word_i,

    output wire [SCALE_ADDR_WIDTH-1:0] scale_base_o,
    output wire [       ROW_WIDTH-1:0] rows_o,
    output wire [BLOCK_ADDR_WIDTH-1:0] last_block_o,
    output wire                        has_tail_o,

    output wire                             fill_valid_o,
    input  wire                             fill_ready_i,
    output wire                             fill_bank_o,
    output wire [ACTIVATION_ADDR_WIDTH-1:0] fill_activation_o,

    output wire                         beat_valid_o,
    output wire                         beat_bank_o,
    output wire                         beat_first_o,      // the first beat of a block for this row group
    output wire                         beat_last_o,       // the last one
    output wire                         beat_block_end_o,  // and for all row groups
    output wire                         beat_final_o,      // and of the linear
    output wire [      GROUP_WIDTH-1:0] beat_group_o,      // of the span
    output wire [       GAIN_WIDTH-1:0] beat_shift_o,
    output wire [WEIGHT_ADDR_WIDTH-1:0] beat_weight_o
);

  localparam SHIFTS_WIDTH = SEGMENTS * GAIN_WIDTH;
  localparam WORD_WIDTH = WEIGHT_ADDR_WIDTH + SCALE_ADDR_WIDTH + ROW_WIDTH + 2 * GROUP_WIDTH + SPAN_WIDTH +
      BLOCK_ADDR_WIDTH + 1 + 2 * (CYCLE_WIDTH + 2 * STEP_WIDTH + SHIFTS_WIDTH);

  generate
    if (SCHEDULE_WIDTH != WORD_WIDTH || CYCLE_WIDTH < GROUP_WIDTH) begin : g_illegal
      initial begin
        $display("%m: SCHEDULE_WIDTH=%0d, fields sum up to %0d; CYCLE_WIDTH=%0d GROUP_WIDTH=%0d", SCHEDULE_WIDTH,
                 WORD_WIDTH, CYCLE_WIDTH, GROUP_WIDTH);
        $finish;
      end
    end
  endgenerate

  wire [WEIGHT_ADDR_WIDTH-1:0] weight_base;
  wire [GROUP_WIDTH-1:0] last_group;
  wire [GROUP_WIDTH-1:0] final_group;
  wire [SPAN_WIDTH-1:0] last_span;
  wire [CYCLE_WIDTH-1:0] full_last_cycle;
  wire [STEP_WIDTH-1:0] full_last_step, full_segment_last_step;
  wire [SHIFTS_WIDTH-1:0] full_shifts;
  wire [CYCLE_WIDTH-1:0] tail_last_cycle;
  wire [STEP_WIDTH-1:0] tail_last_step, tail_segment_last_step;
  wire [SHIFTS_WIDTH-1:0] tail_shifts;

  assign {tail_shifts, tail_segment_last_step, tail_last_step, tail_last_cycle,
          full_shifts, full_segment_last_step, full_last_step, full_last_cycle,
          has_tail_o, last_block_o, last_span, final_group, last_group, rows_o, scale_base_o, weight_base} = word_i;

  reg active_q;
  reg beats_q;  // this step's row groups are not over
  reg bank_q;
  reg tail_q;  // this block is the tail
  reg [BLOCK_ADDR_WIDTH-1:0] blocks_left_q;
  reg [SPAN_WIDTH-1:0] spans_left_q;
  reg [STEP_WIDTH-1:0] step_q;
  reg [STEP_WIDTH-1:0] segment_step_q;
  reg [CYCLE_WIDTH-1:0] cycle_q;
  reg [SHIFTS_WIDTH-1:0] shifts_q;
  reg [ACTIVATION_ADDR_WIDTH-1:0] slot_q;
  reg [ACTIVATION_ADDR_WIDTH-1:0] activation_q;

  wire spans_end = spans_left_q == {SPAN_WIDTH{1'b0}};
  wire blocks_end = blocks_left_q == {BLOCK_ADDR_WIDTH{1'b0}};
  wire moves = active_q && (!fill_valid_o || fill_ready_i);
  wire last_step = step_q == (tail_q ? tail_last_step : full_last_step);
  wire step_ends = moves && cycle_q == (tail_q ? tail_last_cycle : full_last_cycle);
  wire span_ends = step_ends && last_step;
  wire block_ends = span_ends && spans_end;
  wire segment_end = segment_step_q == (tail_q ? tail_segment_last_step : full_segment_last_step);
  wire groups_end = cycle_q[GROUP_WIDTH-1:0] == (spans_end ? final_group : last_group);

  wire next_is_last = blocks_left_q == {{BLOCK_ADDR_WIDTH - 1{1'b0}}, 1'b1};
  wire next_tail = has_tail_o && (start_i ? last_block_o == {BLOCK_ADDR_WIDTH{1'b0}} : next_is_last);
  wire span_tail = start_i || block_ends ? next_tail : tail_q;  // of the next span
  wire [ACTIVATION_ADDR_WIDTH-1:0] next_slot = slot_q + SLOT_WORDS[ACTIVATION_ADDR_WIDTH-1:0];

  always @(posedge clk_i) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (start_i) active_q <= 1'b1;
    else if (block_ends && blocks_end) active_q <= 1'b0;
  end

  always @(posedge clk_i) begin
    if (start_i) begin
      blocks_left_q <= last_block_o;
      spans_left_q  <= last_span;
      tail_q        <= next_tail;
      slot_q        <= {ACTIVATION_ADDR_WIDTH{1'b0}};
      bank_q        <= 1'b0;
    end else if (active_q) begin
      if (block_ends) begin
        blocks_left_q <= blocks_left_q - 1'b1;
        tail_q        <= next_tail;
        slot_q        <= next_slot;
      end
      if (span_ends) spans_left_q <= spans_end ? last_span : spans_left_q - 1'b1;
      if (step_ends) bank_q <= !bank_q;
    end

    if (start_i || span_ends) begin
      step_q         <= {STEP_WIDTH{1'b0}};
      segment_step_q <= {STEP_WIDTH{1'b0}};
      shifts_q       <= span_tail ? tail_shifts : full_shifts;
      activation_q   <= start_i ? {ACTIVATION_ADDR_WIDTH{1'b0}} : block_ends ? next_slot : slot_q;
    end else if (step_ends) begin
      step_q         <= step_q + 1'b1;
      segment_step_q <= segment_end ? {STEP_WIDTH{1'b0}} : segment_step_q + 1'b1;
      if (segment_end) shifts_q <= shifts_q >> GAIN_WIDTH;
      activation_q <= activation_q + 1'b1;
    end

    if (start_i || step_ends) begin
      cycle_q <= {CYCLE_WIDTH{1'b0}};
      beats_q <= 1'b1;
    end else if (moves) begin
      cycle_q <= cycle_q + 1'b1;
      if (groups_end) beats_q <= 1'b0;
    end
  end

  assign fill_valid_o      = active_q && cycle_q == {CYCLE_WIDTH{1'b0}};
  assign fill_bank_o       = bank_q;
  assign fill_activation_o = activation_q;

  wire block_end = last_step && spans_end && groups_end;

  sdq_delay #(
      .WIDTH (6 + GROUP_WIDTH + GAIN_WIDTH),
      .CYCLES(FILL_CYCLES)
  ) u_beats (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i({
        moves && beats_q,
        bank_q,
        step_q == {STEP_WIDTH{1'b0}},
        last_step,
        block_end,
        block_end && blocks_end,
        cycle_q[GROUP_WIDTH-1:0],
        shifts_q[GAIN_WIDTH-1:0]
      }),
      .d_o({
        beat_valid_o,
        beat_bank_o,
        beat_first_o,
        beat_last_o,
        beat_block_end_o,
        beat_final_o,
        beat_group_o,
        beat_shift_o
      })
  );

  reg [WEIGHT_ADDR_WIDTH-1:0] weight_q;
  assign beat_weight_o = weight_q;

  always @(posedge clk_i) begin
    if (start_i) weight_q <= weight_base;
    else if (beat_valid_o) weight_q <= weight_q + 1'b1;
  end

endmodule
`default_nettype wire
