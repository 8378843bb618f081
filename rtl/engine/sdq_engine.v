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
// Run port: a RUN request, then its results. res_rows_o and res_cycles_o are stable while results flow; cycles are those
// from the request's transfer to the first result.
//
// Schedule: schedule_index_o is looked up in one cycle (sdq_schedule); the word's layout is given in sdq_sequencer.
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
    parameter SIGN_TREE = 0,  // see sdq_adder_node
    parameter STORED_WIDTH = 8,
    parameter SEGMENTS = 1,
    parameter GAIN_WIDTH = 1,
    parameter SUM_WIDTH = 11,
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 24,
    parameter ACC_WIDTH = 40,
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
    parameter CYCLE_WIDTH = 3,
    parameter GROUP_WIDTH = 1,
    parameter ROW_WIDTH = 3,
    parameter SCHEDULE_WIDTH = 34
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

    input  wire        run_valid_i,
    output wire        run_ready_o,
    input  wire [15:0] run_linear_i,
    input  wire [ 7:0] run_shift_i,

    output wire        res_valid_o,
    input  wire        res_ready_i,
    output wire [31:0] res_data_o,
    output wire        res_last_o,
    output wire [31:0] res_rows_o,
    output wire [31:0] res_cycles_o,

    output wire [              15:0] schedule_index_o,
    input  wire [SCHEDULE_WIDTH-1:0] schedule_word_i,

    output wire beat_o,   // the array takes a beat in this cycle
    output wire stall_o,  // the array waits for an operand in this cycle
    output wire busy_o
);

  // Cycles from an address to the sums of its beat: memory, two stages of the array before its tree, the tree.
  localparam SUM_CYCLES = 3 + LANE_WIDTH;
  localparam FORWARD = PHASES < 3 ? 1 : 0;

  // Control.
  wire start;
  wire [7:0] final_shift;
  wire drained;
  wire read_start;
  wire read_done;
  wire computing;
  wire [ROW_WIDTH-1:0] rows;
  wire [SCALE_ADDR_WIDTH-1:0] scale_base;

  wire beat_valid;
  wire beat_last;
  wire beat_block_end;
  wire beat_final;
  wire [LANE_WIDTH-1:0] beat_last_lane;
  wire [GAIN_WIDTH-1:0] beat_shift;
  wire [WEIGHT_ADDR_WIDTH-1:0] beat_weight;
  wire [ACTIVATION_ADDR_WIDTH-1:0] beat_activation;

  sdq_run_control u_control (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .run_valid_i   (run_valid_i),
      .run_ready_o   (run_ready_o),
      .run_linear_i  (run_linear_i),
      .run_shift_i   (run_shift_i),
      .linear_o      (schedule_index_o),
      .shift_o       (final_shift),
      .start_o       (start),
      .drained_i     (drained),
      .read_start_o  (read_start),
      .result_valid_i(res_valid_o),
      .read_done_i   (read_done),
      .computing_o   (computing),
      .busy_o        (busy_o),
      .cycles_o      (res_cycles_o)
  );

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
      .start_i          (start),
      .word_i           (schedule_word_i),
      .scale_base_o     (scale_base),
      .rows_o           (rows),
      .beat_valid_o     (beat_valid),
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
      .d_i   ({beat_valid, beat_last, beat_block_end, beat_final}),
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

  // Scales are read in the order in which they lie, exponents block by block.
  reg [SCALE_ADDR_WIDTH-1:0] scale_addr_q;
  reg [BLOCK_ADDR_WIDTH-1:0] block_addr_q;
  wire scale_read = early_valid && early_last;

  always @(posedge clk_i) begin
    if (start) begin
      scale_addr_q <= scale_base;
      block_addr_q <= {BLOCK_ADDR_WIDTH{1'b0}};
    end else if (scale_read) begin
      scale_addr_q <= scale_addr_q + 1'b1;
      if (early_block_end) block_addr_q <= block_addr_q + 1'b1;
    end
  end

  // Memories.
  wire [WEIGHT_BYTES*STORED_WIDTH-1:0] weight_word;
  wire [8*SCALE_BYTES-1:0] scale_word;
  wire [8*LANES-1:0] activation_word;
  wire [31:0] block_word;

  sdq_engine_memories #(
      .LANES                (LANES),
      .LANE_WIDTH           (LANE_WIDTH),
      .TERNARY              (TERNARY),
      .STORED_WIDTH         (STORED_WIDTH),
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
      .BLOCK_WORDS          (BLOCK_WORDS),
      .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH)
  ) u_memories (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .locked_i         (computing),
      .mem_wvalid_i     (mem_wvalid_i),
      .mem_wready_o     (mem_wready_o),
      .mem_rvalid_i     (mem_rvalid_i),
      .mem_rready_o     (mem_rready_o),
      .mem_addr_i       (mem_addr_i),
      .mem_wdata_i      (mem_wdata_i),
      .mem_rdata_valid_o(mem_rdata_valid_o),
      .mem_rdata_o      (mem_rdata_o),
      .beat_read_i      (beat_valid),
      .weight_addr_i    (beat_weight),
      .weight_word_o    (weight_word),
      .activation_addr_i(beat_activation),
      .activation_word_o(activation_word),
      .scale_read_i     (scale_read),
      .scale_addr_i     (scale_addr_q),
      .scale_word_o     (scale_word),
      .block_addr_i     (block_addr_q),
      .block_word_o     (block_word)
  );

  // Array, scaling, accumulators.
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
      .word_i       (weight_word),
      .activations_i(activation_word),
      .beat_i       (beat_valid),
      .last_beat_i  (beat_last),
      .last_lane_i  (beat_last_lane),
      .sums_o       (sums),
      .signs_o      (signs)
  );

  wire item_valid;
  wire item_block_end;
  wire item_final;
  wire [UNITS*(ACC_WIDTH+1)-1:0] addends;

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
      .scales_i        (scale_word),
      .block_i         (block_word),
      .item_valid_o    (item_valid),
      .item_block_end_o(item_block_end),
      .item_final_o    (item_final),
      .addends_o       (addends)
  );

  sdq_delay #(
      .WIDTH (1),
      .CYCLES(2)
  ) u_drained (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (item_final),
      .d_o   (drained)
  );

  wire result_read;
  wire [ACC_ADDR_WIDTH-1:0] result_addr;
  wire [UNITS*ACC_WIDTH-1:0] accumulators;

  sdq_accumulator #(
      .WORDS     (ACC_WORDS),
      .ADDR_WIDTH(ACC_ADDR_WIDTH),
      .UNITS     (UNITS),
      .ACC_WIDTH (ACC_WIDTH),
      .FORWARD   (FORWARD)
  ) u_accumulator (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .start_i         (start),
      .item_valid_i    (item_valid),
      .item_block_end_i(item_block_end),
      .addends_i       (addends),
      .read_en_i       (result_read),
      .read_addr_i     (result_addr),
      .read_data_o     (accumulators)
  );

  sdq_result_reader #(
      .UNITS     (UNITS),
      .UNIT_WIDTH(UNIT_WIDTH),
      .ACC_WIDTH (ACC_WIDTH),
      .ADDR_WIDTH(ACC_ADDR_WIDTH),
      .ROW_WIDTH (ROW_WIDTH)
  ) u_results (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .start_i       (read_start),
      .rows_i        (rows),
      .shift_i       (final_shift),
      .done_o        (read_done),
      .read_en_o     (result_read),
      .read_addr_o   (result_addr),
      .read_data_i   (accumulators),
      .result_valid_o(res_valid_o),
      .result_ready_i(res_ready_i),
      .result_data_o (res_data_o),
      .result_last_o (res_last_o)
  );

  assign beat_o = beat_valid;
  assign stall_o = 1'b0;
  assign res_rows_o = {{32 - ROW_WIDTH{1'b0}}, rows};

endmodule
`default_nettype wire
