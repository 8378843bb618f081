`default_nettype none
// Executes the requests of the protocol (docs/protocol.md) in order, one response each. After reset nothing but HELLO is
// executed: a host that does not know of the reset learns of it before it reads or uses memory that may be lost.
//
//   frame_*:  from sdq_frame_rx: length (2 bytes), type, seq, body; or the length FFFF for a damaged frame
//   tx_*:     to sdq_frame_tx: type, seq, body, the last byte marked
//   mem_*:    byte-addressed memory, region = addr[31:28]. A write moves a byte per cycle; reads are answered in
//             order, after any time, and are always taken; at most 31 are unanswered
//   run_*:    starts linear `run_linear_o`, output shift `run_shift_o`
//   res_*:    its results, see sdq_response
//   step_*, token_*, answer_*, logit_*: steps of a decoder, see sdq_step_request and sdq_step_response
//
// STEPS: 0 takes RUN requests, 1 STEP requests in their place; the ports of the other kind are idle.
// A WRITE of n bytes takes n + 12 cycles, which is no more than its n + 12 or more bytes take to arrive: it keeps up
// with a link of one byte per cycle. A CHECK reads a byte per cycle if the memory does.
//
// INFO: the constant bytes of the INFO response, byte 0 lowest. LINEARS: the number of linears, 1 to 65535.
// REGIONn_BYTES: the span of region n, at most 2^28; regions 4 and 5 exist with STEPS only.
// VOCAB, CONTEXT, TOKENS: of STEP, see sdq_step_request.
module sdq_command #(
    parameter INFO_BYTES = 1,
    parameter [8*INFO_BYTES-1:0] INFO = 0,
    parameter LINEARS = 1,
    parameter [31:0] REGION0_BYTES = 0,
    parameter [31:0] REGION1_BYTES = 0,
    parameter [31:0] REGION2_BYTES = 0,
    parameter [31:0] REGION3_BYTES = 0,
    parameter [31:0] REGION4_BYTES = 0,
    parameter [31:0] REGION5_BYTES = 0,
    parameter STEPS = 0,
    parameter VOCAB = 1,
    parameter CONTEXT = 1,
    parameter TOKENS = 1
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire       frame_valid_i,
    output reg        frame_ready_o,
    input  wire [7:0] frame_data_i,

    output wire       tx_valid_o,
    input  wire       tx_ready_i,
    output wire [7:0] tx_data_o,
    output wire       tx_last_o,

    input wire [31:0] nonce_i,

    output wire        mem_wvalid_o,
    input  wire        mem_wready_i,
    output wire        mem_rvalid_o,
    input  wire        mem_rready_i,
    output wire [31:0] mem_addr_o,
    output wire [ 7:0] mem_wdata_o,
    input  wire        mem_rdata_valid_i,
    input  wire [ 7:0] mem_rdata_i,

    output wire        run_valid_o,
    input  wire        run_ready_i,
    output wire [15:0] run_linear_o,
    output wire [ 7:0] run_shift_o,

    input  wire        res_valid_i,
    output wire        res_ready_o,
    input  wire [31:0] res_data_i,
    input  wire        res_last_i,
    input  wire [31:0] res_rows_i,
    input  wire [31:0] res_cycles_i,

    output wire        step_valid_o,
    input  wire        step_ready_i,
    output wire [15:0] step_position_o,
    output wire [15:0] step_count_o,
    output wire        step_logits_o,
    output wire        step_stops_o,
    output wire [31:0] step_stop_o,

    output wire        token_valid_o,
    input  wire        token_ready_i,
    output wire [31:0] token_o,
    output wire        token_last_o,

    input  wire        answer_valid_i,
    output wire        answer_ready_o,
    input  wire [15:0] answer_position_i,
    input  wire [31:0] answer_token_i,
    input  wire [31:0] answer_cycles_i,
    input  wire        answer_last_i,

    input  wire        logit_valid_i,
    output wire        logit_ready_o,
    input  wire [31:0] logit_i,

    output wire busy_o  // a request has begun and its last response byte has not been handed on
);

  localparam [31:0] REGION_LIMIT = 32'h10000000;

  generate
    if (LINEARS < 1 || LINEARS > 65535) begin : g_reject_linears
      sdq_reject_LINEARS_must_be_1_to_65535 reject ();
    end
    if (REGION0_BYTES > REGION_LIMIT || REGION1_BYTES > REGION_LIMIT ||
        REGION2_BYTES > REGION_LIMIT || REGION3_BYTES > REGION_LIMIT ||
        REGION4_BYTES > REGION_LIMIT || REGION5_BYTES > REGION_LIMIT) begin : g_reject_region
      sdq_reject_REGION_BYTES_must_be_at_most_2_to_the_28 reject ();
    end
  endgenerate

  localparam [7:0] VERSION = 8'd2;

  localparam [7:0] TYPE_HELLO = 8'h01;
  localparam [7:0] TYPE_WRITE = 8'h02;
  localparam [7:0] TYPE_CHECK = 8'h03;
  localparam [7:0] TYPE_EXECUTE = STEPS != 0 ? 8'h05 : 8'h04;  // STEP or RUN
  localparam [7:0] TYPE_ERROR = 8'hFF;
  localparam [7:0] ANSWERS = 8'h80;  // response type = request type | 80

  localparam [3:0] ERROR_DAMAGED = 4'd1;
  localparam [3:0] ERROR_TYPE = 4'd2;
  localparam [3:0] ERROR_LENGTH = 4'd3;
  localparam [3:0] ERROR_ADDRESS = 4'd4;
  localparam [3:0] ERROR_EXECUTE = STEPS != 0 ? 4'd8 : 4'd5;  // bad step, or no such linear
  localparam [3:0] ERROR_VERSION = 4'd6;
  localparam [3:0] ERROR_GREETING = 4'd7;

  localparam [3:0] S_LENGTH_LOW = 4'd0;
  localparam [3:0] S_LENGTH_HIGH = 4'd1;
  localparam [3:0] S_TYPE = 4'd2;
  localparam [3:0] S_SEQ = 4'd3;
  localparam [3:0] S_ARGUMENTS = 4'd4;
  localparam [3:0] S_SPAN = 4'd5;  // adds up the end of the span
  localparam [3:0] S_RANGE = 4'd6;  // checks it, or the linear, or the step
  localparam [3:0] S_WRITE = 4'd7;
  localparam [3:0] S_CHECK = 4'd8;
  localparam [3:0] S_EXECUTE = 4'd9;  // hands a linear or a step over
  localparam [3:0] S_REFUSE = 4'd10;  // drops the rest of the request
  localparam [3:0] S_RESPOND = 4'd11;
  localparam [3:0] S_STEP = 4'd12;  // takes the body of a STEP

  reg [3:0] state_q;
  reg [7:0] type_q;  // of the request; then of the response
  reg [7:0] seq_q;
  reg [15:0] length_q;  // bytes of the body not yet taken
  reg [2:0] argument_q;  // index of the argument byte expected next
  reg [31:0] address_q;  // first four argument bytes, last one highest; then the memory address
  reg [31:0] count_q;  // CHECK: the other four, bytes to read
  reg [31:0] end_q;  // WRITE and CHECK: address behind the last byte
  reg [4:0] reading_q;  // CHECK: reads that are not yet answered
  reg [3:0] code_q;  // error code
  reg greeted_q;  // HELLO has been executed since reset

  wire is_hello = type_q == TYPE_HELLO;
  wire is_write = type_q == TYPE_WRITE;
  wire is_check = type_q == TYPE_CHECK;
  wire executes = type_q == TYPE_EXECUTE;
  wire is_run = executes && STEPS == 0;
  wire is_step = executes && STEPS != 0;
  wire is_known = is_hello || is_write || is_check || executes;
  wire is_allowed = is_hello || greeted_q;

  reg fits_length;
  reg [2:0] last_argument;
  always @* begin
    fits_length = length_q == 16'd1;
    last_argument = 3'd0;
    if (is_write) begin
      fits_length = length_q >= 16'd5;
      last_argument = 3'd3;
    end
    if (is_check) begin
      fits_length = length_q == 16'd8;
      last_argument = 3'd7;
    end
    if (is_run) begin
      fits_length = length_q == 16'd3;
      last_argument = 3'd2;
    end
    // Tokens of four bytes behind the first nine.
    if (is_step) fits_length = length_q >= 16'd9 && length_q[1:0] == 2'd1;
  end

  wire accepts = is_known && fits_length && is_allowed;

  // Does [address, address + bytes) lie within its region?
  wire [31:0] span_bytes = is_write ? {16'd0, length_q} : count_q;
  wire [28:0] end_offset = {end_q[28] ^ address_q[28], end_q[27:0]};
  reg [28:0] region_bytes;
  always @* begin
    case ({address_q[30] && STEPS != 0, address_q[29:28]})
      3'd0: region_bytes = REGION0_BYTES[28:0];
      3'd1: region_bytes = REGION1_BYTES[28:0];
      3'd2: region_bytes = REGION2_BYTES[28:0];
      3'd3: region_bytes = REGION3_BYTES[28:0];
      3'd4: region_bytes = REGION4_BYTES[28:0];
      default: region_bytes = REGION5_BYTES[28:0];
    endcase
  end
  wire has_region = address_q[31:30] == 2'd0 || (STEPS != 0 && address_q[31:29] == 3'd2);
  wire fits_region = span_bytes[31:28] == 4'd0 && has_region && end_offset <= region_bytes;

  wire [15:0] linear = address_q[23:8];
  wire fits_linears = linear < LINEARS[15:0];

  wire at_end = address_q == end_q;
  wire takes = frame_valid_i && frame_ready_o;
  wire writes = mem_wvalid_o && mem_wready_i;
  wire asks = mem_rvalid_o && mem_rready_i;
  wire fits_step;
  wire responded;

  always @* begin
    case (state_q)
      S_LENGTH_LOW, S_LENGTH_HIGH, S_TYPE, S_SEQ, S_ARGUMENTS, S_STEP: frame_ready_o = 1'b1;
      S_REFUSE: frame_ready_o = length_q != 16'd0;
      S_WRITE: frame_ready_o = mem_wready_i;
      default: frame_ready_o = 1'b0;
    endcase
  end

  assign mem_wvalid_o = state_q == S_WRITE && frame_valid_i;
  assign mem_wdata_o = frame_data_i;
  assign mem_rvalid_o = state_q == S_CHECK && !at_end && reading_q != 5'd31;
  assign mem_addr_o = address_q;
  assign run_valid_o = state_q == S_EXECUTE && STEPS == 0;
  assign step_valid_o = state_q == S_EXECUTE && STEPS != 0;
  assign run_linear_o = linear;
  assign run_shift_o = address_q[31:24];
  assign busy_o = state_q != S_LENGTH_LOW;

  // Control
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_LENGTH_LOW;
    end else begin
      case (state_q)
        S_LENGTH_LOW: if (takes) state_q <= S_LENGTH_HIGH;
        S_LENGTH_HIGH:
        if (takes) state_q <= frame_data_i == 8'hFF && length_q[15:8] == 8'hFF ? S_RESPOND : S_TYPE;
        S_TYPE: if (takes) state_q <= S_SEQ;
        S_SEQ: if (takes) state_q <= accepts ? (is_step ? S_STEP : S_ARGUMENTS) : S_REFUSE;
        S_STEP: if (takes && length_q == 16'd1) state_q <= S_SPAN;
        S_ARGUMENTS: if (takes && argument_q == last_argument) state_q <= is_hello ? S_RESPOND : S_SPAN;
        S_SPAN: state_q <= S_RANGE;
        S_RANGE: begin
          if (executes) state_q <= (STEPS != 0 ? fits_step : fits_linears) ? S_EXECUTE : S_REFUSE;
          else if (!fits_region) state_q <= S_REFUSE;
          else state_q <= is_write ? S_WRITE : S_CHECK;
        end
        S_WRITE: if (writes && length_q == 16'd1) state_q <= S_RESPOND;
        S_CHECK: if (at_end && reading_q == 5'd0) state_q <= S_RESPOND;
        S_EXECUTE: if (STEPS != 0 ? step_ready_i : run_ready_i) state_q <= S_RESPOND;
        S_REFUSE: if (length_q == 16'd0) state_q <= S_RESPOND;
        default: if (responded) state_q <= S_LENGTH_LOW;
      endcase
    end
  end

  always @(posedge clk_i) begin
    if (!rst_ni) greeted_q <= 1'b0;
    else if (state_q == S_ARGUMENTS && takes && is_hello && frame_data_i == VERSION) greeted_q <= 1'b1;
  end

  // Datapath. Numbers come low byte first: they are shifted in from the top.
  always @(posedge clk_i) begin
    if (state_q == S_LENGTH_LOW || state_q == S_LENGTH_HIGH) begin
      if (takes) length_q <= {frame_data_i, length_q[15:8]};
    end else if (takes && state_q != S_TYPE && state_q != S_SEQ) begin
      length_q <= length_q - 16'd1;
    end

    case (state_q)
      S_LENGTH_HIGH, S_REFUSE: type_q <= TYPE_ERROR;
      S_TYPE: type_q <= frame_data_i;
      S_ARGUMENTS: if (takes && is_hello) type_q <= frame_data_i == VERSION ? TYPE_HELLO | ANSWERS : TYPE_ERROR;
      S_WRITE: if (writes && length_q == 16'd1) type_q <= TYPE_WRITE | ANSWERS;
      S_CHECK: if (at_end) type_q <= TYPE_CHECK | ANSWERS;
      S_EXECUTE: type_q <= TYPE_EXECUTE | ANSWERS;
      default: ;
    endcase

    if (state_q == S_LENGTH_HIGH) seq_q <= 8'd0;
    else if (state_q == S_SEQ) seq_q <= frame_data_i;

    if (state_q == S_SEQ) argument_q <= 3'd0;
    else if (state_q == S_ARGUMENTS && takes) argument_q <= argument_q + 3'd1;

    if (state_q == S_ARGUMENTS && takes && !argument_q[2]) address_q <= {frame_data_i, address_q[31:8]};
    else if (writes || asks) address_q <= address_q + 32'd1;

    if (state_q == S_ARGUMENTS && takes && argument_q[2]) count_q <= {frame_data_i, count_q[31:8]};

    if (state_q == S_SPAN) end_q <= address_q + span_bytes;

    if (state_q != S_CHECK) reading_q <= 5'd0;
    else if (asks != mem_rdata_valid_i) reading_q <= asks ? reading_q + 5'd1 : reading_q - 5'd1;

    case (state_q)
      S_LENGTH_HIGH: code_q <= ERROR_DAMAGED;
      S_SEQ: begin
        code_q <= ERROR_GREETING;
        if (!fits_length) code_q <= ERROR_LENGTH;
        if (!is_known) code_q <= ERROR_TYPE;
      end
      S_ARGUMENTS: code_q <= ERROR_VERSION;
      S_RANGE: code_q <= executes ? ERROR_EXECUTE : ERROR_ADDRESS;
      default: ;
    endcase
  end

  wire [31:0] crc;

  sdq_crc32 u_crc (
      .clk_i  (clk_i),
      .init_i (state_q == S_RANGE),
      .valid_i(mem_rdata_valid_i),
      .data_i (mem_rdata_i),
      .crc_o  (crc)
  );

  wire response_active;
  wire response_done;
  wire response_valid;
  wire [7:0] response_data;
  wire response_last;

  sdq_response #(
      .INFO_BYTES(INFO_BYTES),
      .INFO      (INFO)
  ) u_response (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .active_i    (response_active),
      .type_i      (type_q),
      .seq_i       (seq_q),
      .code_i      (code_q),
      .crc_i       (crc),
      .nonce_i     (nonce_i),
      .linear_i    (linear),
      .done_o      (response_done),
      .res_valid_i (res_valid_i),
      .res_ready_o (res_ready_o),
      .res_data_i  (res_data_i),
      .res_last_i  (res_last_i),
      .res_rows_i  (res_rows_i),
      .res_cycles_i(res_cycles_i),
      .tx_valid_o  (response_valid),
      .tx_ready_i  (tx_ready_i),
      .tx_data_o   (response_data),
      .tx_last_o   (response_last)
  );

  generate
    if (STEPS != 0) begin : g_steps
      wire responds = type_q == (TYPE_EXECUTE | ANSWERS);
      wire [15:0] answer;
      wire done;
      wire valid;
      wire [7:0] data;
      wire last;

      assign response_active = state_q == S_RESPOND && !responds;
      assign responded = responds ? done : response_done;
      assign tx_valid_o = responds ? valid : response_valid;
      assign tx_data_o = responds ? data : response_data;
      assign tx_last_o = responds ? last : response_last;

      sdq_step_request #(
          .VOCAB  (VOCAB),
          .CONTEXT(CONTEXT),
          .TOKENS (TOKENS)
      ) u_step_request (
          .clk_i          (clk_i),
          .rst_ni         (rst_ni),
          .begin_i        (state_q == S_SEQ),
          .take_i         (state_q == S_STEP && takes),
          .data_i         (frame_data_i),
          .fits_o         (fits_step),
          .start_i        (step_valid_o && step_ready_i),
          .step_position_o(step_position_o),
          .step_count_o   (step_count_o),
          .step_logits_o  (step_logits_o),
          .step_stops_o   (step_stops_o),
          .step_stop_o    (step_stop_o),
          .answer_o       (answer),
          .token_valid_o  (token_valid_o),
          .token_ready_i  (token_ready_i),
          .token_o        (token_o),
          .token_last_o   (token_last_o)
      );

      sdq_step_response #(
          .VOCAB(VOCAB)
      ) u_step_response (
          .clk_i            (clk_i),
          .rst_ni           (rst_ni),
          .active_i         (state_q == S_RESPOND && responds),
          .seq_i            (seq_q),
          .logits_i         (step_logits_o),
          .position_i       (answer),
          .done_o           (done),
          .answer_valid_i   (answer_valid_i),
          .answer_ready_o   (answer_ready_o),
          .answer_position_i(answer_position_i),
          .answer_token_i   (answer_token_i),
          .answer_cycles_i  (answer_cycles_i),
          .answer_last_i    (answer_last_i),
          .logit_valid_i    (logit_valid_i),
          .logit_ready_o    (logit_ready_o),
          .logit_i          (logit_i),
          .tx_valid_o       (valid),
          .tx_ready_i       (tx_ready_i),
          .tx_data_o        (data),
          .tx_last_o        (last)
      );
    end else begin : g_runs
      wire unused = &{step_ready_i, token_ready_i, answer_valid_i, answer_position_i, answer_token_i, answer_cycles_i,
                      answer_last_i, logit_valid_i, logit_i};

      assign response_active = state_q == S_RESPOND;
      assign responded = response_done;
      assign tx_valid_o = response_valid;
      assign tx_data_o = response_data;
      assign tx_last_o = response_last;
      assign fits_step = 1'b0;
      assign step_position_o = 16'd0;
      assign step_count_o = 16'd0;
      assign step_logits_o = 1'b0;
      assign step_stops_o = 1'b0;
      assign step_stop_o = 32'd0;
      assign token_valid_o = 1'b0;
      assign token_o = 32'd0;
      assign token_last_o = 1'b0;
      assign answer_ready_o = 1'b0;
      assign logit_ready_o = 1'b0;
    end
  endgenerate

`ifdef FORMAL
  `include "sdq_command_properties.vh"
`endif

endmodule
`default_nettype wire
