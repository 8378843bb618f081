`default_nettype none
// Copies the decoder's tables from the ROM sdq_tables to the units after reset. A word is a header or an entry:
//
//   bit 17 set    header: bit 16 wide, bits 15:11 write enables, bits 10:0 address of the first of the entries that follow
//   bit 17 clear  entry: 17 bits, written to the address after that of the one before; if wide its low 16 bits, and then a
//                 word with its high ones
//
// The ROM gives a word one cycle after its index; its word 0 is a header. Writes are registered; done_o is set when they
// are over. The write enables are the parent's; data of entries that are not wide is extended with zeros.
module sdq_table_loader #(
    parameter WORDS = 2,  // of the ROM
    parameter INDEX_WIDTH = 1  // index width of WORDS
) (
    input wire clk_i,
    input wire rst_ni,

    output reg  [INDEX_WIDTH-1:0] index_o,
    input  wire [           17:0] word_i,

    output reg  [ 4:0] wen_o,
    output reg  [10:0] addr_o,
    output reg  [31:0] data_o,
    output wire        done_o
);

  localparam LAST = WORDS - 1;

  generate
    if (WORDS < 2 || WORDS > (1 << INDEX_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: WORDS=%0d INDEX_WIDTH=%0d", WORDS, INDEX_WIDTH);
        $finish;
      end
    end
  endgenerate

  reg reads_q;  // a word is asked for
  reg valid_q;  // it is there
  reg wide_q;
  reg high_q;  // it is the second of a wide entry
  reg [4:0] select_q;
  reg [10:0] next_q;
  wire is_header = word_i[17];
  wire writes = valid_q && !is_header && (!wide_q || high_q);

  assign done_o = !reads_q && !valid_q && wen_o == 5'd0;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      index_o <= {INDEX_WIDTH{1'b0}};
      reads_q <= 1'b1;
      valid_q <= 1'b0;
      wen_o   <= 5'd0;
    end else begin
      if (reads_q) index_o <= index_o + 1'b1;
      if (index_o == LAST[INDEX_WIDTH-1:0]) reads_q <= 1'b0;
      valid_q <= reads_q;
      wen_o   <= writes ? select_q : 5'd0;
    end

    if (valid_q && is_header) begin
      {wide_q, select_q, next_q} <= word_i[16:0];
      high_q <= 1'b0;
    end else if (valid_q) begin
      high_q <= wide_q && !high_q;
      if (writes) next_q <= next_q + 1'b1;
    end
    addr_o <= next_q;
    if (high_q) data_o[31:16] <= word_i[15:0];
    else data_o <= {15'd0, word_i[16:0]};
  end

endmodule
`default_nettype wire
