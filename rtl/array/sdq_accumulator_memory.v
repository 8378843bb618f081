`default_nettype none
// The memory of sdq_accumulator: BANKS banks of WORDS words, each in SLICES block RAMs, word w in that of w mod SLICES.
//
//   items    a word of bank item_bank_i is read, one of bank write_bank_i written
//   results  SLICES words of bank read_bank_i are read at once, from word read_addr_i · SLICES on, the first in the low bits
//
// Reads have one cycle of latency. What was read for results stays as long as no item reads from that bank, and no item may
// read from it in the cycle of read_en_i.
module sdq_accumulator_memory #(
    parameter WORDS = 2,
    parameter ADDR_WIDTH = 1,  // index width of WORDS
    parameter WIDTH = 40,
    parameter BANKS = 1,  // 1 or 2
    parameter SLICES = 1,
    parameter SLICE_WIDTH = 0  // log2(SLICES)
) (
    input wire clk_i,

    input  wire                  item_en_i,
    input  wire                  item_bank_i,
    input  wire [ADDR_WIDTH-1:0] item_addr_i,
    output wire [     WIDTH-1:0] item_data_o,

    input wire                  write_en_i,
    input wire                  write_bank_i,
    input wire [ADDR_WIDTH-1:0] write_addr_i,
    input wire [     WIDTH-1:0] write_data_i,

    input  wire                    read_en_i,
    input  wire                    read_bank_i,
    input  wire [  ADDR_WIDTH-1:0] read_addr_i,
    output wire [SLICES*WIDTH-1:0] read_data_o
);

  localparam PLACES = BANKS * SLICES;
  localparam SLICE_WORDS = (WORDS + SLICES - 1) / SLICES;
  localparam SLICE_ADDR_WIDTH = ADDR_WIDTH > SLICE_WIDTH ? ADDR_WIDTH - SLICE_WIDTH : 1;
  localparam SLICE_MASK = SLICES - 1;

  generate
    if (SLICES != (1 << SLICE_WIDTH) || BANKS < 1 || BANKS > 2) begin : g_illegal
      initial begin
        $display("%m: BANKS=%0d SLICES=%0d SLICE_WIDTH=%0d", BANKS, SLICES, SLICE_WIDTH);
        $finish;
      end
    end
  endgenerate

  wire [ADDR_WIDTH-1:0] item_word = item_addr_i >> SLICE_WIDTH;
  wire [ADDR_WIDTH-1:0] write_word = write_addr_i >> SLICE_WIDTH;
  wire unused_word = &{item_word, write_word, read_addr_i};

  wire [PLACES*WIDTH-1:0] words;
  wire [PLACES-1:0] item_here;

  genvar b, s;
  generate
    for (b = 0; b < BANKS; b = b + 1) begin : g_bank
      wire items = BANKS == 1 || item_bank_i == b[0];
      wire writes = BANKS == 1 || write_bank_i == b[0];
      wire reads = BANKS == 1 || read_bank_i == b[0];
      for (s = 0; s < SLICES; s = s + 1) begin : g_slice
        localparam PLACE = b * SLICES + s;
        assign item_here[PLACE] = item_en_i && items && (item_addr_i & SLICE_MASK[ADDR_WIDTH-1:0]) == s;
        sdq_ram_1r1w #(
            .WORDS     (SLICE_WORDS),
            .ADDR_WIDTH(SLICE_ADDR_WIDTH),
            .BYTES     (1),
            .BYTE_WIDTH(WIDTH)
        ) u_ram (
            .clk_i  (clk_i),
            .wen_i  (write_en_i && writes && (write_addr_i & SLICE_MASK[ADDR_WIDTH-1:0]) == s),
            .waddr_i(write_word[SLICE_ADDR_WIDTH-1:0]),
            .wdata_i(write_data_i),
            .ren_i  (item_here[PLACE] || read_en_i && reads),
            .raddr_i(item_here[PLACE] ? item_word[SLICE_ADDR_WIDTH-1:0] : read_addr_i[SLICE_ADDR_WIDTH-1:0]),
            .rdata_o(words[PLACE*WIDTH+:WIDTH])
        );
      end
    end

    if (PLACES == 1) begin : g_one
      assign item_data_o = words;
      assign read_data_o = words;
      wire unused_banks = &{item_bank_i, write_bank_i, read_bank_i};
    end else begin : g_some
      reg [PLACES-1:0] item_here_q;
      reg [WIDTH-1:0] item_data;
      integer n;
      always @(posedge clk_i) item_here_q <= item_here;
      always @* begin
        item_data = {WIDTH{1'b0}};
        for (n = 0; n < PLACES; n = n + 1) begin
          if (item_here_q[n]) item_data = item_data | words[n*WIDTH+:WIDTH];
        end
      end
      assign item_data_o = item_data;
      if (BANKS == 1) begin : g_bank_of_one
        assign read_data_o = words;
        wire unused_banks = &{item_bank_i, write_bank_i, read_bank_i};
      end else begin : g_bank_of_two
        assign read_data_o = read_bank_i ? words[SLICES*WIDTH+:SLICES*WIDTH] : words[0+:SLICES*WIDTH];
      end
    end
  endgenerate

endmodule
`default_nettype wire
