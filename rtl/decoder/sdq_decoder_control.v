`default_nettype none
// Steps for a request of the host: the tokens of a prompt, then as many tokens as are to be generated.
//
//   request    position p of the first token, count n of tokens to generate (1 or more), m tokens t[0] … t[m − 1]
//   steps      t[j] at p + j for j < m, then the best token of the step before; m + n − 1 in all, or fewer: stop_i with
//              stops_i ends the request where it is the best token
//   answers    for each step from t[m − 1] on its position, best token, cycles; the last one marked. Cycles are those from
//              start_o to the earliest start of a next step
//   logits     with logits_i those of the steps that are answered, in front of their answer
//
// The request is stable from its transfer on until the last answer is taken. Tokens are below the vocabulary, and
// p + m + n − 1 is at most the context: the parent checks that. A step begins while the answer of the one before waits; it
// ends its request only when that is taken.
//
// start_o: three cycles after the transfer of a token at the earliest, two after done_i where a token is generated. best_i
// is looked at when settled_i is set after done_i.
module sdq_decoder_control #(
    parameter TOKEN_WIDTH = 9,
    parameter POSITION_WIDTH = 8
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                      request_valid_i,
    output wire                      request_ready_o,
    input  wire [POSITION_WIDTH-1:0] position_i,
    input  wire [              15:0] count_i,
    input  wire                      logits_i,
    input  wire                      stops_i,
    input  wire [   TOKEN_WIDTH-1:0] stop_i,

    input  wire                   token_valid_i,
    output wire                   token_ready_o,
    input  wire [TOKEN_WIDTH-1:0] token_i,
    input  wire                   token_last_i,

    output wire                      start_o,
    input  wire                      done_i,
    output reg  [   TOKEN_WIDTH-1:0] token_o,
    output reg  [POSITION_WIDTH-1:0] position_o,
    output wire                      logits_wanted_o,
    input  wire [   TOKEN_WIDTH-1:0] best_i,
    input  wire                      settled_i,

    output reg                       answer_valid_o,
    input  wire                      answer_ready_i,
    output reg  [POSITION_WIDTH-1:0] answer_position_o,
    output reg  [   TOKEN_WIDTH-1:0] answer_token_o,
    output reg  [              31:0] answer_cycles_o,
    output reg                       answer_last_o,

    output wire busy_o
);

  generate
    if (TOKEN_WIDTH < 1 || TOKEN_WIDTH > 32 || POSITION_WIDTH < 1 || POSITION_WIDTH > 32) begin : g_illegal
      initial begin
        $display("%m: TOKEN_WIDTH=%0d POSITION_WIDTH=%0d", TOKEN_WIDTH, POSITION_WIDTH);
        $finish;
      end
    end
  endgenerate

  localparam [2:0] S_IDLE = 3'd0;
  localparam [2:0] S_TOKEN = 3'd1;
  localparam [2:0] S_START = 3'd2;
  localparam [2:0] S_STEP = 3'd3;
  localparam [2:0] S_DONE = 3'd4;

  reg [2:0] state_q;
  reg answers_q;  // this step's best token is answered: its token is the prompt's last, or was generated
  reg [15:0] left_q;  // tokens to generate, this step's included
  reg [31:0] cycles_q;

  wire is_last = left_q == 16'd1 || (stops_i && best_i == stop_i);
  wire can_answer = !answer_valid_o || answer_ready_i;
  wire finishes = state_q == S_DONE && settled_i && (can_answer || !answers_q);
  wire answers = finishes && answers_q;

  assign request_ready_o = state_q == S_IDLE && !answer_valid_o;
  assign token_ready_o   = state_q == S_TOKEN;
  assign start_o         = state_q == S_START;
  assign logits_wanted_o = logits_i && answers_q;
  assign busy_o          = state_q != S_IDLE || answer_valid_o;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_IDLE;
    end else begin
      case (state_q)
        S_IDLE: if (request_valid_i && request_ready_o) state_q <= S_TOKEN;
        S_TOKEN: if (token_valid_i) state_q <= S_START;
        S_START: state_q <= S_STEP;
        S_STEP: if (done_i) state_q <= S_DONE;
        default:
        if (finishes) begin
          if (!answers_q) state_q <= S_TOKEN;
          else state_q <= is_last ? S_IDLE : S_START;
        end
      endcase
    end
  end

  always @(posedge clk_i) begin
    if (!rst_ni) answer_valid_o <= 1'b0;
    else if (answers) answer_valid_o <= 1'b1;
    else if (answer_ready_i) answer_valid_o <= 1'b0;
  end

  always @(posedge clk_i) begin
    if (state_q == S_IDLE) begin
      position_o <= position_i;
      left_q     <= count_i;
    end else if (finishes) begin
      position_o <= position_o + 1'b1;
      if (answers_q) left_q <= left_q - 16'd1;
    end

    if (state_q == S_TOKEN) begin
      token_o   <= token_i;
      answers_q <= token_last_i;
    end else if (answers) begin
      token_o <= best_i;
    end

    if (state_q == S_START) cycles_q <= 32'd3;
    else if (state_q == S_STEP && !done_i) cycles_q <= cycles_q + 32'd1;

    if (answers) begin
      answer_position_o <= position_o;
      answer_token_o    <= best_i;
      answer_cycles_o   <= cycles_q;
      answer_last_o     <= is_last;
    end
  end

endmodule
`default_nettype wire
