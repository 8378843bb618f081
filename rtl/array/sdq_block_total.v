`default_nettype none
// Adds the sums of a row's beats up to the block's total:
//
//   P = Σ_beats (±sum) << shift      the sum's sign as sdq_mac_array defines it
//
// total_o is combinational: the total with this cycle's beat in it. After the block's last beat the register is 0 again.
module sdq_block_total #(
    parameter SUM_WIDTH = 11,
    parameter TOTAL_WIDTH = 16,  // SUM_WIDTH or more; holds every P
    parameter GAIN_WIDTH = 1,
    parameter SIGN_TREE = 0
) (
    input  wire                   clk_i,
    input  wire                   rst_ni,
    input  wire                   valid_i,
    input  wire                   last_i,
    input  wire [ GAIN_WIDTH-1:0] shift_i,
    input  wire [  SUM_WIDTH-1:0] sum_i,
    input  wire                   sign_i,
    output wire [TOTAL_WIDTH-1:0] total_o
);

  generate
    if (TOTAL_WIDTH < SUM_WIDTH) begin : g_illegal
      initial begin
        $display("%m: TOTAL_WIDTH=%0d is less than SUM_WIDTH=%0d", TOTAL_WIDTH, SUM_WIDTH);
        $finish;
      end
    end
  endgenerate

  reg  [TOTAL_WIDTH-1:0] total_q;
  wire [TOTAL_WIDTH-1:0] sign = {TOTAL_WIDTH{sign_i}};
  wire [  SUM_WIDTH-1:0] narrow = SIGN_TREE != 0 ? sum_i : sum_i ^ {SUM_WIDTH{sign_i}};
  wire [TOTAL_WIDTH-1:0] sum;

  // Either meaning of the sign is (x ^ sign) + sign for an x that is shifted first: zeros that come in from the right
  // turn into ones for a set sign, and the carry runs through them.
  wire [TOTAL_WIDTH-1:0] operand = (sum << shift_i) ^ sign;

  generate
    if (TOTAL_WIDTH > SUM_WIDTH) begin : g_wider
      assign sum = {{TOTAL_WIDTH - SUM_WIDTH{narrow[SUM_WIDTH-1]}}, narrow};
    end else begin : g_same
      assign sum = narrow;
    end
    if (SIGN_TREE != 0) begin : g_sign
      // A difference, for the reason that sdq_adder_node gives.
      wire [TOTAL_WIDTH:0] difference = {total_q, sign_i} - {~operand, 1'b1};
      assign total_o = difference[TOTAL_WIDTH:1];
      wire unused = difference[0];
    end else begin : g_carry
      assign total_o = total_q + operand + {{TOTAL_WIDTH - 1{1'b0}}, sign_i};
    end
  endgenerate

  // Reset together with the end of a block: it then takes no LUT to begin at 0.
  always @(posedge clk_i) begin
    if (!rst_ni || (valid_i && last_i)) total_q <= {TOTAL_WIDTH{1'b0}};
    else if (valid_i) total_q <= total_o;
  end

endmodule
`default_nettype wire
