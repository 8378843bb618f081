`default_nettype none
// Lets sdq_root make constants of norms and compares them, and its cycles. +name=PREFIX of files in hex: .tables (48 bits:
// address, entry), .sums and .wanted, of 160 bits each, in fields of 64, 64 and 32 bits, high end first:
//
//   .sums    sum, squares, pre
//   .wanted  offset, mantissa, down
//
// Prints "PASS <norms>" or "FAIL".
`ifndef DIM_RECIPROCAL
`define DIM_RECIPROCAL 33'd67108864
`endif
`ifndef EPSILON
`define EPSILON 52'd0
`endif
module root_tb #(
    parameter NORMS = 1,
    parameter DIM = 64,
    parameter CENTERED = 0,
    parameter SUM_WIDTH = 31,
    parameter SQUARES_WIDTH = 45
) ();

  localparam CYCLES = CENTERED != 0 ? 35 : 20;  // until done

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg [8*1024-1:0] name;
  reg [47:0] entries[0:767];
  reg [159:0] sums[0:NORMS-1];
  reg [159:0] wanted[0:NORMS-1];
  integer at;
  integer cycle;
  integer errors;
  reg table_wen;
  reg [15:0] table_addr;
  reg [31:0] table_data;
  reg start;
  wire [159:0] now = sums[at];
  wire done;
  wire [35:0] offset;
  wire [16:0] mantissa;
  wire [7:0] down;

  sdq_root #(
      .DIM           (DIM),
      .DIM_RECIPROCAL(`DIM_RECIPROCAL),
      .EPSILON       (`EPSILON),
      .CENTERED      (CENTERED),
      .SUM_WIDTH     (SUM_WIDTH),
      .SQUARES_WIDTH (SQUARES_WIDTH)
  ) dut (
      .clk_i       (clk),
      .rst_ni      (rst_n),
      .table_wen_i (table_wen),
      .table_addr_i(table_addr[9:0]),
      .table_data_i(table_data[15:0]),
      .start_i     (start),
      .sum_i       (now[96+:SUM_WIDTH]),
      .squares_i   (now[32+:SQUARES_WIDTH]),
      .pre_i       (now[4:0]),
      .done_o      (done),
      .offset_o    (offset),
      .mantissa_o  (mantissa),
      .down_o      (down)
  );

  initial begin
    if (!$value$plusargs("name=%s", name)) $finish;
    $readmemh({name, ".tables"}, entries);
    $readmemh({name, ".sums"}, sums);
    $readmemh({name, ".wanted"}, wanted);
    errors = 0;
    start = 1'b0;
    at = 0;
    table_wen = 1'b0;
    repeat (3) @(posedge clk);
    #1 rst_n = 1'b1;
    table_wen = 1'b1;
    for (at = 0; at < 768; at = at + 1) begin
      {table_addr, table_data} = entries[at];
      @(posedge clk);
      #1;
    end
    table_wen = 1'b0;
    for (at = 0; at < NORMS && errors < 10; at = at + 1) begin
      start = 1'b1;
      @(posedge clk);
      #1 start = 1'b0;
      for (cycle = 1; !done && cycle < 100; cycle = cycle + 1) begin
        @(posedge clk);
        #1;
      end
      @(posedge clk);
      #1;
      if (cycle != CYCLES || offset !== wanted[at][96+:36] || mantissa !== wanted[at][32+:17] || down !== wanted[at][7:0]) begin
        errors = errors + 1;
        $display("norm %0d of %h: cycle %0d, offset %h, mantissa %0d, down %0d, wanted %h, %0d, %0d", at, now, cycle, offset,
                 mantissa, $signed(down), wanted[at][96+:36], wanted[at][32+:17], $signed(wanted[at][7:0]));
      end
    end
    if (errors == 0) $display("PASS %0d", NORMS);
    else $display("FAIL");
    $finish;
  end

endmodule
`default_nettype wire
