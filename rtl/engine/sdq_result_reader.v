`default_nettype none
// Reads the accumulators of `rows_i` rows in order and gives them as int32 results, RESULTS at a time, the first in the low
// bits:
//
//   y = saturate( (A >> shift) rounded to nearest, halves up ),  shift −16 … 63; a negative shift is to the left
//
// Results beyond the last row are undefined. done_o is set in the cycle of the last transfer. Latency from start_i to the
// first results: 6 cycles.
module sdq_result_reader #(
    parameter UNITS = 1,  // accumulators per word
    parameter UNIT_WIDTH = 1,  // index width of UNITS / RESULTS
    parameter RESULTS = 1,  // divides UNITS
    parameter ACC_WIDTH = 40,
    parameter ADDR_WIDTH = 1,
    parameter ROW_WIDTH = 3
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                 start_i,
    input  wire [ROW_WIDTH-1:0] rows_i,   // 1 or more
    input  wire [          7:0] shift_i,
    output wire                 done_o,

    output wire                       read_en_o,
    output wire [     ADDR_WIDTH-1:0] read_addr_o,
    input  wire [UNITS*ACC_WIDTH-1:0] read_data_i,

    output wire                  result_valid_o,
    input  wire                  result_ready_i,
    output wire [32*RESULTS-1:0] result_data_o,
    output wire                  result_last_o
);

  localparam LAST_UNIT = UNITS / RESULTS - 1;
  localparam LIFT = 17;  // left shift by 16, and a bit to round with
  localparam WIDTH = ACC_WIDTH + LIFT;
  localparam CHOSEN_WIDTH = RESULTS * ACC_WIDTH;

  generate
    if (RESULTS < 1 || UNITS % RESULTS != 0 || LAST_UNIT >= (1 << UNIT_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: UNITS=%0d RESULTS=%0d UNIT_WIDTH=%0d", UNITS, RESULTS, UNIT_WIDTH);
        $finish;
      end
    end
  endgenerate

  // The pipeline moves as a whole when its last stage is free.
  wire moves = !result_valid_o || result_ready_i;

  // Stage 0: which rows.
  reg active_q;
  reg [ROW_WIDTH-1:0] rows_left_q;
  reg [ADDR_WIDTH-1:0] addr_q;
  reg [UNIT_WIDTH-1:0] unit_q;
  wire [31:0] rows_left = {{32 - ROW_WIDTH{1'b0}}, rows_left_q};
  wire last_row = RESULTS == 1 ? rows_left == 1 : rows_left <= RESULTS;  // with one result, no carry chain
  wire last_unit = unit_q == LAST_UNIT[UNIT_WIDTH-1:0];

  always @(posedge clk_i) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (start_i) active_q <= 1'b1;
    else if (moves && last_row) active_q <= 1'b0;

    if (start_i) begin
      rows_left_q <= rows_i;
      addr_q      <= {ADDR_WIDTH{1'b0}};
      unit_q      <= {UNIT_WIDTH{1'b0}};
    end else if (moves) begin
      rows_left_q <= rows_left_q - RESULTS[ROW_WIDTH-1:0];
      if (last_unit) addr_q <= addr_q + 1'b1;
      unit_q <= last_unit ? {UNIT_WIDTH{1'b0}} : unit_q + 1'b1;
    end
  end

  assign read_en_o   = active_q && moves;
  assign read_addr_o = addr_q;

  // Stage 1: a word of accumulators. Stage 2: those chosen of it, since there is no time for a shift behind block RAM. Stages
  // 3 and 4: shifted. Stage 5: rounded and saturated.
  reg [4:0] valid_q;
  reg [4:0] last_q;
  reg [UNIT_WIDTH-1:0] unit_1_q;
  reg [CHOSEN_WIDTH-1:0] chosen_q;
  reg [CHOSEN_WIDTH-1:0] chosen;
  wire [6:0] amount = shift_i[6:0] + 7'd16;

  integer n;

  always @* begin
    chosen = {CHOSEN_WIDTH{1'b0}};
    for (n = 0; n <= LAST_UNIT; n = n + 1) begin
      if (unit_1_q == n[UNIT_WIDTH-1:0]) chosen = chosen | read_data_i[n*CHOSEN_WIDTH+:CHOSEN_WIDTH];
    end
  end

  always @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 5'b00000;
    else if (moves) valid_q <= {valid_q[3:0], active_q};

    if (moves) begin
      last_q   <= {last_q[3:0], last_row};
      unit_1_q <= unit_q;
      chosen_q <= chosen;
    end
  end

  genvar r;
  generate
    for (r = 0; r < RESULTS; r = r + 1) begin : g_result
      reg signed [WIDTH-1:0] by_8_q;
      reg signed [WIDTH-1:0] by_1_q;
      reg [31:0] result_q;
      wire signed [WIDTH-1:0] lifted = {chosen_q[r*ACC_WIDTH+:ACC_WIDTH], {LIFT{1'b0}}};

      // Shifted accumulators have one bit below the unit. What does not fit before it is rounded is saturated as it is; what
      // does can only pass from the greatest number to beyond it.
      wire fits = by_1_q[WIDTH-1:32] == {WIDTH - 32{by_1_q[WIDTH-1]}};
      wire [31:0] rounded = by_1_q[32:1] + {31'd0, by_1_q[0]};
      wire saturates = !fits || (rounded[31] && !by_1_q[WIDTH-1]);

      always @(posedge clk_i) begin
        if (moves) begin
          by_8_q   <= lifted >>> {amount[6:3], 3'b000};
          by_1_q   <= by_8_q >>> amount[2:0];
          result_q <= saturates ? {by_1_q[WIDTH-1], {31{!by_1_q[WIDTH-1]}}} : rounded;
        end
      end

      assign result_data_o[32*r+:32] = result_q;
    end
  endgenerate

  wire unused_shift = shift_i[7];

  assign result_valid_o = valid_q[4];
  assign result_last_o  = last_q[4];
  assign done_o = result_valid_o && result_ready_i && result_last_o;

`ifdef FORMAL
  `include "sdq_result_reader_properties.vh"
`endif

endmodule
`default_nettype wire
