`default_nettype none
// The sums of three activations, one per cycle, in the order in which a table holds them:
//
//   entry   0  1   2     3   4     5        6     7        8     9   10    11       12    13
//   sum     0  x2  x1+x2 x1  x1−x2 x0+x1−x2 x0+x1 x0+x1+x2 x0+x2 x0  x0−x2 x0−x1−x2 x0−x1 x0−x1+x2
//
// which are all sums with symbols −1, 0, +1, up to sign. Each follows from the one before by one addition. Entry k is on
// sum_o two cycles after its step: clear_i for entry 0, else select_i and negative_i say what is added. The activations
// must stay for all steps.
module sdq_table_writer (
    input  wire        clk_i,
    input  wire        clear_i,
    input  wire [ 1:0] select_i,
    input  wire        negative_i,
    input  wire [23:0] activations_i,  // x2, x1, x0 (int8)
    output reg  [ 9:0] sum_o
);

  reg clear_q;
  reg negative_q;
  reg [7:0] term_q;

  always @(posedge clk_i) begin
    clear_q    <= clear_i;
    negative_q <= negative_i;
    case (select_i)
      2'd0: term_q <= activations_i[7:0] ^ {8{negative_i}};
      2'd1: term_q <= activations_i[15:8] ^ {8{negative_i}};
      default: term_q <= activations_i[23:16] ^ {8{negative_i}};
    endcase

    if (clear_q) sum_o <= 10'd0;
    else sum_o <= sum_o + {{2{term_q[7]}}, term_q} + {9'd0, negative_q};
  end

endmodule
`default_nettype wire
