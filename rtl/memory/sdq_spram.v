`default_nettype none
// A memory with one port, which reads or writes, and an enable per byte; one clock.
//
//   write: byte k of the word at addr_i becomes byte k of wdata_i where wen_i[k] is set
//   read:  rdata_o holds the word at addr_i as of the last cycle in which ren_i was set and nothing was written
//          (one cycle of latency)
//
// The contents begin undefined. The attribute asks for large single-port memories where an FPGA has them (SB_SPRAM256KA
// of the iCE40 UltraPlus, 16384 × 16 bits, several side by side and behind one another).
module sdq_spram #(
    parameter WORDS = 2,
    parameter ADDR_WIDTH = 1,  // index width of WORDS
    parameter BYTES = 2
) (
    input wire clk_i,

    input  wire [ ADDR_WIDTH-1:0] addr_i,
    input  wire [      BYTES-1:0] wen_i,
    input  wire [    8*BYTES-1:0] wdata_i,
    input  wire                   ren_i,
    output reg  [    8*BYTES-1:0] rdata_o
);

  generate
    if (WORDS < 1 || WORDS > (1 << ADDR_WIDTH) || BYTES < 1) begin : g_illegal
      initial begin
        $display("%m: WORDS=%0d ADDR_WIDTH=%0d BYTES=%0d", WORDS, ADDR_WIDTH, BYTES);
        $finish;
      end
    end
  endgenerate

  (* ram_style = "huge" *)
  reg [8*BYTES-1:0] memory[0:WORDS-1];

  wire writes = |wen_i;

  integer k;

  always @(posedge clk_i) begin
    if (writes) begin
      for (k = 0; k < BYTES; k = k + 1) if (wen_i[k]) memory[addr_i][k*8+:8] <= wdata_i[k*8+:8];
    end else if (ren_i) begin
      rdata_o <= memory[addr_i];
    end
  end

endmodule
`default_nettype wire
