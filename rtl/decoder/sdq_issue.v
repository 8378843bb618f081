`default_nettype none
// Fetches the decoder's program, waits for the units that an instruction names, and issues it. Source: docs/decoder.md.
//
//   issue(n) = max(issue(n − 1) + 2, first cycle in which its unit is free and all units it waits for are idle)
//   after LOOP: + 4 in place of + 2
//
// Units, a bit each in wait, free_i, idle_i and start_o: vector 0, array 1, dot 2, mix 3. Free: a start is taken in this
// cycle. Idle: all that the unit was to write is written. A start in cycle t shows in both from t + 1 on: a unit that is
// not done at once has neither bit set then. The issue of an instruction is the cycle of its start_o bit; its operands are
// stable in that cycle and the next one. An operand that its opcode does not have is any number; flags are 0 then.
//
//   step       start_i, at least two cycles after reset and after done_o; the first issue is two cycles later. done_o is
//              the issue of END. layer_o is the layer of the instruction that is issued, 0 in front of the layers
//   program    a word a cycle after program_addr_o. Word, low end first: opcode, wait, operands at the places *_AT
//   constants  a byte a cycle after constant_read_o, until the next one, for each instruction: the final shift of a RUN without
//              its reference, shift of ROW and MATRIX. linear_o is its place, which for a RUN is the linear
//   layered    adds layer · LAYER_WORDS to parameters, layer · LAYER_LINEARS to the constant's place
//
// Opcodes are numbered in the order of generator/schedule/instructions.ts, where all widths and places are computed.
module sdq_issue #(
    parameter WORD_WIDTH = 80,
    parameter ENTRY_WIDTH = 6,  // index width of the program's words
    parameter VECTOR_ADDR_WIDTH = 6,
    parameter LENGTH_WIDTH = 8,
    parameter ROWS_WIDTH = 8,
    parameter PARAMETER_ADDR_WIDTH = 10,
    parameter CONSTANT_ADDR_WIDTH = 5,
    parameter HEAD_WIDTH = 2,
    parameter LAYERS = 2,
    parameter LAYER_WIDTH = 1,  // index width of LAYERS
    parameter LAYER_LINEARS = 7,
    parameter LAYER_WORDS = 1,
    parameter SOURCE_AT = 9,
    parameter TARGET_AT = 9,
    parameter LENGTH_AT = 9,
    parameter SEGMENT_AT = 9,
    parameter RESULTS_AT = 9,
    parameter ADD_AT = 9,
    parameter BIASED_AT = 9,
    parameter RECTIFY_AT = 9,
    parameter LAYERED_AT = 9,
    parameter PARAMETERS_AT = 9,
    parameter SCALES_AT = 9,
    parameter POSITION_AT = 9,
    parameter CONSTANT_AT = 9,
    parameter SPACE_AT = 9,
    parameter ROWS_AT = 9,
    parameter COLS_AT = 9,
    parameter OUT_AT = 9,
    parameter HEAD_AT = 9,
    parameter ENTRY_AT = 9
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                   start_i,
    output wire                   done_o,
    output wire                   busy_o,
    output reg  [LAYER_WIDTH-1:0] layer_o,

    output reg  [ENTRY_WIDTH-1:0] program_addr_o,
    input  wire [ WORD_WIDTH-1:0] program_word_i,

    output wire                           constant_read_o,
    output wire [CONSTANT_ADDR_WIDTH-1:0] constant_addr_o,
    input  wire [                    7:0] constant_i,

    input  wire [3:0] free_i,
    input  wire [3:0] idle_i,
    output wire [3:0] start_o,
    output wire       issue_o,  // an instruction is issued: the one before program_addr_o

    output reg  [                     4:0] opcode_o,
    output reg  [   VECTOR_ADDR_WIDTH-1:0] source_o,
    output reg  [   VECTOR_ADDR_WIDTH-1:0] target_o,
    output reg  [        LENGTH_WIDTH-1:0] length_o,
    output reg  [        LENGTH_WIDTH-1:0] segment_o,
    output reg                             results_o,
    output reg                             add_o,
    output reg                             biased_o,
    output reg                             rectify_o,
    output reg  [PARAMETER_ADDR_WIDTH-1:0] parameters_o,
    output reg  [PARAMETER_ADDR_WIDTH-1:0] scales_o,
    output reg                             by_position_o,
    output wire [                     7:0] shift_o,
    output reg  [                     1:0] space_o,
    output reg  [          ROWS_WIDTH-1:0] rows_o,
    output reg  [        LENGTH_WIDTH-1:0] cols_o,
    output reg                             out_o,
    output reg  [ CONSTANT_ADDR_WIDTH-1:0] linear_o,
    output reg  [          HEAD_WIDTH-1:0] head_o
);

  localparam OPCODE_WIDTH = 5;
  localparam OPERANDS_AT = OPCODE_WIDTH + 4;

  generate
    if (WORD_WIDTH < OPERANDS_AT || SOURCE_AT + VECTOR_ADDR_WIDTH > WORD_WIDTH ||
        TARGET_AT + VECTOR_ADDR_WIDTH > WORD_WIDTH || LENGTH_AT + LENGTH_WIDTH > WORD_WIDTH ||
        SEGMENT_AT + LENGTH_WIDTH > WORD_WIDTH || PARAMETERS_AT + PARAMETER_ADDR_WIDTH > WORD_WIDTH ||
        SCALES_AT + PARAMETER_ADDR_WIDTH > WORD_WIDTH || CONSTANT_AT + CONSTANT_ADDR_WIDTH > WORD_WIDTH ||
        SPACE_AT + 2 > WORD_WIDTH || ROWS_AT + ROWS_WIDTH > WORD_WIDTH || COLS_AT + LENGTH_WIDTH > WORD_WIDTH ||
        HEAD_AT + HEAD_WIDTH > WORD_WIDTH || ENTRY_AT + ENTRY_WIDTH > WORD_WIDTH) begin : g_illegal_place
      initial begin
        $display("%m: WORD_WIDTH=%0d, operands at %0d %0d %0d %0d %0d %0d %0d %0d %0d %0d %0d %0d", WORD_WIDTH,
                 SOURCE_AT, TARGET_AT, LENGTH_AT, SEGMENT_AT, PARAMETERS_AT, SCALES_AT, CONSTANT_AT, SPACE_AT, ROWS_AT,
                 COLS_AT, HEAD_AT, ENTRY_AT);
        $finish;
      end
    end
    if (LAYERS < 1 || LAYERS > (1 << LAYER_WIDTH)) begin : g_illegal_layers
      initial begin
        $display("%m: LAYERS=%0d LAYER_WIDTH=%0d", LAYERS, LAYER_WIDTH);
        $finish;
      end
    end
  endgenerate

  localparam [4:0] END = 5'd0;
  localparam [4:0] LOOP = 5'd1;
  // From 2 on those of the vector unit.
  localparam [4:0] RUN = 5'd15;
  localparam [4:0] MATRIX = 5'd16;
  localparam [4:0] SCORE = 5'd17;
  localparam [4:0] MIX = 5'd18;

  localparam integer LAST_LAYER = LAYERS - 1;

  localparam [1:0] S_IDLE = 2'd0;
  localparam [1:0] S_FETCH = 2'd1;  // two cycles: the word at a new address
  localparam [1:0] S_DECODE = 2'd2;
  localparam [1:0] S_ISSUE = 2'd3;

  reg [1:0] state_q;
  reg fetched_q;
  reg [WORD_WIDTH-1:0] word_q;  // in S_DECODE; the memory has read the next one by the time of its issue
  reg [ENTRY_WIDTH-1:0] entry_q;
  reg [3:0] unit_q;
  reg [3:0] wait_q;
  reg [PARAMETER_ADDR_WIDTH-1:0] layer_words_q;
  reg [CONSTANT_ADDR_WIDTH-1:0] layer_linears_q;

  wire issues = state_q == S_ISSUE && &(free_i | ~unit_q) && &(idle_i | ~wait_q);
  wire ends = issues && opcode_o == END;
  wire loops = issues && opcode_o == LOOP;
  wire jumps = loops && layer_o != LAST_LAYER[LAYER_WIDTH-1:0];
  wire begins = state_q == S_IDLE && start_i;

  assign issue_o = issues;
  assign start_o = unit_q & {4{issues}};
  assign done_o  = ends;
  assign busy_o  = state_q != S_IDLE;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_IDLE;
    end else begin
      case (state_q)
        S_IDLE: if (start_i) state_q <= S_DECODE;
        S_FETCH: if (fetched_q) state_q <= S_DECODE;
        S_DECODE: state_q <= S_ISSUE;
        default: begin
          if (ends) state_q <= S_IDLE;
          else if (loops) state_q <= S_FETCH;
          else if (issues) state_q <= S_DECODE;
        end
      endcase
    end
  end

  // The address is that of the word after the one that is decoded or waits; where a step begins while none is done.
  always @(posedge clk_i) begin
    if (!rst_ni || ends) program_addr_o <= {ENTRY_WIDTH{1'b0}};
    else if (jumps) program_addr_o <= entry_q;
    else if (begins || (issues && !loops) || (state_q == S_FETCH && fetched_q)) program_addr_o <= program_addr_o + 1'b1;
  end

  always @(posedge clk_i) begin
    fetched_q <= state_q == S_FETCH;
    if (state_q != S_DECODE && state_q != S_ISSUE || issues) word_q <= program_word_i;

    if (begins) begin
      layer_o         <= {LAYER_WIDTH{1'b0}};
      layer_words_q   <= {PARAMETER_ADDR_WIDTH{1'b0}};
      layer_linears_q <= {CONSTANT_ADDR_WIDTH{1'b0}};
    end else if (jumps) begin
      layer_o         <= layer_o + 1'b1;
      layer_words_q   <= layer_words_q + LAYER_WORDS[PARAMETER_ADDR_WIDTH-1:0];
      layer_linears_q <= layer_linears_q + LAYER_LINEARS[CONSTANT_ADDR_WIDTH-1:0];
    end
  end

  wire [4:0] opcode = word_q[4:0];
  wire layered = word_q[LAYERED_AT];
  wire is_array = opcode == RUN;
  wire is_dot = opcode == MATRIX || opcode == SCORE;
  wire is_mix = opcode == MIX;

  assign constant_read_o = state_q == S_DECODE;
  assign constant_addr_o = word_q[CONSTANT_AT+:CONSTANT_ADDR_WIDTH] + (layer_linears_q & {CONSTANT_ADDR_WIDTH{layered}});
  assign shift_o         = constant_i;

  always @(posedge clk_i) begin
    if (state_q == S_DECODE) begin
      opcode_o <= opcode;
      wait_q   <= word_q[OPCODE_WIDTH+:4];
      unit_q   <= {is_mix, is_dot, is_array, !is_mix && !is_dot && !is_array && opcode != END && opcode != LOOP};
      entry_q  <= word_q[ENTRY_AT+:ENTRY_WIDTH];

      source_o     <= word_q[SOURCE_AT+:VECTOR_ADDR_WIDTH];
      target_o     <= word_q[TARGET_AT+:VECTOR_ADDR_WIDTH];
      length_o     <= word_q[LENGTH_AT+:LENGTH_WIDTH];
      segment_o    <= word_q[SEGMENT_AT+:LENGTH_WIDTH];
      results_o    <= word_q[RESULTS_AT];
      add_o        <= word_q[ADD_AT];
      biased_o     <= word_q[BIASED_AT];
      rectify_o    <= word_q[RECTIFY_AT];
      parameters_o <= word_q[PARAMETERS_AT+:PARAMETER_ADDR_WIDTH] + (layer_words_q & {PARAMETER_ADDR_WIDTH{layered}});
      scales_o     <= word_q[SCALES_AT+:PARAMETER_ADDR_WIDTH];
      by_position_o <= word_q[POSITION_AT];
      space_o      <= word_q[SPACE_AT+:2];
      rows_o       <= word_q[ROWS_AT+:ROWS_WIDTH];
      cols_o       <= word_q[COLS_AT+:LENGTH_WIDTH];
      out_o        <= word_q[OUT_AT];
      linear_o     <= constant_addr_o;
      head_o       <= word_q[HEAD_AT+:HEAD_WIDTH];
    end
  end

endmodule
`default_nettype wire
