`default_nettype none
// The engine: memories, schedule walk, MAC array, scaling, accumulators and results of all linears of a plan.
//
//   y[r] = sat32(rs(Σ_b T[r, b] · 2^eps_b, shift)),  T = scale · Σ_k (Σ_{j in segment k} q[r, j] · u_b[j]) << shift_k
//          (+ mean · sum_b)                          see docs/numerics.md
//
// Host memory port: one byte per cycle at mem_addr_i = region (bits 31:28), word, byte; see sdq_region_memory.
//   region 0  weights      WEIGHT_BYTES per word, one word per beat, see sdq_mac_array; in memory each byte takes
//                          STORED_WIDTH bits (9: ternary bytes are stored as sdq_symbol_pack gives them)
//   region 1  scales       SCALE_BYTES per word, one word per block and row group, see sdq_block_scale
//   region 2  activations  LANES samples (int8) per word
//   region 3  blocks       sample sum (3 bytes, signed), exponent (signed, −40 … 17)
// Bytes that are read come in order on mem_rdata_i after mem_rdata_valid_o. Addresses are not checked. The port waits
// while a linear is computed, so that no read sees the engine's.
//
// WEIGHT_STREAM = 1: weights lie in a memory outside, see sdq_sdram_weights, whose ports are weights_*; a run is taken when
// it is quiet. 0: these inputs are not looked at.
//
// Run port: a RUN request, then its results, RESULTS at a time, the first in the low bits. res_rows_o and res_cycles_o are
// stable while results flow; cycles are those from the request's transfer to the first result.
//
// BANKS = 2: a RUN is taken when the array has read the last operand of the one before, and the results of the one before that
// are taken; results come in the order of RUNs, and res_cycles_o is 0.
//
// Schedule: schedule_index_o is looked up in one cycle (sdq_schedule); the word's layout is given in sdq_sequencer.
//
// With FRAME, regions 2 and 3 hold what a vector is framed from: mantissas (int16) of B columns per block, and in bits
// 31:24 of a block's word their exponent. A run frames the vector first, if it was written since it was framed; the array
// follows as samples become ready. The frame unit's part of a schedule word lies above bit WALK_WIDTH; it looks up signs
// as the schedule is looked up (sdq_signs). The next run, and the port, wait until the vector is framed.
// With CUT the decoder writes mantissas and exponents there, W at a time, see sdq_frame_memory; regions 2 and 3 do not exist.
// All widths and depths come from generator/sizing.
module sdq_engine #(
    parameter LANES = 8,  // L, a power of two
    parameter LANE_WIDTH = 3,  // index width of LANES
    parameter ROWS = 5,  // R
    parameter UNITS = 1,  // scale units, a divisor of ROWS
    parameter UNIT_WIDTH = 1,  // index width of UNITS
    parameter PHASES = 5,  // ROWS / UNITS
    parameter PHASE_WIDTH = 3,  // index width of PHASES
    parameter TERNARY = 1,
    parameter MEANS = 0,
    parameter TABLES = 0,  // the table engine, else the adder engine
    parameter SIGN_TREE = 0,  // of the adder engine, see sdq_adder_node
    parameter TABLE_GROUPS = 3,  // of the table engine, see sdq_table_array
    parameter TABLE_LEVELS = 2,
    parameter STORED_WIDTH = 8,
    parameter WEIGHT_SINGLE_PORT = 0,  // see sdq_engine_memories
    parameter SEGMENTS = 1,
    parameter GAIN_WIDTH = 1,
    parameter SUM_WIDTH = 11,
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 24,
    parameter ACC_WIDTH = 40,
    parameter WEIGHT_STREAM = 0,
    parameter WEIGHT_WORDS = 2,
    parameter WEIGHT_ADDR_WIDTH = 1,
    parameter WEIGHT_BYTES = 8,
    parameter WEIGHT_BYTE_WIDTH = 3,
    parameter SCALE_WORDS = 2,
    parameter SCALE_ADDR_WIDTH = 1,
    parameter SCALE_BYTES = 5,
    parameter SCALE_BYTE_WIDTH = 3,
    parameter ACTIVATION_WORDS = 2,
    parameter ACTIVATION_ADDR_WIDTH = 1,
    parameter SLOT_WORDS = 1,
    parameter BLOCK_WORDS = 2,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter ACC_WORDS = 5,
    parameter ACC_ADDR_WIDTH = 3,
    parameter BANKS = 1,  // of accumulators, 1 or 2
    parameter RESULTS = 1,  // divides UNITS, or is a multiple of it
    parameter SLICE_WIDTH = 0,  // see sdq_results
    parameter CYCLE_WIDTH = 3,
    parameter GROUP_WIDTH = 1,
    parameter SPAN_WIDTH = 1,
    parameter STEP_WIDTH = 1,
    parameter ROW_WIDTH = 3,
    parameter FRAME = 0,  // 1: vectors are framed here, see sdq_frame_unit
    parameter VALUES = 2,
    parameter VALUE_WIDTH = 1,
    parameter SAMPLES = 2,
    parameter GRANULE = 2,
    parameter BLOCK_WIDTH = 5,
    parameter SEGMENT_WIDTH = 1,
    parameter WORK_WIDTH = 5,
    parameter ROUND_WIDTH = 5,
    parameter SHAPE_WIDTH = 1,
    parameter VECTOR_WORDS = 2,
    parameter VECTOR_ADDR_WIDTH = 1,
    parameter WALK_WIDTH = 34,  // the sequencer's part of a schedule word
    parameter SCHEDULE_WIDTH = 34,
    parameter CUT = 0,  // 1, with FRAME: the decoder writes vectors, see sdq_engine_memories
    parameter CUT_VALUES = 2,
    parameter CUT_PART_WIDTH = 1
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire        mem_wvalid_i,
    output wire        mem_wready_o,
    input  wire        mem_rvalid_i,
    output wire        mem_rready_o,
    input  wire [31:0] mem_addr_i,
    input  wire [ 7:0] mem_wdata_i,
    output wire        mem_rdata_valid_o,
    output wire [ 7:0] mem_rdata_o,

    input wire                        cut_start_i,
    input wire                        cut_valid_i,
    input wire [BLOCK_ADDR_WIDTH-1:0] cut_block_i,
    input wire [                 4:0] cut_exponent_i,
    input wire [   16*CUT_VALUES-1:0] cut_word_i,
    input wire [                 4:0] cut_reference_i,

    input  wire        run_valid_i,
    output wire        run_ready_o,
    input  wire [15:0] run_linear_i,
    input  wire [ 7:0] run_shift_i,

    output wire                  res_valid_o,
    input  wire                  res_ready_i,
    output wire [32*RESULTS-1:0] res_data_o,
    output wire                  res_last_o,
    output wire [          31:0] res_rows_o,
    output wire [          31:0] res_cycles_o,

    output wire [              15:0] schedule_index_o,
    input  wire [SCHEDULE_WIDTH-1:0] schedule_word_i,

    input  wire                                           weights_quiet_i,
    output wire                                           weights_locked_o,
    output wire                                           weights_wvalid_o,
    output wire                                           weights_rvalid_o,
    input  wire                                           weights_ready_i,
    output wire [WEIGHT_ADDR_WIDTH+WEIGHT_BYTE_WIDTH-1:0] weights_addr_o,
    output wire [                                    7:0] weights_wdata_o,
    input  wire                                           weights_rdata_valid_i,
    input  wire [                                    7:0] weights_rdata_i,
    output wire                                           weights_start_o,
    output wire [                  WEIGHT_ADDR_WIDTH-1:0] weights_start_word_o,
    input  wire                                           weights_word_valid_i,
    output wire                                           weights_word_ready_o,
    input  wire [           WEIGHT_BYTES*STORED_WIDTH-1:0] weights_word_i,

    output wire [SEGMENT_WIDTH+BLOCK_WIDTH-VALUE_WIDTH-1:0] signs_index_o,
    input  wire [                               VALUES-1:0] signs_word_i,

    output wire beat_o,   // the array takes a beat in this cycle
    output wire stall_o,  // the array waits for an operand in this cycle
    output wire busy_o
);

  // Control.
  wire start;
  wire [7:0] final_shift;
  wire drained;
  wire read_done;
  wire computing;
  wire framing;
  wire control_ready;
  // A linear that reads the first samples of its blocks only may be done before its vector is framed.
  wire quiet = (WEIGHT_STREAM == 0 || weights_quiet_i) && !framing;

  // The array reads the linear's last operands: scales, which it wants after all others.
  wire scale_read;
  wire scale_final;
  wire walked = scale_read && scale_final;

  generate
    if (BANKS == 1) begin : g_control
      sdq_run_control u_control (
          .clk_i         (clk_i),
          .rst_ni        (rst_ni),
          .run_valid_i   (run_valid_i && quiet),
          .run_ready_o   (control_ready),
          .run_linear_i  (run_linear_i),
          .run_shift_i   (run_shift_i),
          .linear_o      (schedule_index_o),
          .shift_o       (final_shift),
          .start_o       (start),
          .drained_i     (drained),
          .result_valid_i(res_valid_o),
          .read_done_i   (read_done),
          .computing_o   (computing),
          .busy_o        (busy_o),
          .cycles_o      (res_cycles_o)
      );
      wire unused_walked = walked;
    end else begin : g_overlap
      sdq_run_overlap u_control (
          .clk_i       (clk_i),
          .rst_ni      (rst_ni),
          .run_valid_i (run_valid_i && quiet),
          .run_ready_o (control_ready),
          .run_linear_i(run_linear_i),
          .run_shift_i (run_shift_i),
          .linear_o    (schedule_index_o),
          .shift_o     (final_shift),
          .start_o     (start),
          .walked_i    (walked),
          .read_done_i (read_done),
          .computing_o (computing),
          .busy_o      (busy_o)
      );
      assign res_cycles_o = 32'd0;
      wire unused_drained = drained;
    end
  endgenerate

  // Operands, in the order in which the array wants them.
  wire [SCALE_ADDR_WIDTH-1:0] scale_base;
  wire [BLOCK_ADDR_WIDTH-1:0] last_block;
  wire has_tail;
  wire weight_read;
  wire [WEIGHT_ADDR_WIDTH-1:0] weight_addr;
  wire [WEIGHT_BYTES*STORED_WIDTH-1:0] weight_word;
  wire activation_read;
  wire [ACTIVATION_ADDR_WIDTH-1:0] activation_addr;
  wire [8*LANES-1:0] activation_word;
  wire samples_ready;
  wire scale_block_end;
  wire [8*SCALE_BYTES-1:0] scale_word;
  wire [31:0] block_word;

  sdq_operands #(
      .LANES                (LANES),
      .LANE_WIDTH           (LANE_WIDTH),
      .TERNARY              (TERNARY),
      .STORED_WIDTH         (STORED_WIDTH),
      .WEIGHT_SINGLE_PORT   (WEIGHT_SINGLE_PORT),
      .WEIGHT_STREAM        (WEIGHT_STREAM),
      .WEIGHT_WORDS         (WEIGHT_WORDS),
      .WEIGHT_ADDR_WIDTH    (WEIGHT_ADDR_WIDTH),
      .WEIGHT_BYTES         (WEIGHT_BYTES),
      .WEIGHT_BYTE_WIDTH    (WEIGHT_BYTE_WIDTH),
      .SCALE_WORDS          (SCALE_WORDS),
      .SCALE_ADDR_WIDTH     (SCALE_ADDR_WIDTH),
      .SCALE_BYTES          (SCALE_BYTES),
      .SCALE_BYTE_WIDTH     (SCALE_BYTE_WIDTH),
      .ACTIVATION_WORDS     (ACTIVATION_WORDS),
      .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
      .SLOT_WORDS           (SLOT_WORDS),
      .BLOCK_WORDS          (BLOCK_WORDS),
      .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
      .FRAME                (FRAME),
      .VALUES               (VALUES),
      .VALUE_WIDTH          (VALUE_WIDTH),
      .SAMPLES              (SAMPLES),
      .GRANULE              (GRANULE),
      .BLOCK_WIDTH          (BLOCK_WIDTH),
      .SEGMENT_WIDTH        (SEGMENT_WIDTH),
      .WORK_WIDTH           (WORK_WIDTH),
      .ROUND_WIDTH          (ROUND_WIDTH),
      .SHAPE_WIDTH          (SHAPE_WIDTH),
      .VECTOR_WORDS         (VECTOR_WORDS),
      .VECTOR_ADDR_WIDTH    (VECTOR_ADDR_WIDTH),
      .WALK_WIDTH           (WALK_WIDTH),
      .SCHEDULE_WIDTH       (SCHEDULE_WIDTH),
      .CUT                  (CUT),
      .CUT_VALUES           (CUT_VALUES),
      .CUT_PART_WIDTH       (CUT_PART_WIDTH)
  ) u_operands (
      .clk_i                (clk_i),
      .rst_ni               (rst_ni),
      .locked_i             (computing),
      .mem_wvalid_i         (mem_wvalid_i),
      .mem_wready_o         (mem_wready_o),
      .mem_rvalid_i         (mem_rvalid_i),
      .mem_rready_o         (mem_rready_o),
      .mem_addr_i           (mem_addr_i),
      .mem_wdata_i          (mem_wdata_i),
      .mem_rdata_valid_o    (mem_rdata_valid_o),
      .mem_rdata_o          (mem_rdata_o),
      .cut_start_i          (cut_start_i),
      .cut_valid_i          (cut_valid_i),
      .cut_block_i          (cut_block_i),
      .cut_exponent_i       (cut_exponent_i),
      .cut_word_i           (cut_word_i),
      .cut_reference_i      (cut_reference_i),
      .start_i              (start),
      .schedule_word_i      (schedule_word_i),
      .scale_base_i         (scale_base),
      .last_block_i         (last_block),
      .has_tail_i           (has_tail),
      .framing_o            (framing),
      .weight_read_i        (weight_read),
      .weight_addr_i        (weight_addr),
      .weight_word_o        (weight_word),
      .activation_read_i    (activation_read),
      .activation_addr_i    (activation_addr),
      .activation_word_o    (activation_word),
      .samples_ready_o      (samples_ready),
      .scale_read_i         (scale_read),
      .scale_block_end_i    (scale_block_end),
      .scale_word_o         (scale_word),
      .block_word_o         (block_word),
      .weights_wvalid_o     (weights_wvalid_o),
      .weights_rvalid_o     (weights_rvalid_o),
      .weights_ready_i      (weights_ready_i),
      .weights_addr_o       (weights_addr_o),
      .weights_wdata_o      (weights_wdata_o),
      .weights_rdata_valid_i(weights_rdata_valid_i),
      .weights_rdata_i      (weights_rdata_i),
      .weights_word_i       (weights_word_i),
      .signs_index_o        (signs_index_o),
      .signs_word_i         (signs_word_i)
  );

  // From beats to items.
  wire [ROW_WIDTH-1:0] rows;
  wire item_valid;
  wire item_block_end;
  wire item_final;
  wire [UNITS*(ACC_WIDTH+1)-1:0] addends;

  sdq_array_engine #(
      .LANES                (LANES),
      .LANE_WIDTH           (LANE_WIDTH),
      .ROWS                 (ROWS),
      .UNITS                (UNITS),
      .PHASES               (PHASES),
      .PHASE_WIDTH          (PHASE_WIDTH),
      .TERNARY              (TERNARY),
      .MEANS                (MEANS),
      .TABLES               (TABLES),
      .SIGN_TREE            (SIGN_TREE),
      .TABLE_GROUPS         (TABLE_GROUPS),
      .TABLE_LEVELS         (TABLE_LEVELS),
      .STORED_WIDTH         (STORED_WIDTH),
      .SEGMENTS             (SEGMENTS),
      .GAIN_WIDTH           (GAIN_WIDTH),
      .SUM_WIDTH            (SUM_WIDTH),
      .TOTAL_WIDTH          (TOTAL_WIDTH),
      .SCALED_WIDTH         (SCALED_WIDTH),
      .ACC_WIDTH            (ACC_WIDTH),
      .WEIGHT_STREAM        (WEIGHT_STREAM),
      .WEIGHT_ADDR_WIDTH    (WEIGHT_ADDR_WIDTH),
      .WEIGHT_BYTES         (WEIGHT_BYTES),
      .SCALE_ADDR_WIDTH     (SCALE_ADDR_WIDTH),
      .SCALE_BYTES          (SCALE_BYTES),
      .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
      .SLOT_WORDS           (SLOT_WORDS),
      .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
      .CYCLE_WIDTH          (CYCLE_WIDTH),
      .GROUP_WIDTH          (GROUP_WIDTH),
      .SPAN_WIDTH           (SPAN_WIDTH),
      .STEP_WIDTH           (STEP_WIDTH),
      .ROW_WIDTH            (ROW_WIDTH),
      .SCHEDULE_WIDTH       (WALK_WIDTH)
  ) u_array_engine (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .start_i          (start),
      .schedule_word_i  (schedule_word_i[WALK_WIDTH-1:0]),
      .scale_base_o     (scale_base),
      .rows_o           (rows),
      .last_block_o     (last_block),
      .has_tail_o       (has_tail),
      .stall_o          (stall_o),
      .weight_ready_i   (WEIGHT_STREAM == 0 || weights_word_valid_i),
      .weight_read_o    (weight_read),
      .weight_addr_o    (weight_addr),
      .weight_word_i    (weight_word),
      .samples_ready_i  (samples_ready),
      .activation_read_o(activation_read),
      .activation_addr_o(activation_addr),
      .activation_word_i(activation_word),
      .scale_read_o     (scale_read),
      .scale_block_end_o(scale_block_end),
      .scale_final_o    (scale_final),
      .scale_word_i     (scale_word),
      .block_word_i     (block_word),
      .item_valid_o     (item_valid),
      .item_block_end_o (item_block_end),
      .item_final_o     (item_final),
      .addends_o        (addends)
  );

  wire [ROW_WIDTH-1:0] res_rows;

  sdq_results #(
      .UNITS         (UNITS),
      .UNIT_WIDTH    (UNIT_WIDTH),
      .PHASES        (PHASES),
      .ACC_WIDTH     (ACC_WIDTH),
      .ACC_WORDS     (ACC_WORDS),
      .ACC_ADDR_WIDTH(ACC_ADDR_WIDTH),
      .ROW_WIDTH     (ROW_WIDTH),
      .BANKS         (BANKS),
      .RESULTS       (RESULTS),
      .SLICE_WIDTH   (SLICE_WIDTH)
  ) u_results (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .start_i         (start),
      .item_valid_i    (item_valid),
      .item_block_end_i(item_block_end),
      .item_final_i    (item_final),
      .addends_i       (addends),
      .rows_i          (rows),
      .shift_i         (final_shift),
      .drained_o       (drained),
      .done_o          (read_done),
      .res_valid_o     (res_valid_o),
      .res_ready_i     (res_ready_i),
      .res_data_o      (res_data_o),
      .res_last_o      (res_last_o),
      .res_rows_o      (res_rows)
  );

  assign run_ready_o          = control_ready && quiet;
  assign weights_locked_o     = computing;
  assign weights_start_o      = start;
  assign weights_start_word_o = schedule_word_i[WEIGHT_ADDR_WIDTH-1:0];
  assign weights_word_ready_o = weight_read;
  assign beat_o               = weight_read;
  assign res_rows_o           = {{32 - ROW_WIDTH{1'b0}}, res_rows};

endmodule
`default_nettype wire
