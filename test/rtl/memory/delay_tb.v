`default_nettype none
// sdq_delay against a list of what went in, with resets in between. +seed=N; prints PASS or FAIL.
module delay_tb #(
    parameter WIDTH  = 3,
    parameter CYCLES = 4
);

  localparam STEPS = 2000;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg [WIDTH-1:0] d;
  wire [WIDTH-1:0] q;
  reg [WIDTH-1:0] sent[0:STEPS+CYCLES-1];
  integer seed;
  integer step;
  integer errors;
  integer since_reset;

  always #5 clk = !clk;

  sdq_delay #(
      .WIDTH (WIDTH),
      .CYCLES(CYCLES)
  ) dut (
      .clk_i (clk),
      .rst_ni(rst_n),
      .d_i   (d),
      .d_o   (q)
  );

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    since_reset = 0;
    d = $random(seed);
    @(negedge clk);
    for (step = 0; step < STEPS; step = step + 1) begin
      @(negedge clk);
      if (q !== (since_reset < CYCLES ? {WIDTH{1'b0}} : sent[step-CYCLES])) errors = errors + 1;
      rst_n = ($random(seed) & 63) != 0;
      d = $random(seed);
      sent[step] = d;
      since_reset = rst_n ? since_reset + 1 : 0;
    end
    if (errors == 0) $display("PASS %0d cycles", STEPS);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
