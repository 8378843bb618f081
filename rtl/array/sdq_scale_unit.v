`default_nettype none
// Scales the block total of one row per cycle and aligns it to the accumulator:
//
//   T = scale · P + mean · sample_sum            (the mean's term only with MEANS)
//   addend = (T · 2^18) >> amount, amount = 17 − exponent, 0 … 57
//
// so that (addend >> 1) + (addend & 1) is T · 2^exponent, rounded to nearest with halves up. Latency from total_i to
// addend_o: 5 cycles; bits 5:4, 3:2 and 1:0 of the amount come 2, 3 and 4 cycles after the total they belong to. (Two bits
// per stage make a shift of 4 choices: one 6-input LUT per bit.)
module sdq_scale_unit #(
    parameter TOTAL_WIDTH = 16,
    parameter SCALED_WIDTH = 25,  // holds every T
    parameter ACC_WIDTH = 40,
    parameter MEANS = 0
) (
    input  wire                   clk_i,
    input  wire [TOTAL_WIDTH-1:0] total_i,
    input  wire [            7:0] scale_i,       // unsigned
    input  wire [            7:0] mean_i,        // signed
    input  wire [           23:0] sample_sum_i,  // signed
    input  wire [            1:0] shift_16_i,    // amount, bits 5:4
    input  wire [            1:0] shift_4_i,     // bits 3:2
    input  wire [            1:0] shift_1_i,     // bits 1:0
    output wire [    ACC_WIDTH:0] addend_o
);

  localparam LIFT = 18;
  localparam LIFTED_WIDTH = SCALED_WIDTH + LIFT;
  localparam WIDTH = LIFTED_WIDTH > ACC_WIDTH + 1 ? LIFTED_WIDTH : ACC_WIDTH + 1;

  generate
    if (SCALED_WIDTH < TOTAL_WIDTH + 8 || (MEANS != 0 && SCALED_WIDTH < 32)) begin : g_illegal
      initial begin
        $display("%m: SCALED_WIDTH=%0d TOTAL_WIDTH=%0d MEANS=%0d", SCALED_WIDTH, TOTAL_WIDTH, MEANS);
        $finish;
      end
    end
  endgenerate

  wire signed [SCALED_WIDTH-1:0] total = {{SCALED_WIDTH - TOTAL_WIDTH{total_i[TOTAL_WIDTH-1]}}, total_i};
  wire signed [SCALED_WIDTH-1:0] scale = {{SCALED_WIDTH - 8{1'b0}}, scale_i};
  reg signed  [SCALED_WIDTH-1:0] product_q;
  reg signed  [SCALED_WIDTH-1:0] scaled_q;

  always @(posedge clk_i) product_q <= total * scale;

  generate
    if (MEANS != 0) begin : g_mean
      wire signed [SCALED_WIDTH-1:0] mean = {{SCALED_WIDTH - 8{mean_i[7]}}, mean_i};
      wire signed [SCALED_WIDTH-1:0] sample_sum = {{SCALED_WIDTH - 24{sample_sum_i[23]}}, sample_sum_i};
      reg signed  [SCALED_WIDTH-1:0] mean_product_q;
      always @(posedge clk_i) begin
        mean_product_q <= mean * sample_sum;
        scaled_q <= product_q + mean_product_q;
      end
    end else begin : g_no_mean
      wire [31:0] unused = {mean_i, sample_sum_i};
      always @(posedge clk_i) scaled_q <= product_q;
    end
  endgenerate

  wire signed [WIDTH-1:0] lifted = {{WIDTH - LIFTED_WIDTH + 1{scaled_q[SCALED_WIDTH-1]}}, scaled_q[SCALED_WIDTH-2:0], {LIFT{1'b0}}};
  reg signed  [WIDTH-1:0] by_16_q;
  reg signed  [WIDTH-1:0] by_4_q;
  reg signed  [WIDTH-1:0] by_1_q;

  always @(posedge clk_i) begin
    by_16_q <= lifted >>> {shift_16_i, 4'b0000};
    by_4_q  <= by_16_q >>> {shift_4_i, 2'b00};
    by_1_q  <= by_4_q >>> shift_1_i;
  end

  assign addend_o = by_1_q[ACC_WIDTH:0];

  generate
    if (WIDTH > ACC_WIDTH + 1) begin : g_cut
      // Copies of the sign: ACC_WIDTH holds every accumulator.
      wire [WIDTH-ACC_WIDTH-2:0] unused = by_1_q[WIDTH-1:ACC_WIDTH+1];
    end
  endgenerate

endmodule
`default_nettype wire
