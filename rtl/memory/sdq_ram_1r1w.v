`default_nettype none
// A memory with one write port that has an enable per byte, and one read port; one clock.
//
//   read:  rdata_o holds the word at raddr_i as of the last cycle in which ren_i was set (one cycle of latency)
//   write: byte k of the word at waddr_i becomes byte k of wdata_i where wen_i[k] is set
//
// What a read returns while its word is written is undefined: users forward, or do not do it. The contents begin
// undefined. Tools map it to block RAM; up to 16 words, which are too few for that, to LUT-RAM or to what else they find
// cheapest. BYTE_WIDTH may be 9 where block RAMs have parity bits.
module sdq_ram_1r1w #(
    parameter WORDS = 2,
    parameter ADDR_WIDTH = 1,  // index width of WORDS
    parameter BYTES = 1,
    parameter BYTE_WIDTH = 8
) (
    input wire clk_i,

    input wire [           BYTES-1:0] wen_i,
    input wire [      ADDR_WIDTH-1:0] waddr_i,
    input wire [BYTES*BYTE_WIDTH-1:0] wdata_i,

    input  wire                        ren_i,
    input  wire [      ADDR_WIDTH-1:0] raddr_i,
    output reg  [BYTES*BYTE_WIDTH-1:0] rdata_o
);

  generate
    if (WORDS < 1 || WORDS > (1 << ADDR_WIDTH) || BYTES < 1 || BYTE_WIDTH < 1) begin : g_illegal
      initial begin
        $display("%m: WORDS=%0d ADDR_WIDTH=%0d BYTES=%0d BYTE_WIDTH=%0d", WORDS, ADDR_WIDTH, BYTES, BYTE_WIDTH);
        $finish;
      end
    end
  endgenerate

  // Yosys maps no memory of a single word to block RAM.
  localparam DEPTH = WORDS == 1 ? 2 : WORDS;

  // Simulators do not look at attributes.
  localparam unused_style = WORDS <= 16 ? "auto" : "block";

  (* no_rw_check, ram_style = unused_style *)
  reg [BYTES*BYTE_WIDTH-1:0] memory[0:DEPTH-1];

  integer k;

  always @(posedge clk_i) begin
    for (k = 0; k < BYTES; k = k + 1) begin
      if (wen_i[k]) memory[waddr_i][k*BYTE_WIDTH+:BYTE_WIDTH] <= wdata_i[k*BYTE_WIDTH+:BYTE_WIDTH];
    end
  end

  always @(posedge clk_i) begin
    if (ren_i) rdata_o <= memory[raddr_i];
  end

endmodule
`default_nettype wire
