`default_nettype none
// What the engine reads: its memories behind the host's byte port, and the frame unit that fills two of them.
//
//   weights, samples   a word one cycle after weight_read_i, activation_read_i
//   scales, exponents  a word of scales and the block's word one cycle after scale_read_i, in the order in which they lie,
//                      from scale_base_i on; scale_block_end_i marks the last scales of a block
//
// start_i begins a linear; what it reads of the schedule is stable from then on. samples_ready_o: the samples at
// activation_addr_i can be read. framing_o: a vector is being framed; then, and while locked_i is set, the port waits, and
// no linear may begin. Regions, parameters and the ports of weights from outside: see sdq_engine.
module sdq_operands #(
    parameter LANES = 8,  // L, a power of two
    parameter LANE_WIDTH = 3,  // index width of LANES
    parameter TERNARY = 1,
    parameter STORED_WIDTH = 8,
    parameter WEIGHT_SINGLE_PORT = 0,  // see sdq_engine_memories
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
    parameter SLOT_WORDS = 1,
    parameter BLOCK_WORDS = 2,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter FRAME = 0,  // 1: vectors are framed here, see sdq_frame_unit
    parameter VALUES = 2,
    parameter VALUE_WIDTH = 1,
    parameter SAMPLES = 2,
    parameter GRANULE = 2,
    parameter BLOCK_WIDTH = 5,
    parameter SEGMENT_WIDTH = 1,
    parameter WORK_WIDTH = 5,
    parameter ROUND_WIDTH = 5,
    parameter SHAPE_WIDTH = 1,
    parameter VECTOR_WORDS = 2,
    parameter VECTOR_ADDR_WIDTH = 1,
    parameter WALK_WIDTH = 34,  // the sequencer's part of a schedule word
    parameter SCHEDULE_WIDTH = 34,
    parameter CUT = 0,  // 1, with FRAME: the decoder writes vectors, see sdq_engine_memories
    parameter CUT_VALUES = 2,
    parameter CUT_PART_WIDTH = 1
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

    input wire                        cut_start_i,
    input wire                        cut_valid_i,
    input wire [BLOCK_ADDR_WIDTH-1:0] cut_block_i,
    input wire [                 4:0] cut_exponent_i,
    input wire [   16*CUT_VALUES-1:0] cut_word_i,
    input wire [                 4:0] cut_reference_i,

    input  wire                        start_i,
    input  wire [  SCHEDULE_WIDTH-1:0] schedule_word_i,
    input  wire [SCALE_ADDR_WIDTH-1:0] scale_base_i,
    input  wire [BLOCK_ADDR_WIDTH-1:0] last_block_i,
    input  wire                        has_tail_i,
    output wire                        framing_o,

    input  wire                                 weight_read_i,
    input  wire [        WEIGHT_ADDR_WIDTH-1:0] weight_addr_i,
    output wire [WEIGHT_BYTES*STORED_WIDTH-1:0] weight_word_o,
    input  wire                                 activation_read_i,
    input  wire [    ACTIVATION_ADDR_WIDTH-1:0] activation_addr_i,
    output wire [                  8*LANES-1:0] activation_word_o,
    output wire                                 samples_ready_o,
    input  wire                                 scale_read_i,
    input  wire                                 scale_block_end_i,
    output wire [            8*SCALE_BYTES-1:0] scale_word_o,
    output wire [                         31:0] block_word_o,

    output wire                                           weights_wvalid_o,
    output wire                                           weights_rvalid_o,
    input  wire                                           weights_ready_i,
    output wire [WEIGHT_ADDR_WIDTH+WEIGHT_BYTE_WIDTH-1:0] weights_addr_o,
    output wire [                                    7:0] weights_wdata_o,
    input  wire                                           weights_rdata_valid_i,
    input  wire [                                    7:0] weights_rdata_i,
    input  wire [           WEIGHT_BYTES*STORED_WIDTH-1:0] weights_word_i,

    output wire [SEGMENT_WIDTH+BLOCK_WIDTH-VALUE_WIDTH-1:0] signs_index_o,
    input  wire [                               VALUES-1:0] signs_word_i
);

  reg [SCALE_ADDR_WIDTH-1:0] scale_addr_q;
  reg [BLOCK_ADDR_WIDTH-1:0] block_addr_q;

  always @(posedge clk_i) begin
    if (start_i) begin
      scale_addr_q <= scale_base_i;
      block_addr_q <= {BLOCK_ADDR_WIDTH{1'b0}};
    end else if (scale_read_i) begin
      scale_addr_q <= scale_addr_q + 1'b1;
      if (scale_block_end_i) block_addr_q <= block_addr_q + 1'b1;
    end
  end

  // Between the memories and the frame unit.
  wire touched;
  wire vector_read;
  wire [VECTOR_ADDR_WIDTH-1:0] vector_addr;
  wire [16*VALUES-1:0] vector_word;
  wire header_read;
  wire [BLOCK_ADDR_WIDTH-1:0] header_addr;
  wire [7:0] header_exponent;
  wire [LANES-1:0] sample_wen;
  wire [ACTIVATION_ADDR_WIDTH-1:0] sample_addr;
  wire [8*LANES-1:0] sample_word;
  wire exponent_wen;
  wire [BLOCK_ADDR_WIDTH-1:0] exponent_addr;
  wire [7:0] exponent;

  wire framing;

  assign framing_o = framing;

  sdq_engine_memories #(
      .LANES                (LANES),
      .LANE_WIDTH           (LANE_WIDTH),
      .TERNARY              (TERNARY),
      .STORED_WIDTH         (STORED_WIDTH),
      .WEIGHT_SINGLE_PORT   (WEIGHT_SINGLE_PORT),
      .WEIGHT_STREAM        (WEIGHT_STREAM),
      .WEIGHT_WORDS         (WEIGHT_WORDS),
      .WEIGHT_ADDR_WIDTH    (WEIGHT_ADDR_WIDTH),
      .WEIGHT_BYTES         (WEIGHT_BYTES),
      .WEIGHT_BYTE_WIDTH    (WEIGHT_BYTE_WIDTH),
      .SCALE_WORDS          (SCALE_WORDS),
      .SCALE_ADDR_WIDTH     (SCALE_ADDR_WIDTH),
      .SCALE_BYTES          (SCALE_BYTES),
      .SCALE_BYTE_WIDTH     (SCALE_BYTE_WIDTH),
      .ACTIVATION_WORDS     (ACTIVATION_WORDS),
      .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
      .BLOCK_WORDS          (BLOCK_WORDS),
      .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
      .FRAME                (FRAME),
      .VECTOR_WORDS         (VECTOR_WORDS),
      .VECTOR_ADDR_WIDTH    (VECTOR_ADDR_WIDTH),
      .VECTOR_BYTES         (2 * VALUES),
      .VECTOR_BYTE_WIDTH    (VALUE_WIDTH + 1),
      .CUT                  (CUT),
      .CUT_VALUES           (CUT_VALUES),
      .CUT_PART_WIDTH       (CUT_PART_WIDTH)
  ) u_memories (
      .clk_i               (clk_i),
      .rst_ni              (rst_ni),
      .locked_i            (locked_i || framing),
      .mem_wvalid_i        (mem_wvalid_i),
      .mem_wready_o        (mem_wready_o),
      .mem_rvalid_i        (mem_rvalid_i),
      .mem_rready_o        (mem_rready_o),
      .mem_addr_i          (mem_addr_i),
      .mem_wdata_i         (mem_wdata_i),
      .mem_rdata_valid_o   (mem_rdata_valid_o),
      .mem_rdata_o         (mem_rdata_o),
      .weight_read_i       (weight_read_i),
      .weight_addr_i       (weight_addr_i),
      .weight_word_o       (weight_word_o),
      .activation_read_i   (activation_read_i),
      .activation_addr_i   (activation_addr_i),
      .activation_word_o   (activation_word_o),
      .scale_read_i        (scale_read_i),
      .scale_addr_i        (scale_addr_q),
      .scale_word_o        (scale_word_o),
      .block_addr_i        (block_addr_q),
      .block_word_o        (block_word_o),
      .stream_wvalid_o     (weights_wvalid_o),
      .stream_rvalid_o     (weights_rvalid_o),
      .stream_ready_i      (weights_ready_i),
      .stream_addr_o       (weights_addr_o),
      .stream_wdata_o      (weights_wdata_o),
      .stream_rdata_i      (weights_rdata_i),
      .stream_word_i       (weights_word_i),
      .stream_rdata_valid_i(weights_rdata_valid_i),
      .cut_start_i         (cut_start_i),
      .cut_valid_i         (cut_valid_i),
      .cut_block_i         (cut_block_i),
      .cut_exponent_i      (cut_exponent_i),
      .cut_word_i          (cut_word_i),
      .cut_reference_i     (cut_reference_i),
      .touched_o           (touched),
      .vector_read_i       (vector_read),
      .vector_addr_i       (vector_addr),
      .vector_word_o       (vector_word),
      .header_read_i       (header_read),
      .header_addr_i       (header_addr),
      .header_exponent_o   (header_exponent),
      .sample_wen_i        (sample_wen),
      .sample_addr_i       (sample_addr),
      .sample_word_i       (sample_word),
      .exponent_wen_i      (exponent_wen),
      .exponent_addr_i     (exponent_addr),
      .exponent_i          (exponent)
  );

  generate
    if (FRAME != 0) begin : g_frame
      // A vector of one block has an index of one bit, which is 0.
      wire [BLOCK_ADDR_WIDTH+BLOCK_WIDTH-VALUE_WIDTH-1:0] address;
      wire [BLOCK_ADDR_WIDTH+BLOCK_WIDTH-VALUE_WIDTH-1:0] unused_address = address;
      assign vector_addr = address[VECTOR_ADDR_WIDTH-1:0];
      wire unused_walk = &schedule_word_i[WALK_WIDTH-1:0];

      sdq_frame_unit #(
          .LANES                (LANES),
          .LANE_WIDTH           (LANE_WIDTH),
          .VALUES               (VALUES),
          .VALUE_WIDTH          (VALUE_WIDTH),
          .SAMPLES              (SAMPLES),
          .GRANULE              (GRANULE),
          .BLOCK_WIDTH          (BLOCK_WIDTH),
          .SEGMENT_WIDTH        (SEGMENT_WIDTH),
          .WORK_WIDTH           (WORK_WIDTH),
          .ROUND_WIDTH          (ROUND_WIDTH),
          .SHAPE_WIDTH          (SHAPE_WIDTH),
          .SLOT_WORDS           (SLOT_WORDS),
          .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
          .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
          .FRAME_WIDTH          (SCHEDULE_WIDTH - WALK_WIDTH)
      ) u_frame (
          .clk_i            (clk_i),
          .rst_ni           (rst_ni),
          .start_i          (start_i),
          .last_block_i     (last_block_i),
          .has_tail_i       (has_tail_i),
          .word_i           (schedule_word_i[SCHEDULE_WIDTH-1:WALK_WIDTH]),
          .touched_i        (touched),
          .beat_addr_i      (activation_addr_i),
          .framed_o         (samples_ready_o),
          .busy_o           (framing),
          .vector_read_o    (vector_read),
          .vector_addr_o    (address),
          .vector_word_i    (vector_word),
          .signs_index_o    (signs_index_o),
          .signs_word_i     (signs_word_i),
          .header_read_o    (header_read),
          .header_addr_o    (header_addr),
          .header_exponent_i(header_exponent),
          .sample_wen_o     (sample_wen),
          .sample_addr_o    (sample_addr),
          .sample_word_o    (sample_word),
          .exponent_wen_o   (exponent_wen),
          .exponent_addr_o  (exponent_addr),
          .exponent_o       (exponent)
      );
    end else begin : g_host_frames
      wire unused_frame = &{touched, vector_word, header_exponent, schedule_word_i, last_block_i, has_tail_i, signs_word_i};
      assign samples_ready_o = 1'b1;
      assign framing         = 1'b0;
      assign vector_read     = 1'b0;
      assign vector_addr     = {VECTOR_ADDR_WIDTH{1'b0}};
      assign signs_index_o   = {SEGMENT_WIDTH + BLOCK_WIDTH - VALUE_WIDTH{1'b0}};
      assign header_read     = 1'b0;
      assign header_addr     = {BLOCK_ADDR_WIDTH{1'b0}};
      assign sample_wen      = {LANES{1'b0}};
      assign sample_addr     = {ACTIVATION_ADDR_WIDTH{1'b0}};
      assign sample_word     = {8 * LANES{1'b0}};
      assign exponent_wen    = 1'b0;
      assign exponent_addr   = {BLOCK_ADDR_WIDTH{1'b0}};
      assign exponent        = 8'd0;
    end
  endgenerate

endmodule
`default_nettype wire
