`default_nettype none
// Walks through a linear: for each block, for each row group, for each beat. A beat is taken when its operands are ready:
// one per cycle, without a gap between row groups and blocks, except where the schedule asks for idle cycles before the
// beats of a short block. What is offered stays until it is taken.
//
// word_i is the schedule's word of the linear, stable from start_i on; its layout is that of `scheduleFields` in
// generator/sizing/schedule.ts, low end first:
//
//   weight_base, scale_base   first words in the weight and scale memories
//   rows                      of the linear
//   last_group, last_block    row groups and blocks, less 1
//   has_tail                  the last block is a tail
//   for full blocks, then for the tail:
//     last_cycle              cycles per row group, less 1
//     idle                    of these, cycles before the first beat
//     last_lane               lanes in use in the last beat, less 1
//     segment_last_beat       beats with one gain, less 1
//     shifts                  SEGMENTS shifts of GAIN_WIDTH bits, segment 0 low
//
// Weights lie in the order of the walk; a block's activations begin at word block · SLOT_WORDS of their memory.
module sdq_sequencer #(
    parameter LANE_WIDTH = 3,  // index width of the lanes
    parameter SEGMENTS = 1,
    parameter GAIN_WIDTH = 1,
    parameter CYCLE_WIDTH = 3,  // index width of the most cycles per row group
    parameter GROUP_WIDTH = 1,  // index width of the most row groups
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

    output wire                             beat_valid_o,
    input  wire                             beat_ready_i,
    output wire                             beat_last_o,       // the last beat of a block for this row group
    output wire                             beat_block_end_o,  // and for all row groups
    output wire                             beat_final_o,      // and of the linear
    output wire [           LANE_WIDTH-1:0] beat_last_lane_o,
    output wire [           GAIN_WIDTH-1:0] beat_shift_o,
    output wire [    WEIGHT_ADDR_WIDTH-1:0] beat_weight_o,
    output wire [ACTIVATION_ADDR_WIDTH-1:0] beat_activation_o
);

  localparam SHIFTS_WIDTH = SEGMENTS * GAIN_WIDTH;
  localparam WORD_WIDTH = WEIGHT_ADDR_WIDTH + SCALE_ADDR_WIDTH + ROW_WIDTH + GROUP_WIDTH + BLOCK_ADDR_WIDTH + 1 +
      2 * (3 * CYCLE_WIDTH + LANE_WIDTH + SHIFTS_WIDTH);

  generate
    if (SCHEDULE_WIDTH != WORD_WIDTH) begin : g_illegal
      initial begin
        $display("%m: SCHEDULE_WIDTH=%0d, fields sum up to %0d", SCHEDULE_WIDTH, WORD_WIDTH);
        $finish;
      end
    end
  endgenerate

  wire [WEIGHT_ADDR_WIDTH-1:0] weight_base;
  wire [GROUP_WIDTH-1:0] last_group;
  wire [CYCLE_WIDTH-1:0] full_idle, full_last_cycle, full_segment_last_beat;
  wire [LANE_WIDTH-1:0] full_last_lane;
  wire [SHIFTS_WIDTH-1:0] full_shifts;
  wire [CYCLE_WIDTH-1:0] tail_idle, tail_last_cycle, tail_segment_last_beat;
  wire [LANE_WIDTH-1:0] tail_last_lane;
  wire [SHIFTS_WIDTH-1:0] tail_shifts;

  assign {tail_shifts, tail_segment_last_beat, tail_last_lane, tail_idle, tail_last_cycle,
          full_shifts, full_segment_last_beat, full_last_lane, full_idle, full_last_cycle,
          has_tail_o, last_block_o, last_group, rows_o, scale_base_o, weight_base} = word_i;

  reg active_q;
  reg beats_q;  // the idle cycles of this row group are over
  reg tail_q;  // this block is the tail
  reg [BLOCK_ADDR_WIDTH-1:0] blocks_left_q;
  reg [GROUP_WIDTH-1:0] groups_left_q;
  reg [CYCLE_WIDTH-1:0] cycle_q;
  reg [CYCLE_WIDTH-1:0] segment_beat_q;
  reg [SHIFTS_WIDTH-1:0] shifts_q;
  reg [WEIGHT_ADDR_WIDTH-1:0] weight_q;
  reg [ACTIVATION_ADDR_WIDTH-1:0] slot_q;
  reg [ACTIVATION_ADDR_WIDTH-1:0] activation_q;

  wire beat = beat_valid_o && beat_ready_i;
  wire moves = active_q && (beat || !beats_q);
  wire last_cycle = cycle_q == (tail_q ? tail_last_cycle : full_last_cycle);
  wire segment_end = segment_beat_q == (tail_q ? tail_segment_last_beat : full_segment_last_beat);
  wire groups_end = groups_left_q == {GROUP_WIDTH{1'b0}};
  wire blocks_end = blocks_left_q == {BLOCK_ADDR_WIDTH{1'b0}};
  wire block_ends = last_cycle && groups_end;
  wire group_done = moves && last_cycle;
  wire block_done = moves && block_ends;

  wire [CYCLE_WIDTH-1:0] next_cycle = cycle_q + 1'b1;
  wire idle_ends = next_cycle == (tail_q ? tail_idle : full_idle);
  wire next_is_last = blocks_left_q == {{BLOCK_ADDR_WIDTH - 1{1'b0}}, 1'b1};
  wire next_tail = has_tail_o && (start_i ? last_block_o == {BLOCK_ADDR_WIDTH{1'b0}} : next_is_last);
  wire group_tail = start_i || block_done ? next_tail : tail_q;  // of the next row group
  wire [ACTIVATION_ADDR_WIDTH-1:0] next_slot = slot_q + SLOT_WORDS[ACTIVATION_ADDR_WIDTH-1:0];

  always @(posedge clk_i) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (start_i) active_q <= 1'b1;
    else if (block_done && blocks_end) active_q <= 1'b0;
  end

  always @(posedge clk_i) begin
    if (start_i) begin
      blocks_left_q <= last_block_o;
      groups_left_q <= last_group;
      tail_q        <= next_tail;
      slot_q        <= {ACTIVATION_ADDR_WIDTH{1'b0}};
    end else if (block_done) begin
      blocks_left_q <= blocks_left_q - 1'b1;
      groups_left_q <= last_group;
      tail_q        <= next_tail;
      slot_q        <= next_slot;
    end else if (group_done) begin
      groups_left_q <= groups_left_q - 1'b1;
    end

    if (start_i || group_done) begin
      beats_q        <= (group_tail ? tail_idle : full_idle) == {CYCLE_WIDTH{1'b0}};
      cycle_q        <= {CYCLE_WIDTH{1'b0}};
      segment_beat_q <= {CYCLE_WIDTH{1'b0}};
      shifts_q       <= group_tail ? tail_shifts : full_shifts;
      activation_q   <= start_i ? {ACTIVATION_ADDR_WIDTH{1'b0}} : block_done ? next_slot : slot_q;
    end else if (moves) begin
      if (idle_ends) beats_q <= 1'b1;
      cycle_q <= next_cycle;
      if (beats_q) begin
        segment_beat_q <= segment_end ? {CYCLE_WIDTH{1'b0}} : segment_beat_q + 1'b1;
        if (segment_end) shifts_q <= shifts_q >> GAIN_WIDTH;
        activation_q <= activation_q + 1'b1;
      end
    end

    if (start_i) weight_q <= weight_base;
    else if (beat) weight_q <= weight_q + 1'b1;
  end

  assign beat_valid_o      = active_q && beats_q;
  assign beat_last_o       = last_cycle;
  assign beat_block_end_o  = block_ends;
  assign beat_final_o      = block_ends && blocks_end;
  assign beat_last_lane_o  = tail_q ? tail_last_lane : full_last_lane;
  assign beat_shift_o      = shifts_q[GAIN_WIDTH-1:0];
  assign beat_weight_o     = weight_q;
  assign beat_activation_o = activation_q;

endmodule
`default_nettype wire
