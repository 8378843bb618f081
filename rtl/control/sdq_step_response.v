`default_nettype none
// Sends the answers to a STEP request, byte by byte: for each token a TOKEN frame, and before it, if logits are wanted, all of
// them in LOGITS frames. docs/protocol.md defines the bodies.
//
//   active_i     the decoder has the request; what is reported holds still until done_o
//   position_i   of the first token that is answered
//   answer_*     the decoder's answers, in order, the request's last one marked
//   logit_*      VOCAB logits before each answer, if logits_i
//   tx_*         to sdq_frame_tx: type, seq, body, the last byte of a frame marked
//   done_o       the last byte of the last frame is being taken
//
// Each byte takes a cycle; a logit and an answer are taken with their last bytes.
module sdq_step_response #(
    parameter VOCAB = 1
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire        active_i,
    input  wire [ 7:0] seq_i,
    input  wire        logits_i,
    input  wire [15:0] position_i,
    output wire        done_o,

    input  wire        answer_valid_i,
    output wire        answer_ready_o,
    input  wire [15:0] answer_position_i,
    input  wire [31:0] answer_token_i,
    input  wire [31:0] answer_cycles_i,
    input  wire        answer_last_i,

    input  wire        logit_valid_i,
    output wire        logit_ready_o,
    input  wire [31:0] logit_i,

    output wire       tx_valid_o,
    input  wire       tx_ready_i,
    output reg  [7:0] tx_data_o,
    output wire       tx_last_o
);

  generate
    if (VOCAB < 1 || VOCAB > 16777216) begin : g_illegal
      initial begin
        $display("%m: VOCAB=%0d", VOCAB);
        $finish;
      end
    end
  endgenerate

  localparam [7:0] TYPE_TOKEN = 8'h85;
  localparam [7:0] TYPE_LOGITS = 8'h86;
  localparam [5:0] VALUES_PER_FRAME = 6'd60;
  localparam [31:0] LAST_LOGIT = VOCAB - 1;

  localparam [1:0] S_TYPE = 2'd0;
  localparam [1:0] S_SEQ = 2'd1;
  localparam [1:0] S_BODY = 2'd2;

  // Bytes of the bodies: of LOGITS up to its first value's last one, after which the next value follows.
  localparam [3:0] TOKEN_LAST = 4'd10;
  localparam [3:0] VALUE_FIRST = 4'd6;
  localparam [3:0] VALUE_LAST = 4'd9;

  reg [1:0] state_q;
  reg turn_q;  // logits are due, not the answer
  reg [3:0] byte_q;
  reg [15:0] position_q;  // of the logits
  reg [24:0] logit_q;  // the next one
  reg [5:0] values_q;  // that still fit in this frame, minus one

  wire [87:0] body = turn_q
      ? {8'd0, logit_i, 7'd0, logit_q, position_q}
      : {answer_cycles_i, answer_token_i, answer_position_i, 7'd0, answer_last_i};

  wire sends = tx_valid_o && tx_ready_i;
  wire is_last_logit = {7'd0, logit_q} == LAST_LOGIT;
  wire ends_value = state_q == S_BODY && turn_q && byte_q == VALUE_LAST;
  wire ends_token = state_q == S_BODY && !turn_q && byte_q == TOKEN_LAST;

  always @* begin
    case (state_q)
      S_TYPE: tx_data_o = turn_q ? TYPE_LOGITS : TYPE_TOKEN;
      S_SEQ: tx_data_o = seq_i;
      default: tx_data_o = body[8*byte_q+:8];
    endcase
  end

  assign tx_valid_o = active_i && (turn_q ? logit_valid_i : answer_valid_i);
  assign tx_last_o = ends_token || (ends_value && (is_last_logit || values_q == 6'd0));
  assign logit_ready_o = active_i && ends_value && tx_ready_i;
  assign answer_ready_o = active_i && ends_token && tx_ready_i;
  assign done_o = sends && ends_token && answer_last_i;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_TYPE;
    end else if (sends) begin
      case (state_q)
        S_TYPE: state_q <= S_SEQ;
        S_SEQ: state_q <= S_BODY;
        default: if (tx_last_o) state_q <= S_TYPE;
      endcase
    end
  end

  always @(posedge clk_i) begin
    if (!active_i) begin
      turn_q <= logits_i;
      position_q <= position_i;
      logit_q <= 25'd0;
    end else if (sends && ends_token) begin
      turn_q <= logits_i;
      position_q <= position_q + 16'd1;
    end else if (sends && ends_value) begin
      turn_q  <= !is_last_logit;
      logit_q <= is_last_logit ? 25'd0 : logit_q + 25'd1;
    end

    if (state_q == S_SEQ) begin
      byte_q   <= 4'd0;
      values_q <= VALUES_PER_FRAME - 6'd1;
    end else if (state_q == S_BODY && sends) begin
      byte_q <= ends_value ? VALUE_FIRST : byte_q + 4'd1;
      if (ends_value) values_q <= values_q - 6'd1;
    end
  end

`ifdef FORMAL
  `include "sdq_step_response_properties.vh"
`endif

endmodule
`default_nettype wire
