`default_nettype none
// Operands for a unit that wants them as long as it works: sdq_issue goes on to the next instruction before.
//
//   d_o is d_i while hold_i is clear, then what it was in the last such cycle
module sdq_operand_hold #(
    parameter WIDTH = 8
) (
    input wire clk_i,

    input  wire             hold_i,
    input  wire [WIDTH-1:0] d_i,
    output wire [WIDTH-1:0] d_o
);

  generate
    if (WIDTH < 1) begin : g_illegal
      initial begin
        $display("%m: WIDTH=%0d", WIDTH);
        $finish;
      end
    end
  endgenerate

  reg [WIDTH-1:0] d_q;

  assign d_o = hold_i ? d_q : d_i;

  always @(posedge clk_i) if (!hold_i) d_q <= d_i;

endmodule
`default_nettype wire
