`default_nettype none
// The table engine: walks through a linear and adds up sums that it looks up, see sdq_table_sequencer, sdq_table_array,
// sdq_table_scale. Its ports are those of sdq_adder_engine but for weight_ready_i: weights are on the chip, and never waited
// for. Ternary weights only, in memory as codes (STORED_WIDTH = 8).
module sdq_table_engine #(
    parameter LANES = 8,
    parameter TABLE_GROUPS = 3,
    parameter TABLE_LEVELS = 2,
    parameter ROWS = 3,
    parameter UNITS = 1,
    parameter PHASES = 3,
    parameter PHASE_WIDTH = 2,
    parameter MEANS = 0,
    parameter STORED_WIDTH = 8,
    parameter SEGMENTS = 1,
    parameter GAIN_WIDTH = 1,
    parameter SUM_WIDTH = 11,
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 24,
    parameter ACC_WIDTH = 40,
    parameter WEIGHT_ADDR_WIDTH = 1,
    parameter WEIGHT_BYTES = 6,
    parameter SCALE_ADDR_WIDTH = 1,
    parameter SCALE_BYTES = 3,
    parameter ACTIVATION_ADDR_WIDTH = 1,
    parameter SLOT_WORDS = 1,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter CYCLE_WIDTH = 5,
    parameter SPAN_WIDTH = 1,
    parameter STEP_WIDTH = 1,
    parameter ROW_WIDTH = 3,
    parameter SCHEDULE_WIDTH = 34
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                        start_i,
    input  wire [  SCHEDULE_WIDTH-1:0] schedule_word_i,
    output wire [SCALE_ADDR_WIDTH-1:0] scale_base_o,
    output wire [       ROW_WIDTH-1:0] rows_o,
    output wire [BLOCK_ADDR_WIDTH-1:0] last_block_o,
    output wire                        has_tail_o,

    input  wire samples_ready_i,
    output wire stall_o,

    output wire                                 weight_read_o,
    output wire [        WEIGHT_ADDR_WIDTH-1:0] weight_addr_o,
    input  wire [WEIGHT_BYTES*STORED_WIDTH-1:0] weight_word_i,
    output wire                                 activation_read_o,
    output wire [    ACTIVATION_ADDR_WIDTH-1:0] activation_addr_o,
    input  wire [                  8*LANES-1:0] activation_word_i,
    output wire                                 scale_read_o,
    output wire                                 scale_block_end_o,
    output wire                                 scale_final_o,
    input  wire [            8*SCALE_BYTES-1:0] scale_word_i,
    input  wire [                         31:0] block_word_i,

    output wire                           item_valid_o,
    output wire                           item_block_end_o,
    output wire                           item_final_o,
    output wire [UNITS*(ACC_WIDTH+1)-1:0] addends_o
);

  // From a fill to the first beat that may look up in it.
  localparam FILL_CYCLES = 16;
  // Cycles from the address of a beat's weights to its sums: memory, look-up, tree.
  localparam SUM_CYCLES = 2 + TABLE_LEVELS;
  // Row groups of a span: as many as a LUT-RAM has words.
  localparam GROUP_WIDTH = 5;

  generate
    if (STORED_WIDTH != 8) begin : g_illegal
      initial begin
        $display("%m: STORED_WIDTH=%0d is not 8", STORED_WIDTH);
        $finish;
      end
    end
  endgenerate

  wire fill_valid;
  wire fill_bank;
  wire beat_valid;
  wire beat_bank;
  wire beat_first;
  wire beat_last;
  wire beat_block_end;
  wire beat_final;
  wire [GROUP_WIDTH-1:0] beat_group;
  wire [GAIN_WIDTH-1:0] beat_shift;

  sdq_table_sequencer #(
      .FILL_CYCLES          (FILL_CYCLES),
      .GROUP_WIDTH          (GROUP_WIDTH),
      .SPAN_WIDTH           (SPAN_WIDTH),
      .STEP_WIDTH           (STEP_WIDTH),
      .CYCLE_WIDTH          (CYCLE_WIDTH),
      .SEGMENTS             (SEGMENTS),
      .GAIN_WIDTH           (GAIN_WIDTH),
      .ROW_WIDTH            (ROW_WIDTH),
      .WEIGHT_ADDR_WIDTH    (WEIGHT_ADDR_WIDTH),
      .SCALE_ADDR_WIDTH     (SCALE_ADDR_WIDTH),
      .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
      .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
      .SLOT_WORDS           (SLOT_WORDS),
      .SCHEDULE_WIDTH       (SCHEDULE_WIDTH)
  ) u_sequencer (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .start_i          (start_i),
      .word_i           (schedule_word_i),
      .scale_base_o     (scale_base_o),
      .rows_o           (rows_o),
      .last_block_o     (last_block_o),
      .has_tail_o       (has_tail_o),
      .fill_valid_o     (fill_valid),
      .fill_ready_i     (samples_ready_i),
      .fill_bank_o      (fill_bank),
      .fill_activation_o(activation_addr_o),
      .beat_valid_o     (beat_valid),
      .beat_bank_o      (beat_bank),
      .beat_first_o     (beat_first),
      .beat_last_o      (beat_last),
      .beat_block_end_o (beat_block_end),
      .beat_final_o     (beat_final),
      .beat_group_o     (beat_group),
      .beat_shift_o     (beat_shift),
      .beat_weight_o    (weight_addr_o)
  );

  assign weight_read_o     = beat_valid;
  assign activation_read_o = fill_valid && samples_ready_i;
  assign stall_o           = fill_valid && !samples_ready_i;

  wire [ROWS*SUM_WIDTH-1:0] sums;
  wire [ROWS-1:0] signs;

  sdq_table_array #(
      .LANES       (LANES),
      .GROUPS      (TABLE_GROUPS),
      .LEVELS      (TABLE_LEVELS),
      .ROWS        (ROWS),
      .WEIGHT_BYTES(WEIGHT_BYTES),
      .SUM_WIDTH   (SUM_WIDTH)
  ) u_array (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .fill_i       (activation_read_o),
      .fill_bank_i  (fill_bank),
      .activations_i(activation_word_i),
      .beat_i       (beat_valid),
      .beat_bank_i  (beat_bank),
      .word_i       (weight_word_i),
      .sums_o       (sums),
      .signs_o      (signs)
  );

  wire sum_valid;
  wire sum_first;
  wire sum_last;
  wire sum_block_end;
  wire sum_final;
  wire [GROUP_WIDTH-1:0] sum_group;
  wire [GAIN_WIDTH-1:0] sum_shift;

  sdq_delay #(
      .WIDTH (5 + GROUP_WIDTH + GAIN_WIDTH),
      .CYCLES(SUM_CYCLES)
  ) u_sum (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({beat_valid, beat_first, beat_last, beat_block_end, beat_final, beat_group, beat_shift}),
      .d_o   ({sum_valid, sum_first, sum_last, sum_block_end, sum_final, sum_group, sum_shift})
  );

  sdq_table_scale #(
      .ROWS        (ROWS),
      .UNITS       (UNITS),
      .PHASES      (PHASES),
      .PHASE_WIDTH (PHASE_WIDTH),
      .GROUP_WIDTH (GROUP_WIDTH),
      .GAIN_WIDTH  (GAIN_WIDTH),
      .SUM_WIDTH   (SUM_WIDTH),
      .TOTAL_WIDTH (TOTAL_WIDTH),
      .SCALED_WIDTH(SCALED_WIDTH),
      .ACC_WIDTH   (ACC_WIDTH),
      .MEANS       (MEANS),
      .SCALE_BYTES (SCALE_BYTES)
  ) u_scale (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .valid_i         (sum_valid),
      .first_i         (sum_first),
      .last_i          (sum_last),
      .block_end_i     (sum_block_end),
      .final_i         (sum_final),
      .group_i         (sum_group),
      .shift_i         (sum_shift),
      .sums_i          (sums),
      .signs_i         (signs),
      .read_o          (scale_read_o),
      .read_block_end_o(scale_block_end_o),
      .read_final_o    (scale_final_o),
      .scales_i        (scale_word_i),
      .block_i         (block_word_i),
      .item_valid_o    (item_valid_o),
      .item_block_end_o(item_block_end_o),
      .item_final_o    (item_final_o),
      .addends_o       (addends_o)
  );

endmodule
`default_nettype wire
