`default_nettype none
// ROOT of docs/decoder.md: the constants of a norm from the sums of MOMENTS,
//
//   mean     = rs(sum · DIM_RECIPROCAL, 28) with CENTERED, else 0
//   S        = 2^8 · squares − mean · (2^5 · sum − DIM · mean)
//   (mantissa, half) = reciprocalRoot(max(1, S + rs(EPSILON, 2 · pre)))        (docs/numerics.md)
//   offset   = rs(mean, 2 − pre),  down = 9 + half + pre
//
// with one product of 36 × 18 bits. sum_i, squares_i and pre_i must be stable from start_i to done_o; the results are there in
// the cycle after done_o, which comes 20 cycles after start_i, or 35 with CENTERED, and stay until the next start.
// The table is written before, entry i of reciprocalRoot at address i + 256.
module sdq_root #(
    parameter DIM = 64,
    parameter [32:0] DIM_RECIPROCAL = 33'd67108864,  // round(2^32 / DIM)
    parameter [51:0] EPSILON = 52'd0,
    parameter CENTERED = 0,
    parameter SUM_WIDTH = 31,
    parameter SQUARES_WIDTH = 45
) (
    input wire clk_i,
    input wire rst_ni,

    input wire        table_wen_i,
    input wire [ 9:0] table_addr_i,
    input wire [15:0] table_data_i,

    input  wire                     start_i,
    input  wire [    SUM_WIDTH-1:0] sum_i,      // signed
    input  wire [SQUARES_WIDTH-1:0] squares_i,
    input  wire [              4:0] pre_i,      // 0 … 16
    output wire                     done_o,
    output wire [             35:0] offset_o,
    output reg  [             16:0] mantissa_o,
    output wire [              7:0] down_o
);

  generate
    if (DIM < 1 || DIM > 16384 || SUM_WIDTH > 31 || SQUARES_WIDTH > 45 || (CENTERED != 0 && CENTERED != 1)) begin : g_illegal
      initial begin
        $display("%m: DIM=%0d CENTERED=%0d SUM_WIDTH=%0d SQUARES_WIDTH=%0d", DIM, CENTERED, SUM_WIDTH, SQUARES_WIDTH);
        $finish;
      end
    end
  endgenerate

  localparam [17:0] DIM_FACTOR = DIM[17:0];
  localparam [35:0] ONE_AND_HALF = 36'd196608;  // 3 · 2^16

  // The step in which a product is taken is 3 after that in which its operands are given.
  localparam [5:0] IDLE = 6'd0;
  localparam [5:0] MEAN = 6'd1;
  localparam [5:0] SPREAD = 6'd7;
  localparam [5:0] SQUARE = 6'd11;
  localparam [5:0] TOTAL = 6'd16;
  localparam [5:0] NORMAL = 6'd17;  // five steps
  localparam [5:0] TABLE = 6'd22;
  localparam [5:0] ROOT = 6'd24;
  localparam [5:0] NEWTON = 6'd28;
  localparam [5:0] MANTISSA = 6'd32;
  localparam [5:0] LAST = MANTISSA + 6'd3;
  localparam [5:0] BEGIN = CENTERED != 0 ? MEAN : TOTAL;

  reg [5:0] step_q;
  reg [53:0] wide_q;
  reg [20:0] mean_q;
  reg [35:0] spread_q;
  reg [53:0] total_q;
  reg [4:0] zeros_q;  // leading pairs of zeros
  reg [16:0] square_q;
  reg [17:0] factor_q;
  reg [35:0] a;
  reg [17:0] b;
  wire [53:0] product;
  wire [15:0] read;
  reg [15:0] entry_q;

  wire [35:0] sum = {{36 - SUM_WIDTH{sum_i[SUM_WIDTH-1]}}, sum_i};
  wire [35:0] mean = {{15{mean_q[20]}}, mean_q};
  wire [53:0] joined_mean = {wide_q[36:0], 17'd0} + product + 54'd134217728;
  wire [53:0] unused_joined = joined_mean;
  wire [53:0] joined_square = {wide_q[42:0], 11'd0} + product;
  wire [52:0] epsilon = ({EPSILON, 1'b0} >> {pre_i, 1'b0}) + 53'd1;
  wire unused_epsilon = epsilon[0];
  reg [51:0] epsilon_q;
  wire [53:0] sum_of_squares = {{46 - SQUARES_WIDTH{1'b0}}, squares_i, 8'd0} + {2'd0, epsilon_q};
  wire [53:0] total = sum_of_squares - (CENTERED != 0 ? wide_q : 54'd0);

  sdq_product multiply (
      .clk_i  (clk_i),
      .valid_i(1'b1),
      .first_i(1'b1),
      .a_i    (a),
      .b_i    (b),
      .sum_o  (product)
  );

  sdq_ram_1r1w #(
      .WORDS     (1024),
      .ADDR_WIDTH(10),
      .BYTES     (1),
      .BYTE_WIDTH(16)
  ) table_ram (
      .clk_i  (clk_i),
      .wen_i  (table_wen_i),
      .waddr_i(table_addr_i),
      .wdata_i(table_data_i),
      .ren_i  (step_q == TABLE),
      .raddr_i(total_q[53:44]),
      .rdata_o(read)
  );

  always @* begin
    a = sum;
    b = {1'b0, DIM_RECIPROCAL[16:0]};
    case (step_q)
      MEAN: b = {2'd0, DIM_RECIPROCAL[32:17]};
      SPREAD: begin
        a = mean;
        b = DIM_FACTOR;
      end
      SQUARE: begin
        a = spread_q;
        b = {{8{mean_q[20]}}, mean_q[20:11]};
      end
      SQUARE + 6'd1: begin
        a = spread_q;
        b = {7'd0, mean_q[10:0]};
      end
      ROOT: begin
        a = {20'd0, entry_q};
        b = {2'd0, entry_q};
      end
      NEWTON: begin
        a = {18'd0, total_q[53:36]};
        b = {1'b0, square_q};
      end
      MANTISSA: begin
        a = {18'd0, factor_q};
        b = {2'd0, entry_q};
      end
      default: ;
    endcase
  end

  always @(posedge clk_i) begin
    if (!rst_ni) step_q <= IDLE;
    else if (start_i) step_q <= BEGIN;
    else if (step_q != IDLE) step_q <= step_q == LAST ? IDLE : step_q + 6'd1;
  end

  // rs(p, n) of a product of which the bits from n on count.
  wire [53:0] by_15 = product + 54'd16384;
  wire [53:0] by_17 = product + 54'd65536;
  wire [53:0] unused_15 = by_15;
  wire [53:0] unused_17 = by_17;
  wire [35:0] lacking = ONE_AND_HALF - {1'b0, by_17[51:17]};
  wire [17:0] unused_lacking = lacking[35:18];

  always @(posedge clk_i) begin
    if (start_i) mean_q <= 21'd0;
    entry_q   <= read;
    epsilon_q <= epsilon[52:1];
    case (step_q)
      MEAN + 6'd3, SQUARE + 6'd3: wide_q <= product;
      MEAN + 6'd4: mean_q <= joined_mean[48:28];
      SPREAD + 6'd3: spread_q <= {sum[30:0], 5'd0} - product[35:0];
      SQUARE + 6'd4: wide_q <= joined_square;
      TOTAL: begin
        total_q <= total == 54'd0 ? 54'd1 : total;
        zeros_q <= 5'd0;
      end
      NORMAL: if (total_q[53:22] == 32'd0) {zeros_q[4], total_q} <= {1'b1, total_q[21:0], 32'd0};
      NORMAL + 6'd1: if (total_q[53:38] == 16'd0) {zeros_q[3], total_q} <= {1'b1, total_q[37:0], 16'd0};
      NORMAL + 6'd2: if (total_q[53:46] == 8'd0) {zeros_q[2], total_q} <= {1'b1, total_q[45:0], 8'd0};
      NORMAL + 6'd3: if (total_q[53:50] == 4'd0) {zeros_q[1], total_q} <= {1'b1, total_q[49:0], 4'd0};
      NORMAL + 6'd4: if (total_q[53:52] == 2'd0) {zeros_q[0], total_q} <= {1'b1, total_q[51:0], 2'd0};
      ROOT + 6'd3: square_q <= by_15[31:15];
      NEWTON + 6'd3: factor_q <= lacking[17:0];
      LAST: mantissa_o <= by_17[33:17];
      default: ;
    endcase
  end

  wire [38:0] lifted = {{18{mean_q[20]}}, mean_q} << pre_i;
  wire [38:0] moved = lifted + 39'd2;
  wire [2:0] unused_moved = {moved[38], moved[1:0]};

  assign offset_o = moved[37:2];
  // half is 11 − zeros: m is the number's 32 highest bits.
  assign down_o = 8'd20 - {3'd0, zeros_q} + {3'd0, pre_i};
  assign done_o = step_q == LAST;

endmodule
`default_nettype wire
