`default_nettype none
// product = a · b of a signed and an unsigned number, in 2 cycles: two or three products of at most 18 × 18 bits, then
// their sum.
module sdq_wide_product #(
    parameter A_WIDTH = 34,  // 19 … 52
    parameter B_WIDTH = 16  // at most 17
) (
    input wire clk_i,

    input  wire [        A_WIDTH-1:0] a_i,       // signed
    input  wire [        B_WIDTH-1:0] b_i,       // unsigned
    output reg  [A_WIDTH+B_WIDTH-1:0] product_o  // signed
);

  localparam WIDTH = A_WIDTH + B_WIDTH;
  localparam PARTS = A_WIDTH > 35 ? 3 : 2;
  // All but the highest part are 17 bits.
  localparam HIGH_AT = 17 * (PARTS - 1);
  localparam HIGH_WIDTH = A_WIDTH - HIGH_AT;

  generate
    if (A_WIDTH < 19 || A_WIDTH > 52 || B_WIDTH < 1 || B_WIDTH > 17) begin : g_illegal
      initial begin
        $display("%m: A_WIDTH=%0d B_WIDTH=%0d", A_WIDTH, B_WIDTH);
        $finish;
      end
    end
  endgenerate

  wire signed [35:0] b = {{36 - B_WIDTH{1'b0}}, b_i};
  wire signed [35:0] low = {19'd0, a_i[16:0]};
  wire signed [35:0] high = {{36 - HIGH_WIDTH{a_i[A_WIDTH-1]}}, a_i[A_WIDTH-1:HIGH_AT]};
  reg signed [35:0] low_q;
  reg signed [35:0] high_q;

  always @(posedge clk_i) begin
    low_q  <= low * b;
    high_q <= high * b;
  end

  // Wide enough for all parts; what is above WIDTH are signs.
  wire [88:0] low_part = {{53{low_q[35]}}, low_q};
  wire [88:0] high_part = {{53{high_q[35]}}, high_q} << HIGH_AT;

  generate
    if (PARTS == 3) begin : g_middle
      wire signed [35:0] middle = {19'd0, a_i[33:17]};
      reg signed  [35:0] middle_q;
      wire [88:0] middle_part = {36'd0, middle_q, 17'd0};
      wire [88:0] sum = low_part + middle_part + high_part;
      wire unused_signs = &sum[88:WIDTH];

      always @(posedge clk_i) begin
        middle_q  <= middle * b;
        product_o <= sum[WIDTH-1:0];
      end
    end else begin : g_two
      wire [88:0] sum = low_part + high_part;
      wire unused_signs = &sum[88:WIDTH];

      always @(posedge clk_i) product_o <= sum[WIDTH-1:0];
    end
  endgenerate

endmodule
`default_nettype wire
