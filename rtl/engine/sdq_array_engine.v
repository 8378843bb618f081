`default_nettype none
// From the start of a linear to items for its accumulators: the adder engine or the table engine (TABLES), see
// sdq_adder_engine and sdq_table_engine, whose ports these are. Weights from outside are for the adder engine only.
module sdq_array_engine #(
    parameter LANES = 8,  // L, a power of two
    parameter LANE_WIDTH = 3,  // index width of LANES
    parameter ROWS = 5,  // R
    parameter UNITS = 1,  // scale units, a divisor of ROWS
    parameter PHASES = 5,  // ROWS / UNITS
    parameter PHASE_WIDTH = 3,  // index width of PHASES
    parameter TERNARY = 1,
    parameter MEANS = 0,
    parameter TABLES = 0,  // the table engine, else the adder engine
    parameter SIGN_TREE = 0,  // of the adder engine, see sdq_adder_node
    parameter TABLE_GROUPS = 3,  // of the table engine, see sdq_table_array
    parameter TABLE_LEVELS = 2,
    parameter STORED_WIDTH = 8,
    parameter SEGMENTS = 1,
    parameter GAIN_WIDTH = 1,
    parameter SUM_WIDTH = 11,
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 24,
    parameter ACC_WIDTH = 40,
    parameter WEIGHT_STREAM = 0,
    parameter WEIGHT_ADDR_WIDTH = 1,
    parameter WEIGHT_BYTES = 8,
    parameter SCALE_ADDR_WIDTH = 1,
    parameter SCALE_BYTES = 5,
    parameter ACTIVATION_ADDR_WIDTH = 1,
    parameter SLOT_WORDS = 1,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter CYCLE_WIDTH = 3,
    parameter GROUP_WIDTH = 1,
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

  generate
    if (TABLES != 0) begin : g_tables
      sdq_table_engine #(
          .LANES                (LANES),
          .TABLE_GROUPS         (TABLE_GROUPS),
          .TABLE_LEVELS         (TABLE_LEVELS),
          .ROWS                 (ROWS),
          .UNITS                (UNITS),
          .PHASES               (PHASES),
          .PHASE_WIDTH          (PHASE_WIDTH),
          .MEANS                (MEANS),
          .STORED_WIDTH         (STORED_WIDTH),
          .SEGMENTS             (SEGMENTS),
          .GAIN_WIDTH           (GAIN_WIDTH),
          .SUM_WIDTH            (SUM_WIDTH),
          .TOTAL_WIDTH          (TOTAL_WIDTH),
          .SCALED_WIDTH         (SCALED_WIDTH),
          .ACC_WIDTH            (ACC_WIDTH),
          .WEIGHT_ADDR_WIDTH    (WEIGHT_ADDR_WIDTH),
          .WEIGHT_BYTES         (WEIGHT_BYTES),
          .SCALE_ADDR_WIDTH     (SCALE_ADDR_WIDTH),
          .SCALE_BYTES          (SCALE_BYTES),
          .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
          .SLOT_WORDS           (SLOT_WORDS),
          .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
          .CYCLE_WIDTH          (CYCLE_WIDTH),
          .SPAN_WIDTH           (SPAN_WIDTH),
          .STEP_WIDTH           (STEP_WIDTH),
          .ROW_WIDTH            (ROW_WIDTH),
          .SCHEDULE_WIDTH       (SCHEDULE_WIDTH)
      ) u_engine (
          .clk_i            (clk_i),
          .rst_ni           (rst_ni),
          .start_i          (start_i),
          .schedule_word_i  (schedule_word_i),
          .scale_base_o     (scale_base_o),
          .rows_o           (rows_o),
          .last_block_o     (last_block_o),
          .has_tail_o       (has_tail_o),
          .samples_ready_i  (samples_ready_i),
          .stall_o          (stall_o),
          .weight_read_o    (weight_read_o),
          .weight_addr_o    (weight_addr_o),
          .weight_word_i    (weight_word_i),
          .activation_read_o(activation_read_o),
          .activation_addr_o(activation_addr_o),
          .activation_word_i(activation_word_i),
          .scale_read_o     (scale_read_o),
          .scale_block_end_o(scale_block_end_o),
          .scale_final_o    (scale_final_o),
          .scale_word_i     (scale_word_i),
          .block_word_i     (block_word_i),
          .item_valid_o     (item_valid_o),
          .item_block_end_o (item_block_end_o),
          .item_final_o     (item_final_o),
          .addends_o        (addends_o)
      );
      if (WEIGHT_STREAM != 0) begin : g_illegal
        initial begin
          $display("%m: WEIGHT_STREAM=%0d TABLES=%0d", WEIGHT_STREAM, TABLES);
          $finish;
        end
      end
      wire unused_ready = weight_ready_i;
    end else begin : g_adders
      sdq_adder_engine #(
          .LANES                (LANES),
          .LANE_WIDTH           (LANE_WIDTH),
          .ROWS                 (ROWS),
          .UNITS                (UNITS),
          .PHASES               (PHASES),
          .PHASE_WIDTH          (PHASE_WIDTH),
          .TERNARY              (TERNARY),
          .MEANS                (MEANS),
          .SIGN_TREE            (SIGN_TREE),
          .STORED_WIDTH         (STORED_WIDTH),
          .SEGMENTS             (SEGMENTS),
          .GAIN_WIDTH           (GAIN_WIDTH),
          .SUM_WIDTH            (SUM_WIDTH),
          .TOTAL_WIDTH          (TOTAL_WIDTH),
          .SCALED_WIDTH         (SCALED_WIDTH),
          .ACC_WIDTH            (ACC_WIDTH),
          .WEIGHT_ADDR_WIDTH    (WEIGHT_ADDR_WIDTH),
          .WEIGHT_BYTES         (WEIGHT_BYTES),
          .SCALE_ADDR_WIDTH     (SCALE_ADDR_WIDTH),
          .SCALE_BYTES          (SCALE_BYTES),
          .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
          .SLOT_WORDS           (SLOT_WORDS),
          .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
          .CYCLE_WIDTH          (CYCLE_WIDTH),
          .GROUP_WIDTH          (GROUP_WIDTH),
          .ROW_WIDTH            (ROW_WIDTH),
          .SCHEDULE_WIDTH       (SCHEDULE_WIDTH)
      ) u_engine (
          .clk_i            (clk_i),
          .rst_ni           (rst_ni),
          .start_i          (start_i),
          .schedule_word_i  (schedule_word_i),
          .scale_base_o     (scale_base_o),
          .rows_o           (rows_o),
          .weight_ready_i   (weight_ready_i),
          .last_block_o     (last_block_o),
          .has_tail_o       (has_tail_o),
          .samples_ready_i  (samples_ready_i),
          .stall_o          (stall_o),
          .weight_read_o    (weight_read_o),
          .weight_addr_o    (weight_addr_o),
          .weight_word_i    (weight_word_i),
          .activation_read_o(activation_read_o),
          .activation_addr_o(activation_addr_o),
          .activation_word_i(activation_word_i),
          .scale_read_o     (scale_read_o),
          .scale_block_end_o(scale_block_end_o),
          .scale_final_o    (scale_final_o),
          .scale_word_i     (scale_word_i),
          .block_word_i     (block_word_i),
          .item_valid_o     (item_valid_o),
          .item_block_end_o (item_block_end_o),
          .item_final_o     (item_final_o),
          .addends_o        (addends_o)
      );
    end
  endgenerate

endmodule
`default_nettype wire
