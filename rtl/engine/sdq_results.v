`default_nettype none
// The accumulators of linears and, when they have all their items, results: see sdq_accumulator, sdq_result_reader.
//
// start_i begins a linear. item_final_i comes with its last item; drained_o says that this is in memory, and results
// follow; done_o comes with the transfer of the last ones.
//
// BANKS = 1: a linear begins when done_o has come for the one before. rows_i and shift_i are stable from drained_o on.
// BANKS = 2: a linear may begin when done_o has come for the one before the last. rows_i and shift_i are those of start_i.
// No item reaches a bank whose results are not taken.
module sdq_results #(
    parameter UNITS = 1,  // scale units, a divisor of ROWS
    parameter UNIT_WIDTH = 1,  // index width of UNITS
    parameter PHASES = 5,  // ROWS / UNITS
    parameter ACC_WIDTH = 40,
    parameter ACC_WORDS = 5,
    parameter ACC_ADDR_WIDTH = 3,
    parameter ROW_WIDTH = 3,
    parameter BANKS = 1,  // 1 or 2
    parameter RESULTS = 1,  // given at once; divides UNITS, or is a multiple of it
    parameter SLICE_WIDTH = 0  // log2(RESULTS / UNITS), if that is more than 1
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

    output wire                  res_valid_o,
    input  wire                  res_ready_i,
    output wire [32*RESULTS-1:0] res_data_o,
    output wire                  res_last_o,
    output wire [ ROW_WIDTH-1:0] res_rows_o
);

  // A row group that returns within four cycles finds its sums on the way to memory.
  localparam FORWARD = PHASES < 4 ? 1 : 0;
  // Words of accumulators that are read at once.
  localparam SLICES = 1 << SLICE_WIDTH;

  generate
    if (SLICES != (RESULTS > UNITS ? RESULTS / UNITS : 1)) begin : g_illegal
      initial begin
        $display("%m: UNITS=%0d RESULTS=%0d SLICE_WIDTH=%0d", UNITS, RESULTS, SLICE_WIDTH);
        $finish;
      end
    end
  endgenerate

  sdq_delay #(
      .WIDTH (1),
      .CYCLES(3)
  ) u_drained (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (item_final_i),
      .d_o   (drained_o)
  );

  // Which linear's results are read.
  wire read_start;
  wire read_bank;
  wire [ROW_WIDTH-1:0] rows;
  wire [7:0] shift;

  generate
    if (BANKS == 1) begin : g_one_bank
      assign read_start = drained_o;
      assign read_bank  = 1'b0;
      assign rows       = rows_i;
      assign shift      = shift_i;
      wire unused_start = start_i;
    end else begin : g_two_banks
      reg start_bank_q;
      reg read_bank_q;
      reg reads_q;
      reg waits_q;  // a linear is drained, and the results of the one before are read
      reg [2*ROW_WIDTH-1:0] rows_q;
      reg [15:0] shift_q;

      always @(posedge clk_i) begin
        if (!rst_ni) begin
          start_bank_q <= 1'b0;
          read_bank_q  <= 1'b0;
          reads_q      <= 1'b0;
          waits_q      <= 1'b0;
        end else begin
          if (start_i) start_bank_q <= !start_bank_q;
          if (done_o) read_bank_q <= !read_bank_q;
          if (read_start) reads_q <= 1'b1;
          else if (done_o) reads_q <= 1'b0;
          waits_q <= (drained_o || waits_q) && reads_q;
        end

        if (start_i) begin
          rows_q[start_bank_q*ROW_WIDTH+:ROW_WIDTH] <= rows_i;
          shift_q[start_bank_q*8+:8]                <= shift_i;
        end
      end

      assign read_start = (drained_o || waits_q) && !reads_q;
      assign read_bank  = read_bank_q;
      assign rows       = rows_q[read_bank_q*ROW_WIDTH+:ROW_WIDTH];
      assign shift      = shift_q[read_bank_q*8+:8];
    end
  endgenerate

  wire result_read;
  wire [ACC_ADDR_WIDTH-1:0] result_addr;
  wire [SLICES*UNITS*ACC_WIDTH-1:0] accumulators;

  sdq_accumulator #(
      .WORDS      (ACC_WORDS),
      .ADDR_WIDTH (ACC_ADDR_WIDTH),
      .UNITS      (UNITS),
      .ACC_WIDTH  (ACC_WIDTH),
      .FORWARD    (FORWARD),
      .BANKS      (BANKS),
      .SLICES     (SLICES),
      .SLICE_WIDTH(SLICE_WIDTH)
  ) u_accumulator (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .item_valid_i    (item_valid_i),
      .item_block_end_i(item_block_end_i),
      .item_final_i    (item_final_i),
      .addends_i       (addends_i),
      .read_en_i       (result_read),
      .read_bank_i     (read_bank),
      .read_addr_i     (result_addr),
      .read_data_o     (accumulators)
  );

  sdq_result_reader #(
      .UNITS     (SLICES * UNITS),
      .UNIT_WIDTH(UNIT_WIDTH),
      .RESULTS   (RESULTS),
      .ACC_WIDTH (ACC_WIDTH),
      .ADDR_WIDTH(ACC_ADDR_WIDTH),
      .ROW_WIDTH (ROW_WIDTH)
  ) u_results (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .start_i       (read_start),
      .rows_i        (rows),
      .shift_i       (shift),
      .done_o        (done_o),
      .read_en_o     (result_read),
      .read_addr_o   (result_addr),
      .read_data_i   (accumulators),
      .result_valid_o(res_valid_o),
      .result_ready_i(res_ready_i),
      .result_data_o (res_data_o),
      .result_last_o (res_last_o)
  );

  assign res_rows_o = rows;

endmodule
`default_nettype wire
