`default_nettype none
// sdq_ram_1r1w against an array of bytes: random reads and writes, never of one word at a time. +seed=N.
module ram_tb #(
    parameter WORDS = 13,
    parameter ADDR_WIDTH = 4,
    parameter BYTES = 3,
    parameter BYTE_WIDTH = 9
);

  localparam STEPS = 3000;
  localparam WIDTH = BYTES * BYTE_WIDTH;

  reg clk = 1'b0;
  reg [BYTES-1:0] wen;
  reg [ADDR_WIDTH-1:0] waddr;
  reg [WIDTH-1:0] wdata;
  reg ren;
  reg [ADDR_WIDTH-1:0] raddr;
  wire [WIDTH-1:0] rdata;
  reg [WIDTH-1:0] model[0:WORDS-1];
  reg [WIDTH-1:0] wanted;
  integer seed;
  integer step;
  integer k;
  integer errors;

  always #5 clk = !clk;

  sdq_ram_1r1w #(
      .WORDS     (WORDS),
      .ADDR_WIDTH(ADDR_WIDTH),
      .BYTES     (BYTES),
      .BYTE_WIDTH(BYTE_WIDTH)
  ) dut (
      .clk_i  (clk),
      .wen_i  (wen),
      .waddr_i(waddr),
      .wdata_i(wdata),
      .ren_i  (ren),
      .raddr_i(raddr),
      .rdata_o(rdata)
  );

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    for (step = 0; step < STEPS; step = step + 1) begin
      @(negedge clk);
      if (step > WORDS + 1 && rdata !== wanted) errors = errors + 1;
      // At first all words are written.
      wen = step < WORDS ? {BYTES{1'b1}} : $random(seed);
      waddr = step < WORDS ? step : $unsigned($random(seed)) % WORDS;
      wdata = {$random(seed), $random(seed), $random(seed)};
      ren = step == WORDS || $random(seed) & 1;
      raddr = $unsigned($random(seed)) % WORDS;
      if (raddr == waddr) wen = step < WORDS ? wen : {BYTES{1'b0}};
      if (ren) wanted = model[raddr];
      for (k = 0; k < BYTES; k = k + 1) begin
        if (wen[k]) model[waddr][k*BYTE_WIDTH+:BYTE_WIDTH] = wdata[k*BYTE_WIDTH+:BYTE_WIDTH];
      end
    end
    if (errors == 0) $display("PASS %0d cycles", STEPS);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
