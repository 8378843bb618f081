`default_nettype none
// Sends the response to a request, byte by byte; a RESULT may take several frames. docs/protocol.md defines the bodies.
//
//   active_i   a response is due; the inputs that it reports hold still until done_o
//   type_i     which one: 81 INFO, 82 WRITTEN, 83 CHECKED, 84 RESULT, FF ERROR
//   res_*      the outputs of a linear, row 0 first, with their number and the engine's cycles
//   tx_*       to sdq_frame_tx: type, seq, body, the last byte of a frame marked
//   done_o     the last byte of the last frame is being taken
//
// Each byte takes a cycle; a result is taken with its last byte.
module sdq_response #(
    parameter INFO_BYTES = 1,
    parameter [8*INFO_BYTES-1:0] INFO = 0
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire        active_i,
    input  wire [ 7:0] type_i,
    input  wire [ 7:0] seq_i,
    input  wire [ 3:0] code_i,
    input  wire [31:0] crc_i,
    input  wire [31:0] nonce_i,
    input  wire [15:0] linear_i,
    output wire        done_o,

    input  wire        res_valid_i,
    output wire        res_ready_o,
    input  wire [31:0] res_data_i,
    input  wire        res_last_i,
    input  wire [31:0] res_rows_i,
    input  wire [31:0] res_cycles_i,

    output reg        tx_valid_o,
    input  wire       tx_ready_i,
    output reg  [7:0] tx_data_o,
    output reg        tx_last_o
);

  generate
    if (INFO_BYTES < 1 || INFO_BYTES > 1000) begin : g_reject
      sdq_reject_INFO_BYTES_must_be_1_to_1000 reject ();
    end
  endgenerate

  localparam [5:0] VALUES_PER_FRAME = 6'd60;

  localparam [1:0] S_TYPE = 2'd0;
  localparam [1:0] S_SEQ = 2'd1;
  localparam [1:0] S_BODY = 2'd2;

  // Words of RESULT
  localparam [2:0] W_LINEAR = 3'd0;  // its lower half is left out
  localparam [2:0] W_ROW = 3'd1;
  localparam [2:0] W_ROWS = 3'd2;
  localparam [2:0] W_CYCLES = 3'd3;
  localparam [2:0] W_VALUE = 3'd4;

  reg [1:0] state_q;
  reg [2:0] word_q;
  reg [1:0] byte_q;
  reg [9:0] info_q;  // next byte of INFO and nonce
  reg [31:0] row_q;  // row of the next value
  reg [5:0] values_q;  // values that still fit in this frame, minus one

  wire is_info = type_i == 8'h81;
  wire is_written = type_i == 8'h82;
  wire is_checked = type_i == 8'h83;
  wire is_result = type_i == 8'h84;
  wire is_last_value = values_q == 6'd0 || res_last_i;
  wire sends = tx_valid_o && tx_ready_i;
  wire ends_frame = sends && tx_last_o;

  wire [8*(INFO_BYTES+4)-1:0] info = {nonce_i, INFO};

  reg [7:0] result_data;
  always @* begin
    case (word_q)
      W_LINEAR: result_data = linear_i[8*byte_q[0]+:8];
      W_ROW: result_data = row_q[8*byte_q+:8];
      W_ROWS: result_data = res_rows_i[8*byte_q+:8];
      W_CYCLES: result_data = res_cycles_i[8*byte_q+:8];
      default: result_data = res_data_i[8*byte_q+:8];
    endcase
  end

  always @* begin
    tx_valid_o = active_i && (!is_result || res_valid_i);
    case (state_q)
      S_TYPE: begin
        tx_data_o = type_i;
        tx_last_o = 1'b0;
      end
      S_SEQ: begin
        tx_data_o = seq_i;
        tx_last_o = is_written;
      end
      default: begin
        tx_data_o = {4'd0, code_i};
        tx_last_o = 1'b1;
        if (is_info) begin
          tx_data_o = info[8*info_q+:8];
          tx_last_o = info_q == INFO_BYTES[9:0] + 10'd3;
        end
        if (is_checked) begin
          tx_data_o = crc_i[8*byte_q+:8];
          tx_last_o = byte_q == 2'd3;
        end
        if (is_result) begin
          tx_data_o = result_data;
          tx_last_o = word_q == W_VALUE && byte_q == 2'd3 && is_last_value;
        end
      end
    endcase
  end

  assign res_ready_o = active_i && is_result && state_q == S_BODY && word_q == W_VALUE && byte_q == 2'd3 && tx_ready_i;
  assign done_o = ends_frame && (!is_result || res_last_i);

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_TYPE;
    end else if (sends) begin
      case (state_q)
        S_TYPE: state_q <= S_SEQ;
        S_SEQ: state_q <= tx_last_o ? S_TYPE : S_BODY;
        default: if (tx_last_o) state_q <= S_TYPE;
      endcase
    end
  end

  always @(posedge clk_i) begin
    if (state_q == S_SEQ) begin
      word_q <= W_LINEAR;
      byte_q <= is_result ? 2'd2 : 2'd0;
      info_q <= 10'd0;
      values_q <= VALUES_PER_FRAME - 6'd1;
    end else if (state_q == S_BODY && sends) begin
      byte_q <= byte_q + 2'd1;
      info_q <= info_q + 10'd1;
      if (byte_q == 2'd3) begin
        if (word_q == W_VALUE) values_q <= values_q - 6'd1;
        else word_q <= word_q + 3'd1;
      end
    end

    if (!active_i) row_q <= 32'd0;
    else if (res_ready_o && res_valid_i) row_q <= row_q + 32'd1;
  end

`ifdef FORMAL
  `include "sdq_response_properties.vh"
`endif

endmodule
`default_nettype wire
