`default_nettype none
// The four memories of the engine behind the host's byte port; sdq_engine describes regions and parameters.
//
// A byte that is read comes 5 cycles after its request, 8 with STORED_WIDTH 9. The port waits while locked_i is set.
// Engine reads have one cycle of latency; the weight memory gives bytes in their stored form.
//
// WEIGHT_STREAM = 1: weights lie in a memory outside, which gives them in order of the engine's walk (sdq_sdram_weights is
// one): its own host port takes region 0, and word_valid_i says that the next word can be taken with weight_read_i.
//
// FRAME = 0: the host writes samples to region 2 and the blocks' exponents to region 3; the engine reads them.
// FRAME = 1: the host writes mantissas and their exponents there; sdq_frame_unit reads them, and writes samples and
// exponents for the engine to memories that the host does not see.
// CUT = 1, with FRAME: the decoder's CUT writes mantissas and exponents in place of the host (sdq_frame_memory); regions 2 and
// 3 do not exist.
module sdq_engine_memories #(
    parameter LANES = 8,
    parameter LANE_WIDTH = 3,
    parameter TERNARY = 1,
    parameter STORED_WIDTH = 8,  // 8, or 9 with TERNARY
    parameter WEIGHT_SINGLE_PORT = 0,  // weights lie in memories with one port
    parameter WEIGHT_STREAM = 0,
    parameter WEIGHT_WORDS = 2,
    parameter WEIGHT_ADDR_WIDTH = 1,
    parameter WEIGHT_BYTES = 8,
    parameter WEIGHT_BYTE_WIDTH = 3,
    parameter SCALE_WORDS = 2,
    parameter SCALE_ADDR_WIDTH = 1,
    parameter SCALE_BYTES = 5,
    parameter SCALE_BYTE_WIDTH = 3,
    parameter ACTIVATION_WORDS = 2,
    parameter ACTIVATION_ADDR_WIDTH = 1,
    parameter BLOCK_WORDS = 2,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter FRAME = 0,
    parameter VECTOR_WORDS = 2,  // mantissas
    parameter VECTOR_ADDR_WIDTH = 1,
    parameter VECTOR_BYTES = 4,  // a power of two
    parameter VECTOR_BYTE_WIDTH = 2,
    parameter CUT = 0,
    parameter CUT_VALUES = 2,  // mantissas that CUT writes at a time
    parameter CUT_PART_WIDTH = 1  // index width of their places in a word
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
    output wire [ 7:0] mem_rdata_o,

    input  wire                                 weight_read_i,
    input  wire [        WEIGHT_ADDR_WIDTH-1:0] weight_addr_i,
    output wire [WEIGHT_BYTES*STORED_WIDTH-1:0] weight_word_o,
    input  wire                                 activation_read_i,
    input  wire [    ACTIVATION_ADDR_WIDTH-1:0] activation_addr_i,
    output wire [                  8*LANES-1:0] activation_word_o,

    input  wire                        scale_read_i,
    input  wire [SCALE_ADDR_WIDTH-1:0] scale_addr_i,
    output wire [   8*SCALE_BYTES-1:0] scale_word_o,
    input  wire [BLOCK_ADDR_WIDTH-1:0] block_addr_i,
    output wire [                31:0] block_word_o,

    output wire                                           stream_wvalid_o,
    output wire                                           stream_rvalid_o,
    input  wire                                           stream_ready_i,
    output wire [WEIGHT_ADDR_WIDTH+WEIGHT_BYTE_WIDTH-1:0] stream_addr_o,
    output wire [                                    7:0] stream_wdata_o,
    input  wire                                           stream_rdata_valid_i,
    input  wire [                                    7:0] stream_rdata_i,
    input  wire [           WEIGHT_BYTES*STORED_WIDTH-1:0] stream_word_i,

    input  wire                             cut_start_i,
    input  wire                             cut_valid_i,
    input  wire [     BLOCK_ADDR_WIDTH-1:0] cut_block_i,
    input  wire [                      4:0] cut_exponent_i,
    input  wire [        16*CUT_VALUES-1:0] cut_word_i,
    input  wire [                      4:0] cut_reference_i,
    output wire                             touched_o,        // what is framed is written
    input  wire                             vector_read_i,
    input  wire [    VECTOR_ADDR_WIDTH-1:0] vector_addr_i,
    output wire [       8*VECTOR_BYTES-1:0] vector_word_o,
    input  wire                             header_read_i,
    input  wire [     BLOCK_ADDR_WIDTH-1:0] header_addr_i,
    output wire [                      7:0] header_exponent_o,
    input  wire [                LANES-1:0] sample_wen_i,
    input  wire [ACTIVATION_ADDR_WIDTH-1:0] sample_addr_i,
    input  wire [              8*LANES-1:0] sample_word_i,
    input  wire                             exponent_wen_i,
    input  wire [     BLOCK_ADDR_WIDTH-1:0] exponent_addr_i,
    input  wire [                      7:0] exponent_i
);

  localparam WEIGHT_BITS = WEIGHT_ADDR_WIDTH + WEIGHT_BYTE_WIDTH;
  localparam SCALE_BITS = SCALE_ADDR_WIDTH + SCALE_BYTE_WIDTH;
  localparam ACTIVATION_BITS =
      FRAME != 0 ? VECTOR_ADDR_WIDTH + VECTOR_BYTE_WIDTH : ACTIVATION_ADDR_WIDTH + LANE_WIDTH;
  localparam BLOCK_BITS = BLOCK_ADDR_WIDTH + 2;

  generate
    if (WEIGHT_BITS > 28 || SCALE_BITS > 28 || ACTIVATION_BITS > 28 || BLOCK_BITS > 28) begin : g_illegal
      initial begin
        $display("%m: address bits %0d %0d %0d %0d, at most 28", WEIGHT_BITS, SCALE_BITS, ACTIVATION_BITS, BLOCK_BITS);
        $finish;
      end
    end
  endgenerate

  wire [3:0] region = mem_addr_i[31:28];
  wire outside = WEIGHT_STREAM != 0 && region == 4'd0;
  wire ready = outside ? stream_ready_i : !locked_i;
  assign mem_wready_o = ready;
  assign mem_rready_o = ready;

  wire writes = mem_wvalid_i && mem_wready_o;
  wire reads = mem_rvalid_i && mem_rready_o;

  // Bits between the largest region and the region's number are not looked at: the host link checks addresses.
  wire [27:0] unused_address = mem_addr_i[27:0];

  reg  [7:0] wdata_q;
  wire [STORED_WIDTH-1:0] weight_store;
  wire [STORED_WIDTH-1:0] weight_stored;
  wire [7:0] scale_byte;
  wire [7:0] activation_byte;
  wire [7:0] block_byte;
  wire weight_padding;
  wire scale_padding;
  wire activation_padding;
  wire block_padding;

  always @(posedge clk_i) wdata_q <= mem_wdata_i;

  assign stream_wvalid_o = mem_wvalid_i && outside;
  assign stream_rvalid_o = mem_rvalid_i && outside;
  assign stream_addr_o   = mem_addr_i[WEIGHT_BITS-1:0];
  assign stream_wdata_o  = mem_wdata_i;

  generate
    if (WEIGHT_STREAM != 0) begin : g_stream
      assign weight_stored  = stream_rdata_i;
      assign weight_padding = 1'b0;
      assign weight_word_o  = stream_word_i;
      wire unused_weight = &{weight_read_i, weight_addr_i, weight_store};
      if (STORED_WIDTH != 8) begin : g_illegal_form
        initial begin
          $display("%m: WEIGHT_STREAM=%0d STORED_WIDTH=%0d", WEIGHT_STREAM, STORED_WIDTH);
          $finish;
        end
      end
    end else begin : g_memory
      sdq_region_memory #(
          .WORDS           (WEIGHT_WORDS),
          .ADDR_WIDTH      (WEIGHT_ADDR_WIDTH),
          .BYTES           (WEIGHT_BYTES),
          .BYTE_INDEX_WIDTH(WEIGHT_BYTE_WIDTH),
          .STORED_WIDTH    (STORED_WIDTH),
          .SINGLE_PORT     (WEIGHT_SINGLE_PORT)
      ) u_weights (
          .clk_i         (clk_i),
          .host_wen_i    (writes && region == 4'd0),
          .host_ren_i    (reads && region == 4'd0),
          .host_addr_i   (mem_addr_i[WEIGHT_BITS-1:0]),
          .host_wdata_i  (weight_store),
          .host_rdata_o  (weight_stored),
          .host_padding_o(weight_padding),
          .run_ren_i     (weight_read_i),
          .run_raddr_i   (weight_addr_i),
          .run_rdata_o   (weight_word_o)
      );
      wire unused_stream = &{stream_word_i, stream_rdata_i};
    end
  endgenerate

  sdq_region_memory #(
      .WORDS           (SCALE_WORDS),
      .ADDR_WIDTH      (SCALE_ADDR_WIDTH),
      .BYTES           (SCALE_BYTES),
      .BYTE_INDEX_WIDTH(SCALE_BYTE_WIDTH)
  ) u_scales (
      .clk_i         (clk_i),
      .host_wen_i    (writes && region == 4'd1),
      .host_ren_i    (reads && region == 4'd1),
      .host_addr_i   (mem_addr_i[SCALE_BITS-1:0]),
      .host_wdata_i  (wdata_q),
      .host_rdata_o  (scale_byte),
      .host_padding_o(scale_padding),
      .run_ren_i     (scale_read_i),
      .run_raddr_i   (scale_addr_i),
      .run_rdata_o   (scale_word_o)
  );

  // Regions 2 and 3, what the engine reads of them.
  wire block_read = FRAME != 0 ? header_read_i : scale_read_i;
  wire [BLOCK_ADDR_WIDTH-1:0] block_raddr = FRAME != 0 ? header_addr_i : block_addr_i;
  wire [31:0] block_word;

  generate
    if (FRAME != 0) begin : g_frame
      if (CUT == 0) begin : g_vector
        sdq_region_memory #(
            .WORDS           (VECTOR_WORDS),
            .ADDR_WIDTH      (VECTOR_ADDR_WIDTH),
            .BYTES           (VECTOR_BYTES),
            .BYTE_INDEX_WIDTH(VECTOR_BYTE_WIDTH)
        ) u_vector (
            .clk_i         (clk_i),
            .host_wen_i    (writes && region == 4'd2),
            .host_ren_i    (reads && region == 4'd2),
            .host_addr_i   (mem_addr_i[ACTIVATION_BITS-1:0]),
            .host_wdata_i  (wdata_q),
            .host_rdata_o  (activation_byte),
            .host_padding_o(activation_padding),
            .run_ren_i     (vector_read_i),
            .run_raddr_i   (vector_addr_i),
            .run_rdata_o   (vector_word_o)
        );
      end

      sdq_ram_1r1w #(
          .WORDS     (ACTIVATION_WORDS),
          .ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
          .BYTES     (LANES),
          .BYTE_WIDTH(8)
      ) u_samples (
          .clk_i  (clk_i),
          .wen_i  (sample_wen_i),
          .waddr_i(sample_addr_i),
          .wdata_i(sample_word_i),
          .ren_i  (activation_read_i),
          .raddr_i(activation_addr_i),
          .rdata_o(activation_word_o)
      );

      sdq_ram_1r1w #(
          .WORDS     (BLOCK_WORDS),
          .ADDR_WIDTH(BLOCK_ADDR_WIDTH),
          .BYTES     (1),
          .BYTE_WIDTH(8)
      ) u_exponents (
          .clk_i  (clk_i),
          .wen_i  (exponent_wen_i),
          .waddr_i(exponent_addr_i),
          .wdata_i(exponent_i),
          .ren_i  (scale_read_i),
          .raddr_i(block_addr_i),
          .rdata_o(block_word_o[31:24])
      );

      wire [23:0] unused_sum = block_word[23:0];
      assign block_word_o[23:0] = 24'd0;
      assign header_exponent_o  = block_word[31:24];
      assign touched_o          = CUT != 0 ? cut_valid_i : writes && (region == 4'd2 || region == 4'd3);
    end else begin : g_host
      sdq_region_memory #(
          .WORDS           (ACTIVATION_WORDS),
          .ADDR_WIDTH      (ACTIVATION_ADDR_WIDTH),
          .BYTES           (LANES),
          .BYTE_INDEX_WIDTH(LANE_WIDTH)
      ) u_activations (
          .clk_i         (clk_i),
          .host_wen_i    (writes && region == 4'd2),
          .host_ren_i    (reads && region == 4'd2),
          .host_addr_i   (mem_addr_i[ACTIVATION_BITS-1:0]),
          .host_wdata_i  (wdata_q),
          .host_rdata_o  (activation_byte),
          .host_padding_o(activation_padding),
          .run_ren_i     (activation_read_i),
          .run_raddr_i   (activation_addr_i),
          .run_rdata_o   (activation_word_o)
      );

      wire unused_frame = &{vector_read_i, vector_addr_i, sample_wen_i, sample_addr_i, sample_word_i, exponent_wen_i,
                            exponent_addr_i, exponent_i, header_read_i, header_addr_i};
      assign block_word_o      = block_word;
      assign header_exponent_o = 8'd0;
      assign vector_word_o     = {8 * VECTOR_BYTES{1'b0}};
      assign touched_o         = 1'b0;
    end
  endgenerate

  generate
    if (CUT != 0) begin : g_cut
      wire unused_host = block_read || |block_raddr;
      assign block_word[23:0]   = 24'd0;
      assign block_byte         = 8'd0;
      assign block_padding      = 1'b1;
      assign activation_byte    = 8'd0;
      assign activation_padding = 1'b1;

      sdq_frame_memory #(
          .WORDS           (VECTOR_WORDS),
          .ADDR_WIDTH      (VECTOR_ADDR_WIDTH),
          .VALUES          (VECTOR_BYTES / 2),
          .CUT_VALUES      (CUT_VALUES),
          .PART_WIDTH      (CUT_PART_WIDTH),
          .BLOCKS          (BLOCK_WORDS),
          .BLOCK_ADDR_WIDTH(BLOCK_ADDR_WIDTH)
      ) u_vector (
          .clk_i            (clk_i),
          .cut_start_i      (cut_start_i),
          .cut_valid_i      (cut_valid_i),
          .cut_block_i      (cut_block_i),
          .cut_exponent_i   (cut_exponent_i),
          .cut_word_i       (cut_word_i),
          .reference_i      (cut_reference_i),
          .vector_read_i    (vector_read_i),
          .vector_addr_i    (vector_addr_i),
          .vector_word_o    (vector_word_o),
          .header_read_i    (header_read_i),
          .header_addr_i    (header_addr_i),
          .header_exponent_o(block_word[31:24])
      );
    end else begin : g_blocks
      wire unused_cut = &{cut_start_i, cut_valid_i, cut_block_i, cut_exponent_i, cut_word_i, cut_reference_i};

      sdq_region_memory #(
          .WORDS           (BLOCK_WORDS),
          .ADDR_WIDTH      (BLOCK_ADDR_WIDTH),
          .BYTES           (4),
          .BYTE_INDEX_WIDTH(2)
      ) u_blocks (
          .clk_i         (clk_i),
          .host_wen_i    (writes && region == 4'd3),
          .host_ren_i    (reads && region == 4'd3),
          .host_addr_i   (mem_addr_i[BLOCK_BITS-1:0]),
          .host_wdata_i  (wdata_q),
          .host_rdata_o  (block_byte),
          .host_padding_o(block_padding),
          .run_ren_i     (block_read),
          .run_raddr_i   (block_raddr),
          .run_rdata_o   (block_word)
      );
    end
    if (CUT != 0 && FRAME == 0) begin : g_illegal_cut
      initial begin
        $display("%m: CUT=%0d FRAME=%0d", CUT, FRAME);
        $finish;
      end
    end
  endgenerate

  wire read_valid;
  wire stream_valid = WEIGHT_STREAM != 0 && stream_rdata_valid_i;
  reg stream_valid_q;

  assign mem_rdata_valid_o = read_valid || stream_valid_q;

  sdq_delay #(
      .WIDTH (1),
      .CYCLES(STORED_WIDTH == 9 ? 8 : 5)
  ) u_read (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (reads && !outside),
      .d_o   (read_valid)
  );

  reg [1:0] region_1_q;
  reg [1:0] region_2_q;
  reg [1:0] region_3_q;
  reg [1:0] region_4_q;
  reg is_weight_q;
  reg [STORED_WIDTH-1:0] weight_q;
  reg [7:0] byte_q;

  always @(posedge clk_i) begin
    if (!rst_ni) stream_valid_q <= 1'b0;
    else stream_valid_q <= stream_valid;

    region_1_q  <= region[1:0];
    region_2_q  <= region_1_q;
    region_3_q  <= region_2_q;
    region_4_q  <= region_3_q;
    is_weight_q <= stream_valid || (region_4_q == 2'd0 && !weight_padding);
    weight_q    <= weight_stored;
    case (region_4_q)
      2'd1: byte_q <= scale_byte & {8{!scale_padding}};
      2'd2: byte_q <= activation_byte & {8{!activation_padding}};
      2'd3: byte_q <= block_byte & {8{!block_padding}};
      default: byte_q <= 8'd0;
    endcase
  end

  generate
    if (STORED_WIDTH == 9) begin : g_packed
      wire [4:0] write_nonzero;
      wire [4:0] write_negative;
      reg  [4:0] nonzero_q;
      reg  [4:0] negative_q;
      wire [4:0] read_nonzero;
      wire [4:0] read_negative;
      reg  [4:0] read_nonzero_q;
      reg  [4:0] read_negative_q;
      reg  [1:0] encodes_q;
      reg  [7:0] plain_1_q;
      reg  [7:0] plain_2_q;
      wire [7:0] weight_byte;
      reg  [7:0] weight_byte_q;
      reg  [7:0] rdata_q;

      sdq_base3_decode u_decode (
          .byte_i    (mem_wdata_i),
          .nonzero_o (write_nonzero),
          .negative_o(write_negative)
      );
      sdq_symbol_pack u_pack (
          .nonzero_i (nonzero_q),
          .negative_i(negative_q),
          .code_o    (weight_store)
      );
      sdq_symbol_unpack u_unpack (
          .code_i    (weight_q),
          .nonzero_o (read_nonzero),
          .negative_o(read_negative)
      );
      sdq_base3_encode u_encode (
          .nonzero_i (read_nonzero_q),
          .negative_i(read_negative_q),
          .byte_o    (weight_byte)
      );

      always @(posedge clk_i) begin
        nonzero_q  <= write_nonzero;
        negative_q <= write_negative;

        read_nonzero_q  <= read_nonzero;
        read_negative_q <= read_negative;
        encodes_q       <= {encodes_q[0], is_weight_q};
        weight_byte_q   <= weight_byte;
        plain_1_q       <= byte_q;
        plain_2_q       <= plain_1_q;
        rdata_q         <= encodes_q[1] ? weight_byte_q : plain_2_q;
      end
      assign mem_rdata_o = rdata_q;
    end else begin : g_bytes
      assign weight_store = wdata_q;
      assign mem_rdata_o  = is_weight_q ? weight_q : byte_q;
    end
    if (STORED_WIDTH != 8 && (STORED_WIDTH != 9 || TERNARY == 0)) begin : g_illegal_form
      initial begin
        $display("%m: STORED_WIDTH=%0d TERNARY=%0d", STORED_WIDTH, TERNARY);
        $finish;
      end
    end
  endgenerate

endmodule
`default_nettype wire
