`default_nettype none
// Host link and engine: everything of the accelerator that no board changes. Parameters and ports are those of
// sdq_host_link and sdq_engine; schedule and signs are looked up outside, in modules that are generated with them.
module sdq_core #(
    parameter INFO_BYTES = 1,
    parameter [8*INFO_BYTES-1:0] INFO = 0,
    parameter LINEARS = 1,
    parameter [31:0] REGION0_BYTES = 16,
    parameter [31:0] REGION1_BYTES = 16,
    parameter [31:0] REGION2_BYTES = 16,
    parameter [31:0] REGION3_BYTES = 8,
    parameter MAX_BODY = 1024,
    parameter RX_BYTES = 4096,

    parameter LANES = 8,  // L, a power of two
    parameter LANE_WIDTH = 3,  // index width of LANES
    parameter ROWS = 5,  // R
    parameter UNITS = 1,  // scale units, a divisor of ROWS
    parameter UNIT_WIDTH = 1,  // index width of UNITS
    parameter PHASES = 5,  // ROWS / UNITS
    parameter PHASE_WIDTH = 3,  // index width of PHASES
    parameter TERNARY = 1,
    parameter MEANS = 0,
    parameter TABLES = 0,
    parameter SIGN_TREE = 0,  // see sdq_adder_node
    parameter TABLE_GROUPS = 3,
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
    parameter SCHEDULE_WIDTH = 34
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire       rx_valid_i,
    output wire       rx_ready_o,
    input  wire [7:0] rx_data_i,

    output wire       tx_valid_o,
    input  wire       tx_ready_i,
    output wire [7:0] tx_data_o,

    input wire [31:0] nonce_i,

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

    output wire beat_o,
    output wire stall_o,
    output wire busy_o
);

  wire mem_wvalid;
  wire mem_wready;
  wire mem_rvalid;
  wire mem_rready;
  wire [31:0] mem_addr;
  wire [7:0] mem_wdata;
  wire mem_rdata_valid;
  wire [7:0] mem_rdata;

  wire run_valid;
  wire run_ready;
  wire [15:0] run_linear;
  wire [7:0] run_shift;

  wire res_valid;
  wire res_ready;
  wire [31:0] res_data;
  wire res_last;
  wire [31:0] res_rows;
  wire [31:0] res_cycles;

  wire link_busy;
  wire engine_busy;

  assign busy_o = link_busy || engine_busy;

  wire [102:0] unused_step;  // this placement has no steps

  sdq_host_link #(
      .INFO_BYTES   (INFO_BYTES),
      .INFO         (INFO),
      .LINEARS      (LINEARS),
      .REGION0_BYTES(REGION0_BYTES),
      .REGION1_BYTES(REGION1_BYTES),
      .REGION2_BYTES(REGION2_BYTES),
      .REGION3_BYTES(REGION3_BYTES),
      .MAX_BODY     (MAX_BODY),
      .RX_BYTES     (RX_BYTES)
  ) u_link (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .rx_valid_i       (rx_valid_i),
      .rx_ready_o       (rx_ready_o),
      .rx_data_i        (rx_data_i),
      .tx_valid_o       (tx_valid_o),
      .tx_ready_i       (tx_ready_i),
      .tx_data_o        (tx_data_o),
      .nonce_i          (nonce_i),
      .mem_wvalid_o     (mem_wvalid),
      .mem_wready_i     (mem_wready),
      .mem_rvalid_o     (mem_rvalid),
      .mem_rready_i     (mem_rready),
      .mem_addr_o       (mem_addr),
      .mem_wdata_o      (mem_wdata),
      .mem_rdata_valid_i(mem_rdata_valid),
      .mem_rdata_i      (mem_rdata),
      .run_valid_o      (run_valid),
      .run_ready_i      (run_ready),
      .run_linear_o     (run_linear),
      .run_shift_o      (run_shift),
      .res_valid_i      (res_valid),
      .res_ready_o      (res_ready),
      .res_data_i       (res_data),
      .res_last_i       (res_last),
      .res_rows_i       (res_rows),
      .res_cycles_i     (res_cycles),
      .step_valid_o     (unused_step[0]),
      .step_ready_i     (1'b0),
      .step_position_o  (unused_step[16:1]),
      .step_count_o     (unused_step[32:17]),
      .step_logits_o    (unused_step[33]),
      .step_stops_o     (unused_step[34]),
      .step_stop_o      (unused_step[66:35]),
      .token_valid_o    (unused_step[67]),
      .token_ready_i    (1'b0),
      .token_o          (unused_step[99:68]),
      .token_last_o     (unused_step[100]),
      .answer_valid_i   (1'b0),
      .answer_ready_o   (unused_step[101]),
      .answer_position_i(16'd0),
      .answer_token_i   (32'd0),
      .answer_cycles_i  (32'd0),
      .answer_last_i    (1'b0),
      .logit_valid_i    (1'b0),
      .logit_ready_o    (unused_step[102]),
      .logit_i          (32'd0),
      .busy_o           (link_busy)
  );

  sdq_engine #(
      .LANES                (LANES),
      .LANE_WIDTH           (LANE_WIDTH),
      .ROWS                 (ROWS),
      .UNITS                (UNITS),
      .UNIT_WIDTH           (UNIT_WIDTH),
      .PHASES               (PHASES),
      .PHASE_WIDTH          (PHASE_WIDTH),
      .TERNARY              (TERNARY),
      .MEANS                (MEANS),
      .TABLES               (TABLES),
      .SIGN_TREE            (SIGN_TREE),
      .TABLE_GROUPS         (TABLE_GROUPS),
      .TABLE_LEVELS         (TABLE_LEVELS),
      .STORED_WIDTH         (STORED_WIDTH),
      .WEIGHT_SINGLE_PORT   (WEIGHT_SINGLE_PORT),
      .SEGMENTS             (SEGMENTS),
      .GAIN_WIDTH           (GAIN_WIDTH),
      .SUM_WIDTH            (SUM_WIDTH),
      .TOTAL_WIDTH          (TOTAL_WIDTH),
      .SCALED_WIDTH         (SCALED_WIDTH),
      .ACC_WIDTH            (ACC_WIDTH),
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
      .ACC_WORDS            (ACC_WORDS),
      .ACC_ADDR_WIDTH       (ACC_ADDR_WIDTH),
      .CYCLE_WIDTH          (CYCLE_WIDTH),
      .GROUP_WIDTH          (GROUP_WIDTH),
      .SPAN_WIDTH           (SPAN_WIDTH),
      .STEP_WIDTH           (STEP_WIDTH),
      .ROW_WIDTH            (ROW_WIDTH),
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
      .SCHEDULE_WIDTH       (SCHEDULE_WIDTH)
  ) u_engine (
      .clk_i                (clk_i),
      .rst_ni               (rst_ni),
      .mem_wvalid_i         (mem_wvalid),
      .mem_wready_o         (mem_wready),
      .mem_rvalid_i         (mem_rvalid),
      .mem_rready_o         (mem_rready),
      .mem_addr_i           (mem_addr),
      .mem_wdata_i          (mem_wdata),
      .mem_rdata_valid_o    (mem_rdata_valid),
      .mem_rdata_o          (mem_rdata),
      .cut_start_i          (1'b0),
      .cut_valid_i          (1'b0),
      .cut_block_i          ({BLOCK_ADDR_WIDTH{1'b0}}),
      .cut_exponent_i       (5'd0),
      .cut_word_i           (32'd0),
      .cut_reference_i      (5'd0),
      .run_valid_i          (run_valid),
      .run_ready_o          (run_ready),
      .run_linear_i         (run_linear),
      .run_shift_i          (run_shift),
      .res_valid_o          (res_valid),
      .res_ready_i          (res_ready),
      .res_data_o           (res_data),
      .res_last_o           (res_last),
      .res_rows_o           (res_rows),
      .res_cycles_o         (res_cycles),
      .schedule_index_o     (schedule_index_o),
      .schedule_word_i      (schedule_word_i),
      .signs_index_o        (signs_index_o),
      .signs_word_i         (signs_word_i),
      .weights_quiet_i      (weights_quiet_i),
      .weights_locked_o     (weights_locked_o),
      .weights_wvalid_o     (weights_wvalid_o),
      .weights_rvalid_o     (weights_rvalid_o),
      .weights_ready_i      (weights_ready_i),
      .weights_addr_o       (weights_addr_o),
      .weights_wdata_o      (weights_wdata_o),
      .weights_rdata_valid_i(weights_rdata_valid_i),
      .weights_rdata_i      (weights_rdata_i),
      .weights_start_o      (weights_start_o),
      .weights_start_word_o (weights_start_word_o),
      .weights_word_valid_i (weights_word_valid_i),
      .weights_word_ready_o (weights_word_ready_o),
      .weights_word_i       (weights_word_i),
      .beat_o               (beat_o),
      .stall_o              (stall_o),
      .busy_o               (engine_busy)
  );

endmodule
`default_nettype wire
