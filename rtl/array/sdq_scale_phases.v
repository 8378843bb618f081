`default_nettype none
// From block totals to addends for the accumulators.
//
//   totals    takes_i: the ROWS block totals of a row group are taken over, with the scales, means, sample sum and exponent
//             that are on scales_i and block_i in that cycle
//   items     the totals then pass UNITS scale units in PHASES = ROWS / UNITS cycles, low rows first: UNITS addends each
//
// Totals must follow those before them by PHASES cycles or more.
// item_valid_o, item_block_end_o (the last item of a block's last row group) and item_final_o (of the linear) come two
// cycles before the addends. Latency from takes_i to the first addends: 6 cycles.
module sdq_scale_phases #(
    parameter ROWS = 5,
    parameter UNITS = 1,
    parameter PHASES = 5,  // ROWS / UNITS
    parameter PHASE_WIDTH = 3,  // index width of PHASES
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 25,
    parameter ACC_WIDTH = 40,
    parameter MEANS = 0,
    parameter SCALE_BYTES = 5  // ROWS, or 2 · ROWS with MEANS
) (
    input wire clk_i,
    input wire rst_ni,

    input wire                        takes_i,
    input wire                        block_end_i,
    input wire                        final_i,
    input wire [ROWS*TOTAL_WIDTH-1:0] totals_i,
    input wire [   8*SCALE_BYTES-1:0] scales_i,     // ROWS scales (row 0 low), then with MEANS as many means
    input wire [                31:0] block_i,      // sample sum (24 bits, signed), exponent (8 bits, signed)

    output wire                           item_valid_o,
    output wire                           item_block_end_o,
    output wire                           item_final_o,
    output wire [UNITS*(ACC_WIDTH+1)-1:0] addends_o
);

  localparam LAST_PHASE = PHASES - 1;

  generate
    if (ROWS != UNITS * PHASES || SCALE_BYTES != (MEANS != 0 ? 2 : 1) * ROWS) begin : g_illegal
      initial begin
        $display("%m: ROWS=%0d UNITS=%0d PHASES=%0d MEANS=%0d SCALE_BYTES=%0d", ROWS, UNITS, PHASES, MEANS, SCALE_BYTES);
        $finish;
      end
    end
  endgenerate

  reg busy_q;
  reg block_end_q;
  reg final_q;
  reg [PHASE_WIDTH-1:0] phase_q;
  wire last_phase = phase_q == LAST_PHASE[PHASE_WIDTH-1:0];

  always @(posedge clk_i) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (takes_i) busy_q <= 1'b1;
    else if (last_phase) busy_q <= 1'b0;

    if (takes_i) begin
      phase_q     <= {PHASE_WIDTH{1'b0}};
      block_end_q <= block_end_i;
      final_q     <= final_i;
    end else begin
      phase_q <= phase_q + 1'b1;
    end
  end

  reg [ROWS*TOTAL_WIDTH-1:0] totals_q;
  reg [  8*SCALE_BYTES-1:0] scales_q;
  reg [                23:0] sample_sum_q;
  reg [                 5:0] amount_q;

  always @(posedge clk_i) begin
    if (takes_i) begin
      totals_q     <= totals_i;
      scales_q     <= scales_i;
      sample_sum_q <= block_i[23:0];
      amount_q     <= 6'd17 - block_i[29:24];
    end else if (busy_q) begin
      totals_q <= totals_q >> (UNITS * TOTAL_WIDTH);
      scales_q <= scales_q >> (UNITS * 8);
    end
  end

  wire [1:0] unused_exponent = block_i[31:30];

  // The shift's amount travels along with the totals.
  reg [5:0] amount_1_q;
  reg [5:0] amount_2_q;
  reg [3:0] amount_3_q;
  reg [1:0] amount_4_q;

  always @(posedge clk_i) begin
    amount_1_q <= amount_q;
    amount_2_q <= amount_1_q;
    amount_3_q <= amount_2_q[3:0];
    amount_4_q <= amount_3_q[1:0];
  end

  sdq_delay #(
      .WIDTH (3),
      .CYCLES(3)
  ) u_items (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({busy_q, busy_q && block_end_q && last_phase, busy_q && final_q && last_phase}),
      .d_o   ({item_valid_o, item_block_end_o, item_final_o})
  );

  genvar n;
  generate
    for (n = 0; n < UNITS; n = n + 1) begin : g_unit
      wire [7:0] mean;
      if (MEANS != 0) begin : g_mean
        // Scales leave at the low end, so the means follow them down; unit n's mean is ROWS bytes above its scale.
        assign mean = scales_q[8*(ROWS+n)+:8];
      end else begin : g_no_mean
        assign mean = 8'd0;
      end
      sdq_scale_unit #(
          .TOTAL_WIDTH (TOTAL_WIDTH),
          .SCALED_WIDTH(SCALED_WIDTH),
          .ACC_WIDTH   (ACC_WIDTH),
          .MEANS       (MEANS)
      ) u_scale (
          .clk_i       (clk_i),
          .total_i     (totals_q[n*TOTAL_WIDTH+:TOTAL_WIDTH]),
          .scale_i     (scales_q[8*n+:8]),
          .mean_i      (mean),
          .sample_sum_i(sample_sum_q),
          .shift_16_i  (amount_2_q[5:4]),
          .shift_4_i   (amount_3_q[3:2]),
          .shift_1_i   (amount_4_q),
          .addend_o    (addends_o[n*(ACC_WIDTH+1)+:ACC_WIDTH+1])
      );
    end
  endgenerate

endmodule
`default_nettype wire
