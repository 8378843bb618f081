`default_nettype none
// The accumulators of a linear and, when they have all their items, its results: see sdq_accumulator, sdq_result_reader.
//
// start_i begins a linear. item_final_i comes with its last item; drained_o says that this is in memory, and results
// follow; done_o comes with the transfer of the last one. rows_i and shift_i are stable from drained_o on.
module sdq_results #(
    parameter UNITS = 1,  // scale units, a divisor of ROWS
    parameter UNIT_WIDTH = 1,  // index width of UNITS
    parameter PHASES = 5,  // ROWS / UNITS
    parameter ACC_WIDTH = 40,
    parameter ACC_WORDS = 5,
    parameter ACC_ADDR_WIDTH = 3,
    parameter ROW_WIDTH = 3
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                           start_i,
    input  wire                           item_valid_i,
    input  wire                           item_block_end_i,
    input  wire                           item_final_i,
    input  wire [UNITS*(ACC_WIDTH+1)-1:0] addends_i,
    input  wire [          ROW_WIDTH-1:0] rows_i,
    input  wire [                    7:0] shift_i,
    output wire                           drained_o,
    output wire                           done_o,

    output wire        res_valid_o,
    input  wire        res_ready_i,
    output wire [31:0] res_data_o,
    output wire        res_last_o
);

  // A row group that returns within four cycles finds its sums on the way to memory.
  localparam FORWARD = PHASES < 4 ? 1 : 0;

  sdq_delay #(
      .WIDTH (1),
      .CYCLES(3)
  ) u_drained (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (item_final_i),
      .d_o   (drained_o)
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
      .start_i         (start_i),
      .item_valid_i    (item_valid_i),
      .item_block_end_i(item_block_end_i),
      .addends_i       (addends_i),
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
      .start_i       (drained_o),
      .rows_i        (rows_i),
      .shift_i       (shift_i),
      .done_o        (done_o),
      .read_en_o     (result_read),
      .read_addr_o   (result_addr),
      .read_data_i   (accumulators),
      .result_valid_o(res_valid_o),
      .result_ready_i(res_ready_i),
      .result_data_o (res_data_o),
      .result_last_o (res_last_o)
  );

endmodule
`default_nettype wire
