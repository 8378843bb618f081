`default_nettype none
// What the host writes for the decoder beside the engine's memories, behind the same byte port.
//
//   region 4  parameters  PARAMETER_BYTES = 4 · W per word; layout: docs/decoder.md, "Parameter memory"
//   region 5  constants   a signed byte each, two per word: see sdq_issue
//
// Host: as sdq_engine_memories; a byte that is read comes 5 cycles after its request. The port waits while locked_i is
// set, which it is while a step is executed. Requests to other regions have no effect and no answer.
// Parameters: a word one cycle after vector_read_i or dot_read_i, which are never set together, and until the next read.
// Constants: a byte one cycle after constant_read_i, and until the next read.
module sdq_decoder_memories #(
    parameter PARAMETER_WORDS = 2,
    parameter PARAMETER_ADDR_WIDTH = 1,  // index width of PARAMETER_WORDS
    parameter PARAMETER_BYTES = 8,
    parameter PARAMETER_BYTE_WIDTH = 3,  // index width of PARAMETER_BYTES
    parameter CONSTANT_WORDS = 2,
    parameter CONSTANT_ADDR_WIDTH = 2  // index width of the constants; 2 or more
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire        locked_i,
    input  wire        mem_wvalid_i,
    output wire        mem_wready_o,
    input  wire        mem_rvalid_i,
    output wire        mem_rready_o,
    input  wire [31:0] mem_addr_i,
    input  wire [ 7:0] mem_wdata_i,
    output wire        mem_rdata_valid_o,
    output reg  [ 7:0] mem_rdata_o,

    input  wire                            vector_read_i,
    input  wire [PARAMETER_ADDR_WIDTH-1:0] vector_addr_i,
    input  wire                            dot_read_i,
    input  wire [PARAMETER_ADDR_WIDTH-1:0] dot_addr_i,
    output wire [   8*PARAMETER_BYTES-1:0] parameter_word_o,

    input  wire                           constant_read_i,
    input  wire [CONSTANT_ADDR_WIDTH-1:0] constant_addr_i,
    output wire [                    7:0] constant_o
);

  localparam PARAMETER_BITS = PARAMETER_ADDR_WIDTH + PARAMETER_BYTE_WIDTH;
  localparam READ_CYCLES = 5;

  generate
    if (PARAMETER_BITS > 28 || CONSTANT_ADDR_WIDTH < 2 || CONSTANT_ADDR_WIDTH > 28) begin : g_illegal
      initial begin
        $display("%m: address bits %0d %0d, at most 28; of constants 2 or more", PARAMETER_BITS, CONSTANT_ADDR_WIDTH);
        $finish;
      end
    end
  endgenerate

  wire is_parameter = mem_addr_i[31:28] == 4'd4;
  wire is_constant = mem_addr_i[31:28] == 4'd5;
  wire writes = mem_wvalid_i && mem_wready_o;
  wire reads = mem_rvalid_i && mem_rready_o;
  // The host link checks addresses.
  wire [27:0] unused_address = mem_addr_i[27:0];

  reg [7:0] wdata_q;
  wire [7:0] parameter_byte;
  wire [7:0] constant_byte;
  wire parameter_padding;
  wire constant_padding;
  wire [15:0] constant_word;
  reg constant_high_q;
  wire region_constant;

  assign mem_wready_o = !locked_i;
  assign mem_rready_o = !locked_i;
  assign constant_o   = constant_high_q ? constant_word[15:8] : constant_word[7:0];

  always @(posedge clk_i) begin
    wdata_q <= mem_wdata_i;
    if (constant_read_i) constant_high_q <= constant_addr_i[0];
    // Regions have as many bytes as their stride: there is no padding.
    mem_rdata_o <= region_constant ? constant_byte : parameter_byte;
  end

  wire unused_padding = parameter_padding || constant_padding;

  sdq_delay #(
      .WIDTH (1),
      .CYCLES(READ_CYCLES)
  ) u_valid (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (reads && (is_parameter || is_constant)),
      .d_o   (mem_rdata_valid_o)
  );

  sdq_delay #(
      .WIDTH (1),
      .CYCLES(READ_CYCLES - 1)
  ) u_region (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (is_constant),
      .d_o   (region_constant)
  );

  sdq_region_memory #(
      .WORDS           (PARAMETER_WORDS),
      .ADDR_WIDTH      (PARAMETER_ADDR_WIDTH),
      .BYTES           (PARAMETER_BYTES),
      .BYTE_INDEX_WIDTH(PARAMETER_BYTE_WIDTH)
  ) u_parameters (
      .clk_i         (clk_i),
      .host_wen_i    (writes && is_parameter),
      .host_ren_i    (reads && is_parameter),
      .host_addr_i   (mem_addr_i[PARAMETER_BITS-1:0]),
      .host_wdata_i  (wdata_q),
      .host_rdata_o  (parameter_byte),
      .host_padding_o(parameter_padding),
      .run_ren_i     (vector_read_i || dot_read_i),
      .run_raddr_i   (dot_read_i ? dot_addr_i : vector_addr_i),
      .run_rdata_o   (parameter_word_o)
  );

  sdq_region_memory #(
      .WORDS           (CONSTANT_WORDS),
      .ADDR_WIDTH      (CONSTANT_ADDR_WIDTH - 1),
      .BYTES           (2),
      .BYTE_INDEX_WIDTH(1)
  ) u_constants (
      .clk_i         (clk_i),
      .host_wen_i    (writes && is_constant),
      .host_ren_i    (reads && is_constant),
      .host_addr_i   (mem_addr_i[CONSTANT_ADDR_WIDTH-1:0]),
      .host_wdata_i  (wdata_q),
      .host_rdata_o  (constant_byte),
      .host_padding_o(constant_padding),
      .run_ren_i     (constant_read_i),
      .run_raddr_i   (constant_addr_i[CONSTANT_ADDR_WIDTH-1:1]),
      .run_rdata_o   (constant_word)
  );

endmodule
`default_nettype wire
