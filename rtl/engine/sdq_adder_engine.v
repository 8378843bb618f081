`default_nettype none
// The adder engine: walks through a linear and adds up its beats, see sdq_sequencer, sdq_mac_array, sdq_block_scale.
//
// Memories answer one cycle after a read. Scales are read in the order in which they lie, one word per block and row group;
// scale_block_end_o marks the last of a block, after which the next block's word is wanted, and scale_final_o the linear's last:
// then nothing more is read for it, and the next one can start. Items: see sdq_accumulator.
//
// A beat is taken, and its words are read, when all its operands are ready: the weights (weight_ready_i)
// and the samples at activation_addr_o (samples_ready_i). stall_o: it waits for one of them.
module sdq_adder_engine #(
    parameter LANES = 8,
    parameter LANE_WIDTH = 3,
    parameter ROWS = 5,
    parameter UNITS = 1,
    parameter PHASES = 5,
    parameter PHASE_WIDTH = 3,
    parameter TERNARY = 1,
    parameter MEANS = 0,
    parameter SIGN_TREE = 0,
    parameter STORED_WIDTH = 8,
    parameter SEGMENTS = 1,
    parameter GAIN_WIDTH = 1,
    parameter SUM_WIDTH = 11,
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 24,
    parameter ACC_WIDTH = 40,
    parameter WEIGHT_ADDR_WIDTH = 1,
    parameter WEIGHT_BYTES = 8,
    parameter SCALE_ADDR_WIDTH = 1,
    parameter SCALE_BYTES = 5,
    parameter ACTIVATION_ADDR_WIDTH = 1,
    parameter SLOT_WORDS = 1,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter CYCLE_WIDTH = 3,
    parameter GROUP_WIDTH = 1,
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

    output wire stall_o,

    input  wire                                 weight_ready_i,
    output wire                                 weight_read_o,
    output wire [        WEIGHT_ADDR_WIDTH-1:0] weight_addr_o,
    input  wire [WEIGHT_BYTES*STORED_WIDTH-1:0] weight_word_i,
    input  wire                                 samples_ready_i,
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

  // Cycles from an address to the sums of its beat: memory, two stages of the array before its tree, the tree.
  localparam SUM_CYCLES = 3 + LANE_WIDTH;

  wire beat_ready = samples_ready_i && weight_ready_i;
  wire beat_valid;
  wire beat = beat_valid && beat_ready;
  wire beat_last;
  wire beat_block_end;
  wire beat_final;
  wire [LANE_WIDTH-1:0] beat_last_lane;
  wire [GAIN_WIDTH-1:0] beat_shift;
  wire [WEIGHT_ADDR_WIDTH-1:0] beat_weight;
  wire [ACTIVATION_ADDR_WIDTH-1:0] beat_activation;

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
  ) u_sequencer (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .start_i          (start_i),
      .word_i           (schedule_word_i),
      .scale_base_o     (scale_base_o),
      .rows_o           (rows_o),
      .last_block_o     (last_block_o),
      .has_tail_o       (has_tail_o),
      .beat_valid_o     (beat_valid),
      .beat_ready_i     (beat_ready),
      .beat_last_o      (beat_last),
      .beat_block_end_o (beat_block_end),
      .beat_final_o     (beat_final),
      .beat_last_lane_o (beat_last_lane),
      .beat_shift_o     (beat_shift),
      .beat_weight_o    (beat_weight),
      .beat_activation_o(beat_activation)
  );

  // Beat flags, in the cycle before the beat's sums (where scales and exponent are read) and with them.
  wire early_valid;
  wire early_last;
  wire early_block_end;
  wire early_final;
  wire sum_valid;
  wire sum_last;
  wire sum_block_end;
  wire sum_final;
  wire [GAIN_WIDTH-1:0] sum_shift;

  sdq_delay #(
      .WIDTH (4),
      .CYCLES(SUM_CYCLES - 1)
  ) u_early (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({beat, beat_last, beat_block_end, beat_final}),
      .d_o   ({early_valid, early_last, early_block_end, early_final})
  );

  sdq_delay #(
      .WIDTH (4),
      .CYCLES(1)
  ) u_sum (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({early_valid, early_last, early_block_end, early_final}),
      .d_o   ({sum_valid, sum_last, sum_block_end, sum_final})
  );

  sdq_delay #(
      .WIDTH (GAIN_WIDTH),
      .CYCLES(SUM_CYCLES)
  ) u_shift (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (beat_shift),
      .d_o   (sum_shift)
  );

  assign stall_o           = beat_valid && !beat_ready;
  assign weight_read_o     = beat;
  assign weight_addr_o     = beat_weight;
  assign activation_read_o = beat;
  assign activation_addr_o = beat_activation;
  assign scale_read_o      = early_valid && early_last;
  assign scale_block_end_o = early_block_end;
  assign scale_final_o     = early_final;

  wire [ROWS*SUM_WIDTH-1:0] sums;
  wire [ROWS-1:0] signs;

  sdq_mac_array #(
      .LANES       (LANES),
      .LEVELS      (LANE_WIDTH),
      .ROWS        (ROWS),
      .TERNARY     (TERNARY),
      .SIGN_TREE   (SIGN_TREE),
      .WEIGHT_BYTES(WEIGHT_BYTES),
      .STORED_WIDTH(STORED_WIDTH),
      .SUM_WIDTH   (SUM_WIDTH)
  ) u_array (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .word_i       (weight_word_i),
      .activations_i(activation_word_i),
      .beat_i       (beat),
      .last_beat_i  (beat_last),
      .last_lane_i  (beat_last_lane),
      .sums_o       (sums),
      .signs_o      (signs)
  );

  sdq_block_scale #(
      .ROWS        (ROWS),
      .UNITS       (UNITS),
      .PHASES      (PHASES),
      .PHASE_WIDTH (PHASE_WIDTH),
      .GAIN_WIDTH  (GAIN_WIDTH),
      .SUM_WIDTH   (SUM_WIDTH),
      .TOTAL_WIDTH (TOTAL_WIDTH),
      .SCALED_WIDTH(SCALED_WIDTH),
      .ACC_WIDTH   (ACC_WIDTH),
      .MEANS       (MEANS),
      .SCALE_BYTES (SCALE_BYTES),
      .SIGN_TREE   (SIGN_TREE)
  ) u_scale (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .valid_i         (sum_valid),
      .last_i          (sum_last),
      .block_end_i     (sum_block_end),
      .final_i         (sum_final),
      .shift_i         (sum_shift),
      .sums_i          (sums),
      .signs_i         (signs),
      .scales_i        (scale_word_i),
      .block_i         (block_word_i),
      .item_valid_o    (item_valid_o),
      .item_block_end_o(item_block_end_o),
      .item_final_o    (item_final_o),
      .addends_o       (addends_o)
  );

endmodule
`default_nettype wire
