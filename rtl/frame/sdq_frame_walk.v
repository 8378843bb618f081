`default_nettype none
// Control of sdq_frame_unit: which words a block's transforms and its rounding read, in which cycle.
//
// For each block: passes_last + 1 passes over all its segments, each a level of their transforms; then the rounding, which
// reads the result in the order of samples. A segment has 2 · pairs words; a pass reads word m and word m + pairs of a
// segment in turn, for m = 0 … pairs − 1. Where `idle` says so a pass waits until what it reads has been written. The
// rounding begins 5 cycles after the last pass's last read.
//
// What is read in pass p lies in half (p − 1) mod 2 of the work memory, and what comes of it is written to half p mod 2;
// the first pass reads mantissas instead. All outputs belong to the read of the same cycle.
//
// word_i, stable from start_i on, is laid out as `frameFields` in generator/sizing/framing.ts says: for full blocks,
// then for the tail
//   passes_last, pairs, segments_last, idle    as above
//   valid_last                                 last entry of the last segment that is a sample
//   chunks_last, rounds_last                   chunks of samples in a segment, and in the block, less 1
//   step                                       samples of a chunk
module sdq_frame_walk #(
    parameter PARTS = 1,  // chunks per word, 1 or 2
    parameter VALUE_WIDTH = 1,  // index width of the values of a word
    parameter BLOCK_WIDTH = 5,  // index width of a block's columns
    parameter SEGMENT_WIDTH = 1,
    parameter WORK_WIDTH = 5,  // index width of the words of one half of the work memory
    parameter ROUND_WIDTH = 5,  // index width of a block's chunks
    parameter LANE_WIDTH = 3,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter KIND_WIDTH = 30  // of the fields of one kind of block
) (
    input wire clk_i,
    input wire rst_ni,

    input wire                        start_i,
    input wire [      BLOCK_ADDR_WIDTH-1:0] last_block_i,
    input wire                        has_tail_i,
    input wire [    2*KIND_WIDTH-1:0] word_i,

    output wire                                              read_o,        // of the work memory, or of mantissas
    output wire                                              load_o,        // of mantissas
    output wire [                              WORK_WIDTH:0] work_addr_o,   // the half is the highest bit
    output wire [BLOCK_ADDR_WIDTH+BLOCK_WIDTH-VALUE_WIDTH-1:0] vector_addr_o,
    output wire [   SEGMENT_WIDTH+BLOCK_WIDTH-VALUE_WIDTH-1:0] signs_index_o,

    output wire                   pass_o,         // a pass reads
    output wire                   pass_second_o,
    output wire                   pass_end_o,
    output wire                   pass_half_o,    // half to which its result is written
    output wire                   pass_final_o,   // the block's last pass
    output wire                   pass_full_o,    // the word that is written in turn has samples only
    output wire                   pass_partial_o, // or up to its value valid_lane_o
    output wire [VALUE_WIDTH-1:0] valid_lane_o,
    output wire                   round_o,        // the rounding reads
    output wire                   round_part_o,
    output wire                   round_end_o,
    output wire                   round_final_o,  // and the vector's last block
    output wire [   LANE_WIDTH:0] step_o
);

  localparam WORD_WIDTH = BLOCK_WIDTH - VALUE_WIDTH;  // index width of a block's words
  localparam PASS_WIDTH = 4;
  localparam [1:0] SETTLE_CYCLES = 2'd3;  // less 1: from the last pass to the rounding

  localparam [1:0] S_IDLE = 2'd0;
  localparam [1:0] S_PASS = 2'd1;
  localparam [1:0] S_WAIT = 2'd2;
  localparam [1:0] S_ROUND = 2'd3;

  generate
    if (WORD_WIDTH < 1 || WORK_WIDTH <= WORD_WIDTH || ROUND_WIDTH < WORD_WIDTH || (PARTS != 1 && PARTS != 2) ||
        KIND_WIDTH != PASS_WIDTH + WORD_WIDTH + SEGMENT_WIDTH + 2 + BLOCK_WIDTH + 2 * ROUND_WIDTH + LANE_WIDTH + 1
    ) begin : g_illegal
      initial begin
        $display("%m: PARTS=%0d BLOCK_WIDTH=%0d VALUE_WIDTH=%0d SEGMENT_WIDTH=%0d WORK_WIDTH=%0d ROUND_WIDTH=%0d KIND_WIDTH=%0d",
                 PARTS, BLOCK_WIDTH, VALUE_WIDTH, SEGMENT_WIDTH, WORK_WIDTH, ROUND_WIDTH, KIND_WIDTH);
        $finish;
      end
    end
  endgenerate

  reg [1:0] state_q;
  reg tail_q;
  reg [BLOCK_ADDR_WIDTH-1:0] block_q;
  reg [PASS_WIDTH-1:0] pass_q;
  reg [SEGMENT_WIDTH-1:0] segment_q;
  reg [WORK_WIDTH-1:0] base_q;  // first word of the segment
  reg [WORD_WIDTH-1:0] pair_q;
  reg second_q;
  reg [1:0] wait_q;
  reg [ROUND_WIDTH-1:0] chunk_q;
  reg [ROUND_WIDTH-1:0] round_q;

  wire [PASS_WIDTH-1:0] passes_last;
  wire [WORD_WIDTH-1:0] pairs;
  wire [SEGMENT_WIDTH-1:0] segments_last;
  wire [1:0] idle;
  wire [BLOCK_WIDTH-1:0] valid_last;
  wire [ROUND_WIDTH-1:0] chunks_last;
  wire [ROUND_WIDTH-1:0] rounds_last;

  assign {step_o, rounds_last, chunks_last, valid_last, idle, segments_last, pairs, passes_last} =
      tail_q ? word_i[KIND_WIDTH+:KIND_WIDTH] : word_i[0+:KIND_WIDTH];

  wire passes = state_q == S_PASS;
  wire rounds = state_q == S_ROUND;
  wire [WORD_WIDTH-1:0] next_pair = pair_q + 1'b1;
  wire segment_end = second_q && next_pair == pairs;
  wire last_segment = segment_q == segments_last;
  wire pass_end = segment_end && last_segment;
  wire final_pass = pass_q == passes_last;
  wire chunk_end = chunk_q == chunks_last;
  wire round_end = round_q == rounds_last;
  wire last_block = block_q == last_block_i;
  wire next_block = rounds && round_end;
  wire [BLOCK_ADDR_WIDTH-1:0] block = start_i ? {BLOCK_ADDR_WIDTH{1'b0}} : block_q + 1'b1;  // the next one
  wire [WORK_WIDTH:0] next_base = {1'b0, base_q} + {{WORK_WIDTH - WORD_WIDTH{1'b0}}, pairs, 1'b0};
  wire unused_base = next_base[WORK_WIDTH];

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_IDLE;
    end else if (start_i) begin
      state_q <= S_PASS;
    end else begin
      case (state_q)
        S_PASS: if (pass_end && (final_pass || idle != 2'd0)) state_q <= S_WAIT;
        S_WAIT: if (wait_q == 2'd0) state_q <= final_pass ? S_ROUND : S_PASS;
        S_ROUND: if (round_end) state_q <= last_block ? S_IDLE : S_PASS;
        default: ;
      endcase
    end
  end

  // A pass is over with its last wait cycle.
  wire next_pass = !final_pass && (passes ? pass_end && idle == 2'd0 : state_q == S_WAIT && wait_q == 2'd0);

  always @(posedge clk_i) begin
    if (start_i || next_block) begin
      block_q <= block;
      tail_q  <= has_tail_i && block == last_block_i;
      pass_q  <= {PASS_WIDTH{1'b0}};
    end else if (next_pass) begin
      pass_q <= pass_q + 1'b1;
    end

    wait_q <= passes ? (final_pass ? SETTLE_CYCLES : idle - 2'd1) : wait_q - 2'd1;

    if (start_i || next_block || passes && pass_end) begin
      segment_q <= {SEGMENT_WIDTH{1'b0}};
      base_q    <= {WORK_WIDTH{1'b0}};
      pair_q    <= {WORD_WIDTH{1'b0}};
      second_q  <= 1'b0;
      chunk_q   <= {ROUND_WIDTH{1'b0}};
      round_q   <= {ROUND_WIDTH{1'b0}};
    end else if (passes) begin
      second_q <= !second_q;
      if (second_q) pair_q <= segment_end ? {WORD_WIDTH{1'b0}} : next_pair;
      if (segment_end) begin
        segment_q <= segment_q + 1'b1;
        base_q    <= next_base[WORK_WIDTH-1:0];
      end
    end else if (rounds) begin
      round_q <= round_q + 1'b1;
      chunk_q <= chunk_end ? {ROUND_WIDTH{1'b0}} : chunk_q + 1'b1;
      if (chunk_end) base_q <= next_base[WORK_WIDTH-1:0];
    end
  end

  // Bases are multiples of the power of two that words offset a segment stay below.
  wire [WORD_WIDTH-1:0] word = pair_q | (pairs & {WORD_WIDTH{second_q}});
  wire [ROUND_WIDTH-1:0] chunk_word = PARTS == 1 ? chunk_q : chunk_q >> 1;
  wire [ROUND_WIDTH-1:0] unused_chunk = chunk_word;
  wire [WORK_WIDTH-1:0] offset = rounds ? {{WORK_WIDTH - WORD_WIDTH{1'b0}}, chunk_word[WORD_WIDTH-1:0]} :
      {{WORK_WIDTH - WORD_WIDTH{1'b0}}, word};
  wire read_half = rounds ? pass_q[0] : !pass_q[0];

  // Words are written in the order of their index, while those of a pair are read.
  wire [WORD_WIDTH:0] written = {pair_q, second_q};
  wire [WORD_WIDTH-1:0] valid_word = valid_last[BLOCK_WIDTH-1:VALUE_WIDTH];

  assign read_o         = passes || rounds;
  assign load_o         = passes && pass_q == {PASS_WIDTH{1'b0}};
  assign work_addr_o    = {read_half, base_q | offset};
  assign vector_addr_o  = {block_q, word};
  assign signs_index_o  = {segment_q, word};
  assign pass_o         = passes;
  assign pass_second_o  = second_q;
  assign pass_end_o     = passes && pass_end;
  assign pass_half_o    = pass_q[0];
  assign pass_final_o   = final_pass;
  assign pass_full_o    = passes && final_pass && (!last_segment || written < {1'b0, valid_word});
  assign pass_partial_o = passes && final_pass && last_segment && written == {1'b0, valid_word};
  assign valid_lane_o   = valid_last[VALUE_WIDTH-1:0];
  assign round_o        = rounds;
  assign round_part_o   = PARTS == 2 && chunk_q[0];
  assign round_end_o    = next_block;
  assign round_final_o  = next_block && last_block;

endmodule
`default_nettype wire
