`default_nettype none
// The body of a STEP request: taken byte by byte, checked, and held for the decoder until it is answered.
//
//   begin_i    a request follows; before its first byte
//   take_i     byte data_i of the body: flags u8, position u16, count u16, stop u32, then tokens u32; low bytes first
//   fits_o     two cycles after the last byte on: the step may be executed. It has a token or more, all of them below VOCAB, a
//              count of at least 1, and ends within CONTEXT: position + tokens + count - 1 <= CONTEXT
//   start_i    the decoder takes the request: its tokens follow, in order, the last one marked
//   step_*     stable from fits_o until the next begin_i; a stop that is no token is none
//   answer_o   the position of the first token that is answered
//
// VOCAB: 1 to 2^24. CONTEXT: 1 to 65535. TOKENS: the most tokens of a body, 1 to 16384; a body has no more.
module sdq_step_request #(
    parameter VOCAB = 1,
    parameter CONTEXT = 1,
    parameter TOKENS = 1
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire       begin_i,
    input  wire       take_i,
    input  wire [7:0] data_i,
    output wire       fits_o,

    input  wire        start_i,
    output wire [15:0] step_position_o,
    output wire [15:0] step_count_o,
    output wire        step_logits_o,
    output wire        step_stops_o,
    output wire [31:0] step_stop_o,
    output wire [15:0] answer_o,

    output reg         token_valid_o,
    input  wire        token_ready_i,
    output wire [31:0] token_o,
    output wire        token_last_o
);

  localparam TOKEN_WIDTH = VOCAB > 2 ? $clog2(VOCAB) : 1;
  localparam INDEX_WIDTH = TOKENS > 2 ? $clog2(TOKENS) : 1;
  localparam [31:0] TOKEN_LIMIT = VOCAB;
  localparam [31:0] END_LIMIT = CONTEXT + 1;
  localparam [INDEX_WIDTH:0] ONE = 1;

  generate
    if (VOCAB < 1 || VOCAB > 16777216 || CONTEXT < 1 || CONTEXT > 65535 || TOKENS < 1 || TOKENS > 16384) begin : g_illegal
      initial begin
        $display("%m: VOCAB=%0d CONTEXT=%0d TOKENS=%0d", VOCAB, CONTEXT, TOKENS);
        $finish;
      end
    end
  endgenerate

  // Numbers come low byte first: they are shifted in from the top.
  reg [39:0] head_q;  // flags, position, count
  reg [2:0] missing_q;  // bytes of it that are missing
  reg [31:0] word_q;  // the stop, or a token
  reg [1:0] byte_q;  // its bytes that are there
  reg word_taken_q;  // its last byte has just been taken
  reg stop_taken_q;
  reg [31:0] stop_q;
  reg stops_q;
  reg bad_q;  // a token is outside the vocabulary
  reg [INDEX_WIDTH:0] tokens_q;
  reg [17:0] steps_q;  // position + count

  wire heads = take_i && missing_q != 3'd0;
  wire words = take_i && missing_q == 3'd0;
  wire is_token = word_taken_q && stop_taken_q;
  wire known = word_q < TOKEN_LIMIT;
  wire unused_flags = &head_q[7:2];
  wire [17:0] end_sum = steps_q + {{17 - INDEX_WIDTH{1'b0}}, tokens_q};

  assign step_logits_o = head_q[0];
  assign step_stops_o = stops_q;
  assign step_stop_o = stop_q;
  assign step_position_o = head_q[23:8];
  assign step_count_o = head_q[39:24];
  assign answer_o = step_position_o + {{15 - INDEX_WIDTH{1'b0}}, tokens_q - ONE};
  assign fits_o = !bad_q && tokens_q != {INDEX_WIDTH + 1{1'b0}} && step_count_o != 16'd0 && {14'd0, end_sum} <= END_LIMIT;

  always @(posedge clk_i) begin
    if (begin_i) begin
      missing_q <= 3'd5;
      byte_q <= 2'd0;
      word_taken_q <= 1'b0;
      stop_taken_q <= 1'b0;
      bad_q <= 1'b0;
      tokens_q <= {INDEX_WIDTH + 1{1'b0}};
    end else begin
      if (heads) missing_q <= missing_q - 3'd1;
      if (words) byte_q <= byte_q + 2'd1;
      word_taken_q <= words && byte_q == 2'd3;
      if (word_taken_q) stop_taken_q <= 1'b1;
      if (is_token) tokens_q <= tokens_q + ONE;
      if (is_token && !known) bad_q <= 1'b1;
    end
  end

  always @(posedge clk_i) begin
    if (heads) head_q <= {data_i, head_q[39:8]};
    if (words) word_q <= {data_i, word_q[31:8]};
    if (word_taken_q && !stop_taken_q) begin
      stop_q  <= word_q;
      stops_q <= head_q[1] && known;
    end
    steps_q <= {2'd0, step_position_o} + {2'd0, step_count_o};
  end

  reg [TOKEN_WIDTH-1:0] tokens[0:TOKENS-1];
  reg [INDEX_WIDTH:0] read_q;  // the next token for the decoder
  reg [TOKEN_WIDTH-1:0] token_q;
  reg gives_q;  // the decoder has the request, and not yet all tokens
  wire reads = gives_q && !token_valid_o;

  assign token_o = {{32 - TOKEN_WIDTH{1'b0}}, token_q};
  assign token_last_o = read_q == tokens_q;

  always @(posedge clk_i) begin
    if (is_token) tokens[tokens_q[INDEX_WIDTH-1:0]] <= word_q[TOKEN_WIDTH-1:0];
    if (reads) token_q <= tokens[read_q[INDEX_WIDTH-1:0]];
    if (begin_i) read_q <= {INDEX_WIDTH + 1{1'b0}};
    else if (reads) read_q <= read_q + ONE;
  end

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      gives_q <= 1'b0;
      token_valid_o <= 1'b0;
    end else begin
      if (start_i) gives_q <= 1'b1;
      else if (token_valid_o && token_ready_i && token_last_o) gives_q <= 1'b0;
      token_valid_o <= reads || (token_valid_o && !token_ready_i);
    end
  end

`ifdef FORMAL
  `include "sdq_step_request_properties.vh"
`endif

endmodule
`default_nettype wire
