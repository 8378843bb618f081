`default_nettype none
// Executes the requests of the protocol (docs/protocol.md) in order, one response each.
//
//   frame_*:  from sdq_frame_rx: length (2 bytes), type, seq, body; or the length FFFF for a damaged frame
//   tx_*:     to sdq_frame_tx: type, seq, body, the last byte marked
//   mem_*:    byte-addressed memory, region = addr[31:28]. A write moves a byte per cycle; reads are answered in
//             order, after any time, and are always taken; at most 31 are unanswered
//   run_*:    starts linear `run_linear_o`, output shift `run_shift_o`
//   res_*:    its results, row 0 first; res_rows_i and res_cycles_i hold still from the first to the last
//
// A WRITE of n bytes takes n + 12 cycles, which is no more than its n + 12 or more bytes take to arrive: it keeps up
// with a link of one byte per cycle. A CHECK reads a byte per cycle if the memory does.
//
// INFO: the constant bytes of the INFO response, byte 0 lowest. LINEARS: the number of linears, 1 to 65535.
// REGIONn_BYTES: the span of region n, at most 2^28; 0 for a region that does not exist.
module sdq_command #(
    parameter INFO_BYTES = 1,
    parameter [8*INFO_BYTES-1:0] INFO = 0,
    parameter LINEARS = 1,
    parameter [31:0] REGION0_BYTES = 0,
    parameter [31:0] REGION1_BYTES = 0,
    parameter [31:0] REGION2_BYTES = 0,
    parameter [31:0] REGION3_BYTES = 0
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire       frame_valid_i,
    output reg        frame_ready_o,
    input  wire [7:0] frame_data_i,

    output reg        tx_valid_o,
    input  wire       tx_ready_i,
    output reg  [7:0] tx_data_o,
    output reg        tx_last_o,

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

    output wire busy_o  // a request has begun and its last response byte has not been handed on
);

  localparam [31:0] REGION_LIMIT = 32'h10000000;

  generate
    if (INFO_BYTES < 1 || INFO_BYTES > 1000) begin : g_reject_info
      sdq_reject_INFO_BYTES_must_be_1_to_1000 reject ();
    end
    if (LINEARS < 1 || LINEARS > 65535) begin : g_reject_linears
      sdq_reject_LINEARS_must_be_1_to_65535 reject ();
    end
    if (REGION0_BYTES > REGION_LIMIT || REGION1_BYTES > REGION_LIMIT ||
        REGION2_BYTES > REGION_LIMIT || REGION3_BYTES > REGION_LIMIT) begin : g_reject_region
      sdq_reject_REGION_BYTES_must_be_at_most_2_to_the_28 reject ();
    end
  endgenerate

  localparam [7:0] VERSION = 8'd1;
  localparam [5:0] VALUES_PER_FRAME = 6'd60;

  localparam [7:0] TYPE_HELLO = 8'h01;
  localparam [7:0] TYPE_WRITE = 8'h02;
  localparam [7:0] TYPE_CHECK = 8'h03;
  localparam [7:0] TYPE_RUN = 8'h04;

  localparam [2:0] ERROR_DAMAGED = 3'd1;
  localparam [2:0] ERROR_TYPE = 3'd2;
  localparam [2:0] ERROR_LENGTH = 3'd3;
  localparam [2:0] ERROR_ADDRESS = 3'd4;
  localparam [2:0] ERROR_LINEAR = 3'd5;
  localparam [2:0] ERROR_VERSION = 3'd6;

  // Request: length, type, seq, arguments; then what it asks for; then the response.
  localparam [3:0] S_LENGTH_LOW = 4'd0;
  localparam [3:0] S_LENGTH_HIGH = 4'd1;
  localparam [3:0] S_TYPE = 4'd2;
  localparam [3:0] S_SEQ = 4'd3;
  localparam [3:0] S_ARGUMENTS = 4'd4;
  localparam [3:0] S_SPAN = 4'd5;
  localparam [3:0] S_RANGE = 4'd6;
  localparam [3:0] S_WRITE = 4'd7;
  localparam [3:0] S_CHECK = 4'd8;
  localparam [3:0] S_RUN = 4'd9;
  localparam [3:0] S_RESULT = 4'd10;  // waits for the first result
  localparam [3:0] S_DISCARD = 4'd11;  // drops the rest of a refused request
  localparam [3:0] S_TX_TYPE = 4'd12;
  localparam [3:0] S_TX_SEQ = 4'd13;
  localparam [3:0] S_TX_BODY = 4'd14;

  // What the response's next body bytes are. A response is known by its first part.
  localparam [3:0] P_LINEAR = 4'd0;  // RESULT: linear, row, rows, cycles, values
  localparam [3:0] P_ROW = 4'd1;
  localparam [3:0] P_ROWS = 4'd2;
  localparam [3:0] P_CYCLES = 4'd3;
  localparam [3:0] P_VALUE = 4'd4;
  localparam [3:0] P_CRC = 4'd5;  // CHECKED
  localparam [3:0] P_CODE = 4'd6;  // ERROR
  localparam [3:0] P_INFO = 4'd7;  // INFO
  localparam [3:0] P_NOTHING = 4'd8;  // WRITTEN

  reg [3:0] state_q;
  reg [7:0] type_q;
  reg [7:0] seq_q;
  reg [15:0] length_q;  // bytes of the body not yet taken
  reg [2:0] argument_q;  // index of the argument byte expected next
  reg [31:0] address_q;  // first four argument bytes, last one highest; then the memory address
  reg [31:0] count_q;  // CHECK: bytes to read; RUN: rows sent
  reg [31:0] end_q;  // WRITE and CHECK: address behind the last byte
  reg [4:0] reading_q;  // CHECK: reads that are not yet answered
  reg [2:0] code_q;  // error code

  wire is_hello = type_q == TYPE_HELLO;
  wire is_write = type_q == TYPE_WRITE;
  wire is_check = type_q == TYPE_CHECK;
  wire is_run = type_q == TYPE_RUN;

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
  end

  // S_SPAN and S_RANGE: does [address, address + bytes) lie within its region?
  wire [31:0] span_bytes = is_write ? {16'd0, length_q} : count_q;
  wire [28:0] end_offset = {end_q[28] ^ address_q[28], end_q[27:0]};
  reg [28:0] region_bytes;
  always @* begin
    case (address_q[31:28])
      4'd0: region_bytes = REGION0_BYTES[28:0];
      4'd1: region_bytes = REGION1_BYTES[28:0];
      4'd2: region_bytes = REGION2_BYTES[28:0];
      4'd3: region_bytes = REGION3_BYTES[28:0];
      default: region_bytes = 29'd0;
    endcase
  end
  wire fits_region = span_bytes[31:28] == 4'd0 && address_q[31:30] == 2'd0 && end_offset <= region_bytes;

  wire [15:0] linear = address_q[23:8];
  wire fits_linears = linear < LINEARS[15:0];

  wire at_end = address_q == end_q;
  wire takes = frame_valid_i && frame_ready_o;
  wire writes = mem_wvalid_o && mem_wready_i;
  wire asks = mem_rvalid_o && mem_rready_i;
  wire sends = tx_valid_o && tx_ready_i;
  wire sends_value = res_valid_i && res_ready_o;

  always @* begin
    case (state_q)
      S_LENGTH_LOW, S_LENGTH_HIGH, S_TYPE, S_SEQ, S_ARGUMENTS: frame_ready_o = 1'b1;
      S_DISCARD: frame_ready_o = length_q != 16'd0;
      S_WRITE: frame_ready_o = mem_wready_i;
      default: frame_ready_o = 1'b0;
    endcase
  end

  assign mem_wvalid_o = state_q == S_WRITE && frame_valid_i;
  assign mem_wdata_o = frame_data_i;
  assign mem_rvalid_o = state_q == S_CHECK && !at_end && reading_q != 5'd31;
  assign mem_addr_o = address_q;
  assign run_valid_o = state_q == S_RUN;
  assign run_linear_o = linear;
  assign run_shift_o = address_q[31:24];
  assign busy_o = state_q != S_LENGTH_LOW;

  // Response: `part_q` and the byte within it select what is sent.
  reg [3:0] part_q;
  reg [1:0] byte_q;
  reg [9:0] info_q;  // next byte of INFO and nonce
  reg [5:0] values_q;  // values that still fit in this frame, minus one

  wire [31:0] crc;
  wire [8*(INFO_BYTES+4)-1:0] info = {nonce_i, INFO};
  wire is_last_value = values_q == 6'd0 || res_last_i;

  sdq_crc32 u_crc (
      .clk_i  (clk_i),
      .init_i (state_q == S_RANGE),
      .valid_i(mem_rdata_valid_i),
      .data_i (mem_rdata_i),
      .crc_o  (crc)
  );

  reg [7:0] response_type;
  reg [7:0] body_data;
  always @* begin
    response_type = 8'h84;
    body_data = res_data_i[8*byte_q+:8];
    case (part_q)
      P_LINEAR: body_data = linear[8*byte_q[0]+:8];
      P_ROW: body_data = count_q[8*byte_q+:8];
      P_ROWS: body_data = res_rows_i[8*byte_q+:8];
      P_CYCLES: body_data = res_cycles_i[8*byte_q+:8];
      P_CRC: begin
        response_type = 8'h83;
        body_data = crc[8*byte_q+:8];
      end
      P_CODE: begin
        response_type = 8'hFF;
        body_data = {5'd0, code_q};
      end
      P_INFO: begin
        response_type = 8'h81;
        body_data = info[8*info_q+:8];
      end
      P_NOTHING: response_type = 8'h82;
      default: ;
    endcase
  end

  always @* begin
    tx_valid_o = 1'b1;
    tx_data_o  = body_data;
    tx_last_o  = 1'b0;
    case (state_q)
      S_TX_TYPE: tx_data_o = response_type;
      S_TX_SEQ: begin
        tx_data_o = seq_q;
        tx_last_o = part_q == P_NOTHING;
      end
      S_TX_BODY: begin
        tx_valid_o = part_q != P_VALUE || res_valid_i;
        case (part_q)
          P_VALUE: tx_last_o = byte_q == 2'd3 && is_last_value;
          P_CRC, P_CODE: tx_last_o = byte_q == 2'd3;
          P_INFO: tx_last_o = info_q == INFO_BYTES[9:0] + 10'd3;
          default: ;
        endcase
      end
      default: tx_valid_o = 1'b0;
    endcase
  end

  assign res_ready_o = state_q == S_TX_BODY && part_q == P_VALUE && byte_q == 2'd3 && tx_ready_i;

  // Control
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_LENGTH_LOW;
    end else begin
      case (state_q)
        S_LENGTH_LOW: if (takes) state_q <= S_LENGTH_HIGH;
        S_LENGTH_HIGH:
        if (takes) state_q <= frame_data_i == 8'hFF && length_q[15:8] == 8'hFF ? S_TX_TYPE : S_TYPE;
        S_TYPE: if (takes) state_q <= S_SEQ;
        S_SEQ:
        if (takes) state_q <= (is_hello || is_write || is_check || is_run) && fits_length ? S_ARGUMENTS : S_DISCARD;
        S_ARGUMENTS: begin
          if (takes && argument_q == last_argument) state_q <= is_hello ? S_TX_TYPE : S_SPAN;
        end
        S_SPAN: state_q <= S_RANGE;
        S_RANGE: begin
          if (is_run) state_q <= fits_linears ? S_RUN : S_DISCARD;
          else if (!fits_region) state_q <= S_DISCARD;
          else state_q <= is_write ? S_WRITE : S_CHECK;
        end
        S_WRITE: if (writes && length_q == 16'd1) state_q <= S_TX_TYPE;
        S_CHECK: if (at_end && reading_q == 5'd0) state_q <= S_TX_TYPE;
        S_RUN: if (run_ready_i) state_q <= S_RESULT;
        S_RESULT: if (res_valid_i) state_q <= S_TX_TYPE;
        S_DISCARD: if (length_q == 16'd0) state_q <= S_TX_TYPE;
        S_TX_TYPE: if (sends) state_q <= S_TX_SEQ;
        S_TX_SEQ: if (sends) state_q <= tx_last_o ? S_LENGTH_LOW : S_TX_BODY;
        S_TX_BODY:
        if (sends && tx_last_o) state_q <= part_q == P_VALUE && !res_last_i ? S_TX_TYPE : S_LENGTH_LOW;
        default: state_q <= S_LENGTH_LOW;
      endcase
    end
  end

  // Request datapath
  always @(posedge clk_i) begin
    // The low byte comes first: numbers are shifted in from the top.
    if (state_q == S_LENGTH_LOW || state_q == S_LENGTH_HIGH) begin
      if (takes) length_q <= {frame_data_i, length_q[15:8]};
    end else if (takes && state_q != S_TYPE && state_q != S_SEQ) begin
      length_q <= length_q - 16'd1;
    end

    if (state_q == S_TYPE) type_q <= frame_data_i;
    if (state_q == S_LENGTH_HIGH) seq_q <= 8'd0;
    else if (state_q == S_SEQ) seq_q <= frame_data_i;

    if (state_q == S_SEQ) argument_q <= 3'd0;
    else if (state_q == S_ARGUMENTS && takes) argument_q <= argument_q + 3'd1;

    if (state_q == S_ARGUMENTS && takes && !argument_q[2]) address_q <= {frame_data_i, address_q[31:8]};
    else if (writes || asks) address_q <= address_q + 32'd1;

    if (state_q == S_ARGUMENTS && takes && argument_q[2]) count_q <= {frame_data_i, count_q[31:8]};
    else if (state_q == S_RUN) count_q <= 32'd0;
    else if (sends_value) count_q <= count_q + 32'd1;

    if (state_q != S_CHECK) reading_q <= 5'd0;
    else if (asks != mem_rdata_valid_i) reading_q <= asks ? reading_q + 5'd1 : reading_q - 5'd1;

    if (state_q == S_SPAN) end_q <= address_q + span_bytes;

    case (state_q)
      S_LENGTH_HIGH: code_q <= ERROR_DAMAGED;
      S_SEQ: code_q <= is_hello || is_write || is_check || is_run ? ERROR_LENGTH : ERROR_TYPE;
      S_ARGUMENTS: code_q <= ERROR_VERSION;
      S_RANGE: code_q <= is_run ? ERROR_LINEAR : ERROR_ADDRESS;
      default: ;
    endcase
  end

  // Response datapath
  always @(posedge clk_i) begin
    case (state_q)
      S_LENGTH_HIGH, S_DISCARD: begin
        part_q <= P_CODE;
        byte_q <= 2'd3;
      end
      S_ARGUMENTS: begin
        part_q <= frame_data_i == VERSION ? P_INFO : P_CODE;
        byte_q <= 2'd3;
      end
      S_WRITE: part_q <= P_NOTHING;
      S_CHECK: begin
        part_q <= P_CRC;
        byte_q <= 2'd0;
      end
      S_RESULT: begin
        part_q <= P_LINEAR;
        byte_q <= 2'd2;
      end
      S_TX_BODY: begin
        if (sends) begin
          byte_q <= byte_q + 2'd1;
          if (byte_q == 2'd3 && part_q < P_VALUE) part_q <= part_q + 4'd1;
          if (part_q == P_VALUE && tx_last_o) begin
            part_q <= P_LINEAR;
            byte_q <= 2'd2;
          end
        end
      end
      default: ;
    endcase

    if (state_q == S_TX_SEQ) begin
      info_q   <= 10'd0;
      values_q <= VALUES_PER_FRAME - 6'd1;
    end else if (state_q == S_TX_BODY && sends) begin
      info_q <= info_q + 10'd1;
      if (part_q == P_VALUE && byte_q == 2'd3) values_q <= values_q - 6'd1;
    end
  end

`ifdef FORMAL
  sdq_stream_check #(
      .WIDTH (8),
      .ASSUME(1)
  ) f_frame (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .valid_i  (frame_valid_i),
      .ready_i  (frame_ready_o),
      .payload_i(frame_data_i)
  );
  sdq_stream_check #(
      .WIDTH (33),
      .ASSUME(1)
  ) f_res (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .valid_i  (res_valid_i),
      .ready_i  (res_ready_o),
      .payload_i({res_data_i, res_last_i})
  );
  sdq_stream_check #(
      .WIDTH(9)
  ) f_tx (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .valid_i  (tx_valid_o),
      .ready_i  (tx_ready_i),
      .payload_i({tx_data_o, tx_last_o})
  );
  sdq_stream_check #(
      .WIDTH(40)
  ) f_write (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .valid_i  (mem_wvalid_o),
      .ready_i  (mem_wready_i),
      .payload_i({mem_addr_o, mem_wdata_o})
  );
  sdq_stream_check #(
      .WIDTH(32)
  ) f_read (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .valid_i  (mem_rvalid_o),
      .ready_i  (mem_rready_i),
      .payload_i(mem_addr_o)
  );
  sdq_stream_check #(
      .WIDTH(24)
  ) f_run (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .valid_i  (run_valid_o),
      .ready_i  (run_ready_i),
      .payload_i({run_linear_o, run_shift_o})
  );

  wire f_responds = state_q == S_TX_TYPE || state_q == S_TX_SEQ || state_q == S_TX_BODY;

  // The memory answers only what it was asked, and what RESULT and INFO report holds still while it is sent.
  reg [5:0] f_asked = 6'd0;
  reg [95:0] f_reported;
  reg f_started = 1'b0;
  always @(posedge clk_i) begin
    f_started  <= 1'b1;
    f_reported <= {nonce_i, res_rows_i, res_cycles_i};
    assume (!f_started || !f_responds || {nonce_i, res_rows_i, res_cycles_i} == f_reported);
    assume (!mem_rdata_valid_i || f_asked != 6'd0);
    if (!rst_ni) f_asked <= 6'd0;
    else f_asked <= f_asked + {5'd0, asks} - {5'd0, mem_rdata_valid_i};
    if (rst_ni) assert (f_asked == (state_q == S_CHECK ? {1'b0, reading_q} : 6'd0));
  end

  // No access leaves the region that was checked.
  wire [31:0] f_left = end_q - address_q;
  wire f_accesses = state_q == S_WRITE || state_q == S_CHECK;
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (state_q <= S_TX_BODY);
      if (f_responds) assert (part_q <= P_NOTHING && (part_q != P_NOTHING || state_q != S_TX_BODY));
      if (f_accesses) assert (is_write == (state_q == S_WRITE) && is_check == (state_q == S_CHECK));
      if (state_q == S_WRITE) assert (f_left == {16'd0, length_q} && length_q != 16'd0);
      if (state_q == S_RANGE && !is_run) assert (f_left == span_bytes);
      if (state_q == S_SPAN || state_q == S_RANGE) assert (!is_hello && (is_write || is_check || is_run));
      if ((state_q == S_SPAN || state_q == S_RANGE) && is_write) assert (length_q != 16'd0);
      if (state_q == S_ARGUMENTS && is_write) assert (length_q + {13'd0, argument_q} >= 16'd5 && argument_q <= 3'd3);
      if (state_q == S_ARGUMENTS) assert (argument_q <= last_argument);
      if (f_accesses) assert (f_left < REGION_LIMIT);
      if (f_accesses && f_left != 32'd0) begin
        assert (address_q[31:30] == 2'd0 && end_offset <= region_bytes && {1'b0, address_q[27:0]} < region_bytes);
      end
      if (run_valid_o) assert (run_linear_o < LINEARS);
    end
  end
`endif

endmodule
`default_nettype wire
