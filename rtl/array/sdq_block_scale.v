`default_nettype none
// From the sums of beats to addends for the accumulators.
//
//   beats     valid_i, with last_i in a block's last beat for a row group; sums_i and signs_i from sdq_mac_array
//   totals    after the last beat the ROWS block totals are taken over, with the scales, means, sample sum and exponent
//             that are on scales_i and block_i in that cycle
//   items     the totals then pass UNITS scale units in PHASES = ROWS / UNITS cycles, low rows first: UNITS addends each
//
// A last beat must follow the one before it by PHASES cycles or more.
// item_valid_o, item_block_end_o (the last item of a block's last row group) and item_final_o (of the linear) come two
// cycles before the addends. Latency from a last beat to its first addends: 6 cycles.
module sdq_block_scale #(
    parameter ROWS = 5,
    parameter UNITS = 1,
    parameter PHASES = 5,  // ROWS / UNITS
    parameter PHASE_WIDTH = 3,  // index width of PHASES
    parameter GAIN_WIDTH = 1,
    parameter SUM_WIDTH = 11,
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 25,
    parameter ACC_WIDTH = 40,
    parameter MEANS = 0,
    parameter SCALE_BYTES = 5,  // ROWS, or 2 · ROWS with MEANS
    parameter SIGN_TREE = 0
) (
    input wire clk_i,
    input wire rst_ni,

    input wire                      valid_i,
    input wire                      last_i,
    input wire                      block_end_i,
    input wire                      final_i,
    input wire [    GAIN_WIDTH-1:0] shift_i,
    input wire [ROWS*SUM_WIDTH-1:0] sums_i,
    input wire [          ROWS-1:0] signs_i,

    input wire [8*SCALE_BYTES-1:0] scales_i,  // ROWS scales (row 0 low), then with MEANS as many means
    input wire [             31:0] block_i,   // sample sum (24 bits, signed), exponent (8 bits, signed)

    output wire                           item_valid_o,
    output wire                           item_block_end_o,
    output wire                           item_final_o,
    output wire [UNITS*(ACC_WIDTH+1)-1:0] addends_o
);

  // Block totals.
  wire [ROWS*TOTAL_WIDTH-1:0] totals;
  genvar r;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      sdq_block_total #(
          .SUM_WIDTH  (SUM_WIDTH),
          .TOTAL_WIDTH(TOTAL_WIDTH),
          .GAIN_WIDTH (GAIN_WIDTH),
          .SIGN_TREE  (SIGN_TREE)
      ) u_total (
          .clk_i  (clk_i),
          .rst_ni (rst_ni),
          .valid_i(valid_i),
          .last_i (last_i),
          .shift_i(shift_i),
          .sum_i  (sums_i[r*SUM_WIDTH+:SUM_WIDTH]),
          .sign_i (signs_i[r]),
          .total_o(totals[r*TOTAL_WIDTH+:TOTAL_WIDTH])
      );
    end
  endgenerate

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
      .takes_i         (valid_i && last_i),
      .block_end_i     (block_end_i),
      .final_i         (final_i),
      .totals_i        (totals),
      .scales_i        (scales_i),
      .block_i         (block_i),
      .item_valid_o    (item_valid_o),
      .item_block_end_o(item_block_end_o),
      .item_final_o    (item_final_o),
      .addends_o       (addends_o)
  );

endmodule
`default_nettype wire
