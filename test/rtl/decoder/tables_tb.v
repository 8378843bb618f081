`timescale 1ns / 1ns
// sdq_table_loader with a ROM of its words: every write is compared with those wanted, in order, and after them done_o. Twice, with
// a reset between. +name=PREFIX of files in hex: .rom (words), .writes (enables, address and data: 16, 16, 32 bits).
module tables_tb;

  parameter WORDS = 2;
  parameter INDEX_WIDTH = 1;
  parameter WRITES = 1;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  wire [INDEX_WIDTH-1:0] index;
  reg [17:0] word;
  wire [4:0] wen;
  wire [10:0] addr;
  wire [31:0] data;
  wire done;

  sdq_table_loader #(
      .WORDS      (WORDS),
      .INDEX_WIDTH(INDEX_WIDTH)
  ) dut (
      .clk_i  (clk),
      .rst_ni (rst_n),
      .index_o(index),
      .word_i (word),
      .wen_o  (wen),
      .addr_o (addr),
      .data_o (data),
      .done_o (done)
  );

  reg [1023:0] name;
  reg [17:0] rom[0:WORDS-1];
  reg [63:0] writes[0:WRITES-1];
  integer at, errors, round, k;

  always @(posedge clk) word <= rom[index];

  initial begin
    if (!$value$plusargs("name=%s", name)) $finish;
    $readmemh({name, ".rom"}, rom);
    $readmemh({name, ".writes"}, writes);
    errors = 0;
    for (round = 0; round < 2; round = round + 1) begin
      rst_n = 1'b0;
      repeat (2) @(negedge clk);
      rst_n = 1'b1;
      at = 0;
      // A word per cycle, and a few cycles until it is written; the second time it is interrupted first.
      for (k = 0; k < (round == 0 ? WORDS / 2 : WORDS + 4); k = k + 1) begin
        @(negedge clk);
        if (wen !== 5'd0) begin
          if (at >= WRITES || {11'd0, wen, 5'd0, addr, data} !== writes[at]) errors = errors + 1;
          at = at + 1;
        end
        if (done !== (at == WRITES && wen === 5'd0)) errors = errors + 1;
      end
    end
    if (at != WRITES || !done) errors = errors + 1;
    if (errors == 0) $display("PASS %0d writes", at);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
