`default_nettype none
// Delays control bits by CYCLES clock cycles; reset clears them all.
module sdq_delay #(
    parameter WIDTH = 1,
    parameter CYCLES = 1  // 1 or more
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    input  wire [WIDTH-1:0] d_i,
    output wire [WIDTH-1:0] d_o
);

  generate
    if (WIDTH < 1 || CYCLES < 1) begin : g_illegal
      initial begin
        $display("%m: WIDTH=%0d CYCLES=%0d", WIDTH, CYCLES);
        $finish;
      end
    end
  endgenerate

  // The oldest bits are at the high end.
  reg  [    WIDTH*CYCLES-1:0] stages_q;
  wire [WIDTH*(CYCLES+1)-1:0] chain = {stages_q, d_i};

  always @(posedge clk_i) begin
    if (!rst_ni) stages_q <= {WIDTH * CYCLES{1'b0}};
    else stages_q <= chain[WIDTH*CYCLES-1:0];
  end

  assign d_o = chain[WIDTH*CYCLES+:WIDTH];

endmodule
`default_nettype wire
