`default_nettype none
// One region of the host's address space: a memory of WORDS words of BYTES bytes, which the host writes and reads byte
// by byte, and the engine reads word by word.
//
//   host address = word · 2^BYTE_INDEX_WIDTH + byte;  bytes at or above BYTES read as 0 and are not stored
//
// Host reads return 2 cycles after host_ren_i, engine reads 1 cycle after run_ren_i; they must not be used in the same
// cycle. Within the memory a byte has STORED_WIDTH bits; what is stored of a byte, and how it is read back, is
// determined by the parent (host_wdata_i and host_rdata_o are in the stored form).
module sdq_region_memory #(
    parameter WORDS = 2,
    parameter ADDR_WIDTH = 1,  // index width of WORDS
    parameter BYTES = 4,
    parameter BYTE_INDEX_WIDTH = 2,  // index width of the stride; 1 or more
    parameter STORED_WIDTH = 8
) (
    input wire clk_i,

    input  wire                                   host_wen_i,
    input  wire                                   host_ren_i,
    input  wire [ADDR_WIDTH+BYTE_INDEX_WIDTH-1:0] host_addr_i,
    input  wire [               STORED_WIDTH-1:0] host_wdata_i,
    output reg  [               STORED_WIDTH-1:0] host_rdata_o,
    output reg                                    host_padding_o, // the byte read does not exist

    input  wire                          run_ren_i,
    input  wire [        ADDR_WIDTH-1:0] run_raddr_i,
    output wire [BYTES*STORED_WIDTH-1:0] run_rdata_o
);

  localparam STRIDE = 1 << BYTE_INDEX_WIDTH;

  generate
    if (BYTE_INDEX_WIDTH < 1 || BYTES > STRIDE || 2 * BYTES <= STRIDE) begin : g_illegal
      initial begin
        $display("%m: BYTES=%0d BYTE_INDEX_WIDTH=%0d", BYTES, BYTE_INDEX_WIDTH);
        $finish;
      end
    end
  endgenerate

  wire [      ADDR_WIDTH-1:0] host_word = host_addr_i[BYTE_INDEX_WIDTH+:ADDR_WIDTH];
  wire [BYTE_INDEX_WIDTH-1:0] host_byte = host_addr_i[BYTE_INDEX_WIDTH-1:0];
  reg  [BYTE_INDEX_WIDTH-1:0] read_byte_q;

  wire [BYTES-1:0] host_wen;
  wire [STRIDE*STORED_WIDTH-1:0] padded;
  wire [STRIDE-1:0] exists = {STRIDE{1'b1}} >> (STRIDE - BYTES);

  genvar k;
  generate
    for (k = 0; k < STRIDE; k = k + 1) begin : g_byte
      if (k < BYTES) begin : g_stored
        assign host_wen[k] = host_wen_i && host_byte == k[BYTE_INDEX_WIDTH-1:0];
        assign padded[k*STORED_WIDTH+:STORED_WIDTH] = run_rdata_o[k*STORED_WIDTH+:STORED_WIDTH];
      end else begin : g_padding
        assign padded[k*STORED_WIDTH+:STORED_WIDTH] = {STORED_WIDTH{1'b0}};
      end
    end
  endgenerate

  sdq_ram_1r1w #(
      .WORDS     (WORDS),
      .ADDR_WIDTH(ADDR_WIDTH),
      .BYTES     (BYTES),
      .BYTE_WIDTH(STORED_WIDTH)
  ) u_ram (
      .clk_i  (clk_i),
      .wen_i  (host_wen),
      .waddr_i(host_word),
      .wdata_i({BYTES{host_wdata_i}}),
      .ren_i  (host_ren_i || run_ren_i),
      .raddr_i(run_ren_i ? run_raddr_i : host_word),
      .rdata_o(run_rdata_o)
  );

  always @(posedge clk_i) begin
    read_byte_q    <= host_byte;
    host_rdata_o   <= padded[read_byte_q*STORED_WIDTH+:STORED_WIDTH];
    host_padding_o <= !exists[read_byte_q];
  end

endmodule
`default_nettype wire
