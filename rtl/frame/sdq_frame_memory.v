`default_nettype none
// What the frame unit frames where the decoder cuts it: mantissas of a vector, and the exponents of its blocks less its reference.
//
//   mantissas  word w holds mantissas w · VALUES …, 16 bits each; CUT writes CUT_VALUES of them at a time, from 0 on in order
//   exponents  a byte per block: exponent − reference, −16 … 0
//
// cut_start_i comes before the first mantissas of a vector. cut_exponent_i is that of block cut_block_i, to which they belong;
// reference_i is stable from a vector's last mantissas until the next vector's first. Reads have one cycle of latency.
module sdq_frame_memory #(
    parameter WORDS = 2,
    parameter ADDR_WIDTH = 1,  // index width of WORDS
    parameter VALUES = 2,
    parameter CUT_VALUES = 2,  // divides VALUES; both are powers of two
    parameter PART_WIDTH = 1,  // index width of VALUES / CUT_VALUES
    parameter BLOCKS = 2,
    parameter BLOCK_ADDR_WIDTH = 1  // index width of BLOCKS
) (
    input wire clk_i,

    input wire                        cut_start_i,
    input wire                        cut_valid_i,
    input wire [BLOCK_ADDR_WIDTH-1:0] cut_block_i,
    input wire [                 4:0] cut_exponent_i,
    input wire [   16*CUT_VALUES-1:0] cut_word_i,
    input wire [                 4:0] reference_i,

    input  wire                        vector_read_i,
    input  wire [      ADDR_WIDTH-1:0] vector_addr_i,
    output wire [       16*VALUES-1:0] vector_word_o,
    input  wire                        header_read_i,
    input  wire [BLOCK_ADDR_WIDTH-1:0] header_addr_i,
    output wire [                 7:0] header_exponent_o
);

  localparam PARTS = VALUES / CUT_VALUES;
  localparam LAST_PART = PARTS - 1;

  generate
    if (PARTS < 1 || PARTS * CUT_VALUES != VALUES || PARTS > (1 << PART_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: VALUES=%0d CUT_VALUES=%0d PART_WIDTH=%0d", VALUES, CUT_VALUES, PART_WIDTH);
        $finish;
      end
    end
  endgenerate

  // Where the next mantissas belong.
  reg [ADDR_WIDTH-1:0] word_q;
  reg [PART_WIDTH-1:0] part_q;
  reg [PARTS-1:0] writes;
  wire part_last = part_q == LAST_PART[PART_WIDTH-1:0];
  integer k;

  always @* for (k = 0; k < PARTS; k = k + 1) writes[k] = cut_valid_i && part_q == k[PART_WIDTH-1:0];

  always @(posedge clk_i) begin
    if (cut_start_i) begin
      word_q <= {ADDR_WIDTH{1'b0}};
      part_q <= {PART_WIDTH{1'b0}};
    end else if (cut_valid_i) begin
      part_q <= part_last ? {PART_WIDTH{1'b0}} : part_q + 1'b1;
      if (part_last) word_q <= word_q + 1'b1;
    end
  end

  sdq_ram_1r1w #(
      .WORDS     (WORDS),
      .ADDR_WIDTH(ADDR_WIDTH),
      .BYTES     (PARTS),
      .BYTE_WIDTH(16 * CUT_VALUES)
  ) u_mantissas (
      .clk_i  (clk_i),
      .wen_i  (writes),
      .waddr_i(word_q),
      .wdata_i({PARTS{cut_word_i}}),
      .ren_i  (vector_read_i),
      .raddr_i(vector_addr_i),
      .rdata_o(vector_word_o)
  );

  wire [4:0] exponent;

  sdq_ram_1r1w #(
      .WORDS     (BLOCKS),
      .ADDR_WIDTH(BLOCK_ADDR_WIDTH),
      .BYTES     (1),
      .BYTE_WIDTH(5)
  ) u_exponents (
      .clk_i  (clk_i),
      .wen_i  (cut_valid_i),
      .waddr_i(cut_block_i),
      .wdata_i(cut_exponent_i),
      .ren_i  (header_read_i),
      .raddr_i(header_addr_i),
      .rdata_o(exponent)
  );

  assign header_exponent_o = {3'd0, exponent} - {3'd0, reference_i};

endmodule
`default_nettype wire
