`default_nettype none
// Lets sdq_phase turn to positions and compares cos and sin of all pairs, and its cycles. +name=PREFIX of files in hex:
// .tables (words of 4 + 16 + 32 bits, as vector_unit_tb.v has them), .positions, and .wanted: cos in the low and sin in the
// high 16 bits, PAIRS words per position. Prints "PASS <pairs>" or "FAIL".
module phase_tb #(
    parameter TURNS = 1,
    parameter TABLE_ENTRIES = 1,
    parameter PAIRS = 8,
    parameter PAIR_WIDTH = 3,
    parameter LANE_PAIRS = 1,
    parameter WORD_WIDTH = 3,
    parameter POSITION_WIDTH = 20
) ();

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg [8*1024-1:0] name;
  reg [51:0] entries[0:TABLE_ENTRIES-1];
  reg [POSITION_WIDTH-1:0] positions[0:TURNS-1];
  reg [31:0] wanted[0:TURNS*PAIRS-1];
  integer at;
  integer pair;
  integer cycle;
  integer errors;
  reg [3:0] table_wen;
  reg [15:0] table_addr;
  reg [31:0] table_data;
  reg start;
  reg ren;
  reg [WORD_WIDTH-1:0] raddr;
  wire done;
  wire [32*LANE_PAIRS-1:0] turns;

  sdq_phase #(
      .PAIRS         (PAIRS),
      .PAIR_WIDTH    (PAIR_WIDTH),
      .LANE_PAIRS    (LANE_PAIRS),
      .WORD_WIDTH    (WORD_WIDTH),
      .POSITION_WIDTH(POSITION_WIDTH)
  ) dut (
      .clk_i       (clk),
      .rst_ni      (rst_n),
      .sine_wen_i  (table_wen[2]),
      .rope_wen_i  (table_wen[3]),
      .table_addr_i(table_addr[10:0]),
      .table_data_i(table_data),
      .start_i     (start),
      .position_i  (positions[at]),
      .done_o      (done),
      .ren_i       (ren),
      .raddr_i     (raddr),
      .turns_o     (turns)
  );

  initial begin
    if (!$value$plusargs("name=%s", name)) $finish;
    $readmemh({name, ".tables"}, entries);
    $readmemh({name, ".positions"}, positions);
    $readmemh({name, ".wanted"}, wanted);
    errors = 0;
    start = 1'b0;
    ren = 1'b0;
    at = 0;
    table_wen = 4'd0;
    repeat (3) @(posedge clk);
    #1 rst_n = 1'b1;
    for (pair = 0; pair < TABLE_ENTRIES; pair = pair + 1) begin
      {table_wen, table_addr, table_data} = entries[pair];
      @(posedge clk);
      #1;
    end
    table_wen = 4'd0;
    for (at = 0; at < TURNS && errors < 10; at = at + 1) begin
      start = 1'b1;
      @(posedge clk);
      #1 start = 1'b0;
      for (cycle = 1; !done && cycle < 1000; cycle = cycle + 1) begin
        @(posedge clk);
        #1;
      end
      if (cycle != 2 * PAIRS + 9) begin
        errors = errors + 1;
        $display("position %0d: %0d cycles", positions[at], cycle);
      end
      ren = 1'b1;
      for (pair = 0; pair < PAIRS; pair = pair + 1) begin
        raddr = pair / LANE_PAIRS;
        @(posedge clk);
        #1;
        if (turns[32*(pair%LANE_PAIRS)+:32] !== wanted[at*PAIRS+pair]) begin
          errors = errors + 1;
          $display("position %0d pair %0d: %h, wanted %h", positions[at], pair, turns[32*(pair%LANE_PAIRS)+:32], wanted[at*PAIRS+pair]);
        end
      end
      ren = 1'b0;
    end
    if (errors == 0) $display("PASS %0d", TURNS * PAIRS);
    else $display("FAIL");
    $finish;
  end

endmodule
`default_nettype wire
