`default_nettype none
// From the sums of the table engine's beats to addends for the accumulators.
//
//   beats     valid_i with the row group group_i of a span; first_i in a block's first beat for the row group, last_i in its
//             last. Row groups take turns, so their block totals wait in a memory:  P[group] = (first ? 0 : P[group]) +
//             (±sum) << shift
//   totals    after the last beat the ROWS totals queue up for the scale units, see sdq_scale_phases. read_o comes one cycle
//             before scales_i and block_i, read_block_end_o and read_final_o with it
//
// A row group returns after 2 cycles or more. The queue holds the row groups of a span: it must be empty again before the
// last beats of the next span. Latency from a last beat to its first addends, with an empty queue: 8 cycles.
module sdq_table_scale #(
    parameter ROWS = 3,
    parameter UNITS = 1,
    parameter PHASES = 3,  // ROWS / UNITS
    parameter PHASE_WIDTH = 2,  // index width of PHASES
    parameter GROUP_WIDTH = 5,
    parameter GAIN_WIDTH = 1,
    parameter SUM_WIDTH = 11,
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 25,
    parameter ACC_WIDTH = 40,
    parameter MEANS = 0,
    parameter SCALE_BYTES = 3  // ROWS, or 2 · ROWS with MEANS
) (
    input wire clk_i,
    input wire rst_ni,

    input wire                      valid_i,
    input wire                      first_i,
    input wire                      last_i,
    input wire                      block_end_i,
    input wire                      final_i,
    input wire [   GROUP_WIDTH-1:0] group_i,
    input wire [    GAIN_WIDTH-1:0] shift_i,
    input wire [ROWS*SUM_WIDTH-1:0] sums_i,
    input wire [          ROWS-1:0] signs_i,

    output wire                     read_o,
    output wire                     read_block_end_o,
    output wire                     read_final_o,
    input  wire [8*SCALE_BYTES-1:0] scales_i,
    input  wire [             31:0] block_i,

    output wire                           item_valid_o,
    output wire                           item_block_end_o,
    output wire                           item_final_o,
    output wire [UNITS*(ACC_WIDTH+1)-1:0] addends_o
);

  localparam LAST_PHASE = PHASES - 1;
  localparam TOTALS_WIDTH = ROWS * TOTAL_WIDTH;

  // Stage 1: the sums, and what the row group has so far. Stage 2: the totals with them.
  reg valid_1_q;
  reg last_1_q;
  reg block_end_1_q;
  reg final_1_q;
  reg [GROUP_WIDTH-1:0] group_1_q;
  reg [GAIN_WIDTH-1:0] shift_1_q;
  reg [ROWS*SUM_WIDTH-1:0] sums_1_q;
  reg [ROWS-1:0] signs_1_q;
  reg [TOTALS_WIDTH-1:0] old_1_q;
  reg valid_2_q;
  reg push_2_q;
  reg block_end_2_q;
  reg final_2_q;
  reg [GROUP_WIDTH-1:0] group_2_q;
  reg [TOTALS_WIDTH-1:0] totals_2_q;
  wire [TOTALS_WIDTH-1:0] old;

  always @(posedge clk_i) begin
    if (!rst_ni) {push_2_q, valid_2_q, valid_1_q} <= 3'b000;
    else {push_2_q, valid_2_q, valid_1_q} <= {valid_1_q && last_1_q, valid_1_q, valid_i};

    last_1_q      <= last_i;
    block_end_1_q <= block_end_i;
    final_1_q     <= final_i;
    group_1_q     <= group_i;
    shift_1_q     <= shift_i;
    sums_1_q      <= sums_i;
    signs_1_q     <= signs_i;
    if (first_i) old_1_q <= {TOTALS_WIDTH{1'b0}};
    else old_1_q <= old;

    block_end_2_q <= block_end_1_q;
    final_2_q     <= final_1_q;
    group_2_q     <= group_1_q;
  end

  genvar r;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      wire [TOTAL_WIDTH-1:0] sign = {TOTAL_WIDTH{signs_1_q[r]}};
      wire [TOTAL_WIDTH-1:0] sum = {
        {TOTAL_WIDTH - SUM_WIDTH + 1{sums_1_q[(r+1)*SUM_WIDTH-1]}}, sums_1_q[r*SUM_WIDTH+:SUM_WIDTH-1]
      };
      // As in sdq_block_total: a difference, so that the inversion shares the LUT before the carry chain.
      wire [TOTAL_WIDTH-1:0] operand = (sum << shift_1_q) ^ sign;
      wire [TOTAL_WIDTH:0] difference = {old_1_q[r*TOTAL_WIDTH+:TOTAL_WIDTH], signs_1_q[r]} - {~operand, 1'b1};
      wire unused = difference[0];

      always @(posedge clk_i) totals_2_q[r*TOTAL_WIDTH+:TOTAL_WIDTH] <= difference[TOTAL_WIDTH:1];
    end
  endgenerate

  sdq_table_ram #(
      .WIDTH     (TOTALS_WIDTH),
      .ADDR_WIDTH(GROUP_WIDTH),
      .PORTS     (1)
  ) u_totals (
      .clk_i  (clk_i),
      .wen_i  (valid_2_q),
      .waddr_i(group_2_q),
      .wdata_i(totals_2_q),
      .raddr_i(group_i),
      .rdata_o(old)
  );

  // The queue: totals leave it every PHASES cycles.
  reg [GROUP_WIDTH:0] filled_q;
  reg [GROUP_WIDTH-1:0] head_q;
  reg [GROUP_WIDTH-1:0] tail_q;
  reg [PHASE_WIDTH-1:0] phase_q;
  reg waits_q;
  reg takes_q;
  reg block_end_q;
  reg final_q;
  reg [TOTALS_WIDTH-1:0] totals_q;
  wire [TOTALS_WIDTH-1:0] totals;

  wire pop = filled_q != {GROUP_WIDTH + 1{1'b0}} && !waits_q;
  assign read_o = pop;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      filled_q <= {GROUP_WIDTH + 1{1'b0}};
      head_q   <= {GROUP_WIDTH{1'b0}};
      tail_q   <= {GROUP_WIDTH{1'b0}};
      waits_q  <= 1'b0;
      takes_q  <= 1'b0;
    end else begin
      filled_q <= filled_q + {{GROUP_WIDTH{1'b0}}, push_2_q} - {{GROUP_WIDTH{1'b0}}, pop};
      if (push_2_q) tail_q <= tail_q + 1'b1;
      if (pop) head_q <= head_q + 1'b1;
      if (pop) waits_q <= PHASES != 1;
      else if (phase_q == LAST_PHASE[PHASE_WIDTH-1:0]) waits_q <= 1'b0;
      takes_q <= pop;
    end
    if (pop) phase_q <= {{PHASE_WIDTH - 1{1'b0}}, 1'b1};
    else phase_q <= phase_q + 1'b1;
    block_end_q <= read_block_end_o;
    final_q     <= read_final_o;
    totals_q    <= totals;
  end

  sdq_table_ram #(
      .WIDTH     (TOTALS_WIDTH + 2),
      .ADDR_WIDTH(GROUP_WIDTH),
      .PORTS     (1)
  ) u_queue (
      .clk_i  (clk_i),
      .wen_i  (push_2_q),
      .waddr_i(tail_q),
      .wdata_i({final_2_q, block_end_2_q, totals_2_q}),
      .raddr_i(head_q),
      .rdata_o({read_final_o, read_block_end_o, totals})
  );

  sdq_scale_phases #(
      .ROWS        (ROWS),
      .UNITS       (UNITS),
      .PHASES      (PHASES),
      .PHASE_WIDTH (PHASE_WIDTH),
      .TOTAL_WIDTH (TOTAL_WIDTH),
      .SCALED_WIDTH(SCALED_WIDTH),
      .ACC_WIDTH   (ACC_WIDTH),
      .MEANS       (MEANS),
      .SCALE_BYTES (SCALE_BYTES)
  ) u_phases (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .takes_i         (takes_q),
      .block_end_i     (block_end_q),
      .final_i         (final_q),
      .totals_i        (totals_q),
      .scales_i        (scales_i),
      .block_i         (block_i),
      .item_valid_o    (item_valid_o),
      .item_block_end_o(item_block_end_o),
      .item_final_o    (item_final_o),
      .addends_o       (addends_o)
  );

endmodule
`default_nettype wire
