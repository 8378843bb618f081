`default_nettype none
// The operands of one element's product. x is own_i (or partner_i in the second half of ROTATE); other_i is the second factor
// of PRODUCT. All selections hold for the whole instruction, but second_i, which comes with x.
//
//   pass     a = x                 b = factor_i, turn_i with turned_i, weight_i with weighted_i, sigmoid(x) with gated_i
//   centre   a = 4 · x − offset_i  b = factor_i
//   stored   a = weight_i          b = factor_i
//   square   a = v                 b = v, v = rs(x, pre_i), 0 without counts_i
//   product  a · b in two halves   of rs(x, 6) · rs(other, 6): 2^9 · a times the high bits of b, then a times its low 9
//
// For x in cycle 0: weight_i in cycle 0, counts_i in cycle 2, turn_i in cycle 3, a_o and b_o in cycle 4, when second_i's copy
// decides on the half. pre_i is 6 for a product. sigmoid_addr_o is in cycle 2, its value in cycle 3. Preconditions:
// |rs(x, pre)| ≤ 2^15 for a square, 0 ≤ pre ≤ 23; weight_i, turn_i and factor_i are signed.
module sdq_vector_operand (
    input wire clk_i,

    input wire center_i,
    input wire stored_i,
    input wire square_i,
    input wire product_i,
    input wire weighted_i,
    input wire turned_i,
    input wire gated_i,

    input wire [ 4:0] pre_i,
    input wire [35:0] offset_i,
    input wire [17:0] factor_i,

    input  wire        second_i,
    input  wire [31:0] x_i,
    input  wire [31:0] other_i,
    input  wire [15:0] weight_i,
    input  wire        counts_i,
    input  wire [15:0] turn_i,
    output wire [10:0] sigmoid_addr_o,
    input  wire [15:0] sigmoid_i,
    output wire [35:0] a_o,
    output wire [17:0] b_o
);

  // After x is taken: 1, before shift and subtraction; 2; 3, what comes out of tables; 4, before the product.
  reg [31:0] x1_q;
  reg [31:0] other1_q;
  reg [15:0] weight1_q;
  reg signed [32:0] shifted2_q;
  reg [35:0] a2_q;
  reg [26:0] other2_q;
  reg [15:0] weight2_q;
  reg [10:0] index2_q;
  reg negative2_q;
  reg [26:0] rounded3_q;
  reg [35:0] a3_q;
  reg [26:0] other3_q;
  reg [15:0] weight3_q;
  reg negative3_q;
  reg [26:0] rounded4_q;
  reg [35:0] a4_q;
  reg [26:0] other4_q;
  reg [15:0] weight4_q;
  reg [15:0] turn4_q;
  reg [16:0] logistic4_q;
  reg [3:0] second_q;

  wire signed [32:0] lifted = {x1_q, 1'b0};
  wire [31:0] magnitude = x1_q ^ {32{x1_q[31]}};  // less 1 if x is negative
  wire [32:0] steps = {1'b0, magnitude} + 33'd4096 + {32'd0, x1_q[31]};
  wire [12:0] unused_steps = steps[12:0];
  wire [32:0] halved = {other1_q[31], other1_q} + 33'd32;
  wire [5:0] unused_halved = halved[5:0];
  wire signed [32:0] fine = shifted2_q >>> pre_i[2:0];
  wire [26:0] rounded = fine[27:1] + {26'd0, fine[0]};
  wire [4:0] unused_fine = fine[32:28];
  wire [16:0] logistic = negative3_q ? 17'd32768 - {1'b0, sigmoid_i} : {1'b0, sigmoid_i};
  wire [35:0] rounded4 = {{9{rounded4_q[26]}}, rounded4_q};
  wire high = product_i && !second_q[3];

  always @(posedge clk_i) begin
    second_q    <= {second_q[2:0], second_i};
    x1_q        <= x_i;
    other1_q    <= other_i;
    weight1_q   <= weight_i;

    shifted2_q  <= lifted >>> {pre_i[4:3], 3'd0};
    other2_q    <= halved[32:6];
    weight2_q   <= weight1_q;
    index2_q    <= |steps[32:24] ? 11'd2047 : steps[23:13];
    negative2_q <= x1_q[31];
    if (center_i) a2_q <= {{2{x1_q[31]}}, x1_q, 2'd0} - offset_i;
    else if (stored_i) a2_q <= {{20{weight1_q[15]}}, weight1_q};
    else a2_q <= {{4{x1_q[31]}}, x1_q};

    rounded3_q  <= rounded & {27{counts_i || !square_i}};
    a3_q        <= a2_q;
    other3_q    <= other2_q;
    weight3_q   <= weight2_q;
    negative3_q <= negative2_q;

    rounded4_q  <= rounded3_q;
    a4_q        <= a3_q;
    other4_q    <= other3_q;
    weight4_q   <= weight3_q;
    turn4_q     <= turn_i;
    logistic4_q <= logistic;
  end

  assign sigmoid_addr_o = index2_q;
  assign a_o = high ? {rounded4[26:0], 9'd0} : square_i || product_i ? rounded4 : a4_q;
  assign b_o = square_i ? rounded4[17:0] :
      high ? other4_q[26:9] :
      product_i ? {9'd0, other4_q[8:0]} :
      weighted_i ? {{2{weight4_q[15]}}, weight4_q} :
      turned_i ? {{2{turn4_q[15]}}, turn4_q} :
      gated_i ? {1'b0, logistic4_q} : factor_i;

endmodule
`default_nettype wire
