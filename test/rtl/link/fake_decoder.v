`default_nettype none
// Stands in for a decoder in tests of the host link.
//
//   h[p]      = 5 * h[p - 1] + 3 * token + salt(p) + 1, modulo 2^16; h[-1] = 0; salt(p) is memory byte 64 * p
//   best      = h[p] mod VOCAB
//   logits    1000 for best, else -1 - ((h[p] ^ i) mod 1024)
//   cycles    50 + p
//
// CONTEXT is at most 64. A step takes a few cycles. With random_i changing, ready and valid are held back at random. A request that changes while it
// is executed, or leaves the vocabulary or the context, ends the simulation.
module fake_decoder #(
    parameter VOCAB = 150,
    parameter CONTEXT = 40
) (
    input wire clk_i,
    input wire rst_ni,
    input wire [31:0] random_i,

    output wire [11:0] salt_addr_o,
    input  wire [ 7:0] salt_i,

    input  wire        step_valid_i,
    output wire        step_ready_o,
    input  wire [15:0] step_position_i,
    input  wire [15:0] step_count_i,
    input  wire        step_logits_i,
    input  wire        step_stops_i,
    input  wire [31:0] step_stop_i,

    input  wire        token_valid_i,
    output wire        token_ready_o,
    input  wire [31:0] token_i,
    input  wire        token_last_i,

    output wire        answer_valid_o,
    input  wire        answer_ready_i,
    output wire [15:0] answer_position_o,
    output wire [31:0] answer_token_o,
    output wire [31:0] answer_cycles_o,
    output wire        answer_last_o,

    output wire        logit_valid_o,
    input  wire        logit_ready_i,
    output wire [31:0] logit_o,

    output wire busy_o
);

  localparam [2:0] S_IDLE = 3'd0;
  localparam [2:0] S_TOKEN = 3'd1;
  localparam [2:0] S_STEP = 3'd2;
  localparam [2:0] S_LOGITS = 3'd3;
  localparam [2:0] S_ANSWER = 3'd4;

  reg [2:0] state_q;
  reg [2:0] wait_q;
  reg [15:0] position_q;
  reg [15:0] left_q;
  reg [31:0] token_q;
  reg answers_q;
  reg [31:0] logit_q;
  reg shown_q;  // what has been shown stays until it is taken
  reg [65:0] request_q;
  reg [15:0] history[0:63];
  integer i;
  initial for (i = 0; i < 64; i = i + 1) history[i] = 16'd0;

  wire [65:0] request = {step_position_i, step_count_i, step_logits_i, step_stops_i, step_stop_i};
  wire [15:0] h = history[position_q[5:0]];
  wire [31:0] best = {16'd0, h} % VOCAB;
  wire [15:0] previous = position_q == 16'd0 ? 16'd0 : history[position_q[5:0]-6'd1];
  wire stall = random_i[3] || random_i[9];
  wire shows = shown_q || !random_i[5];

  assign salt_addr_o = {position_q[5:0], 6'd0};
  assign step_ready_o = state_q == S_IDLE && !stall;
  assign token_ready_o = state_q == S_TOKEN && !stall;
  assign logit_valid_o = state_q == S_LOGITS && shows;
  assign logit_o = logit_q == best ? 32'd1000 : -32'd1 - {22'd0, h[9:0] ^ logit_q[9:0]};
  assign answer_valid_o = state_q == S_ANSWER && shows;
  assign answer_position_o = position_q;
  assign answer_token_o = best;
  assign answer_cycles_o = 32'd50 + {16'd0, position_q};
  assign answer_last_o = left_q == 16'd1 || (step_stops_i && step_stop_i == best);
  assign busy_o = state_q != S_IDLE;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_IDLE;
      shown_q <= 1'b0;
    end else begin
      case (state_q)
        S_IDLE:
        if (step_valid_i && step_ready_o) begin
          state_q <= S_TOKEN;
          request_q <= request;
          position_q <= step_position_i;
          left_q <= step_count_i;
        end
        S_TOKEN:
        if (token_valid_i && token_ready_o) begin
          state_q <= S_STEP;
          wait_q <= 3'd7;
          token_q <= token_i;
          answers_q <= token_last_i;
        end
        S_STEP: begin
          wait_q <= wait_q - 3'd1;
          if (wait_q == 3'd1) history[position_q[5:0]] <= 16'd5 * previous + 16'd3 * token_q[15:0] + {8'd0, salt_i} + 16'd1;
          if (wait_q == 3'd0) begin
            logit_q <= 32'd0;
            if (!answers_q) position_q <= position_q + 16'd1;
            if (!answers_q) state_q <= S_TOKEN;
            else state_q <= step_logits_i ? S_LOGITS : S_ANSWER;
          end
        end
        S_LOGITS: begin
          shown_q <= logit_valid_o && !logit_ready_i;
          if (logit_valid_o && logit_ready_i) begin
            logit_q <= logit_q + 32'd1;
            if (logit_q == VOCAB - 1) state_q <= S_ANSWER;
          end
        end
        default: begin
          shown_q <= answer_valid_o && !answer_ready_i;
          if (answer_valid_o && answer_ready_i) begin
            state_q <= answer_last_o ? S_IDLE : S_STEP;
            wait_q <= 3'd7;
            token_q <= best;
            position_q <= position_q + 16'd1;
            left_q <= left_q - 16'd1;
          end
        end
      endcase
      if (busy_o && request != request_q) begin
        $display("fake_decoder: the request changes");
        $finish;
      end
      if (state_q == S_STEP && (position_q >= CONTEXT || token_q >= VOCAB)) begin
        $display("fake_decoder: token %0d at position %0d", token_q, position_q);
        $finish;
      end
    end
  end

endmodule
`default_nettype wire
