`default_nettype none
// The vectors of a step: words of VALUES elements of 32 bits, one read port and one write port. Source: docs/decoder.md.
//
//   read   rdata_o holds the word at raddr_i as of the last cycle in which ren_i was set, one cycle later
//   write  a word of the vector unit, or of dot and mix unit, where its enable is set; at most one of them is
//
// What a read returns while its word is written is undefined.
module sdq_vector_ram #(
    parameter WORDS = 2,
    parameter ADDR_WIDTH = 1,  // index width of WORDS
    parameter VALUES = 2  // W, a power of two
) (
    input wire clk_i,

    input  wire                  ren_i,
    input  wire [ADDR_WIDTH-1:0] raddr_i,
    output wire [ 32*VALUES-1:0] rdata_o,

    input wire                  vector_wen_i,
    input wire [ADDR_WIDTH-1:0] vector_addr_i,
    input wire [ 32*VALUES-1:0] vector_wdata_i,
    input wire                  attention_wen_i,
    input wire [ADDR_WIDTH-1:0] attention_addr_i,
    input wire [ 32*VALUES-1:0] attention_wdata_i
);

  generate
    if (VALUES < 1 || (VALUES & (VALUES - 1)) != 0) begin : g_illegal
      initial begin
        $display("%m: VALUES=%0d", VALUES);
        $finish;
      end
    end
  endgenerate

  sdq_ram_1r1w #(
      .WORDS     (WORDS),
      .ADDR_WIDTH(ADDR_WIDTH),
      .BYTES     (1),
      .BYTE_WIDTH(32 * VALUES)
  ) u_ram (
      .clk_i  (clk_i),
      .wen_i  (vector_wen_i || attention_wen_i),
      .waddr_i(attention_wen_i ? attention_addr_i : vector_addr_i),
      .wdata_i(attention_wen_i ? attention_wdata_i : vector_wdata_i),
      .ren_i  (ren_i),
      .raddr_i(raddr_i),
      .rdata_o(rdata_o)
  );

endmodule
`default_nettype wire
