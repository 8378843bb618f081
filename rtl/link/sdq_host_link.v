`default_nettype none
// The device's end of the host link: bytes in, bytes out; a memory port, and run and result ports towards the engine, or with
// STEPS a step port towards the decoder.
//
//   rx -> sdq_frame_rx -> sdq_command -> sdq_frame_tx -> tx
//
// docs/protocol.md defines the frames. The parameters are those of the parts; ports as in sdq_command.
// `busy_o` says that there is work in progress that needs no further input: it is low while the link only waits for
// the rest of a frame.
module sdq_host_link #(
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
    parameter MAX_BODY = 1024,
    parameter RX_BYTES = 4096
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire       rx_valid_i,
    output wire       rx_ready_o,
    input  wire [7:0] rx_data_i,

    output wire       tx_valid_o,
    input  wire       tx_ready_i,
    output wire [7:0] tx_data_o,

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

    output wire busy_o
);

  // Tokens of the longest STEP: four bytes each behind nine.
  localparam TOKENS = MAX_BODY < 13 ? 1 : (MAX_BODY - 9) / 4;

  generate
    if (STEPS != 0 && MAX_BODY < 13) begin : g_illegal
      initial begin
        $display("%m: MAX_BODY=%0d holds no STEP", MAX_BODY);
        $finish;
      end
    end
  endgenerate

  wire frame_valid;
  wire frame_ready;
  wire [7:0] frame_data;
  wire frames_busy;

  wire send_valid;
  wire send_ready;
  wire [7:0] send_data;
  wire send_last;
  wire send_busy;

  wire command_busy;

  assign busy_o = frames_busy || command_busy || send_busy;

  sdq_frame_rx #(
      .MAX_BODY(MAX_BODY),
      .RX_BYTES(RX_BYTES)
  ) u_rx (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .rx_valid_i (rx_valid_i),
      .rx_ready_o (rx_ready_o),
      .rx_data_i  (rx_data_i),
      .out_valid_o(frame_valid),
      .out_ready_i(frame_ready),
      .out_data_o (frame_data),
      .busy_o     (frames_busy)
  );

  sdq_command #(
      .INFO_BYTES   (INFO_BYTES),
      .INFO         (INFO),
      .LINEARS      (LINEARS),
      .REGION0_BYTES(REGION0_BYTES),
      .REGION1_BYTES(REGION1_BYTES),
      .REGION2_BYTES(REGION2_BYTES),
      .REGION3_BYTES(REGION3_BYTES),
      .REGION4_BYTES(REGION4_BYTES),
      .REGION5_BYTES(REGION5_BYTES),
      .STEPS        (STEPS),
      .VOCAB        (VOCAB),
      .CONTEXT      (CONTEXT),
      .TOKENS       (TOKENS)
  ) u_command (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .frame_valid_i    (frame_valid),
      .frame_ready_o    (frame_ready),
      .frame_data_i     (frame_data),
      .tx_valid_o       (send_valid),
      .tx_ready_i       (send_ready),
      .tx_data_o        (send_data),
      .tx_last_o        (send_last),
      .nonce_i          (nonce_i),
      .mem_wvalid_o     (mem_wvalid_o),
      .mem_wready_i     (mem_wready_i),
      .mem_rvalid_o     (mem_rvalid_o),
      .mem_rready_i     (mem_rready_i),
      .mem_addr_o       (mem_addr_o),
      .mem_wdata_o      (mem_wdata_o),
      .mem_rdata_valid_i(mem_rdata_valid_i),
      .mem_rdata_i      (mem_rdata_i),
      .run_valid_o      (run_valid_o),
      .run_ready_i      (run_ready_i),
      .run_linear_o     (run_linear_o),
      .run_shift_o      (run_shift_o),
      .res_valid_i      (res_valid_i),
      .res_ready_o      (res_ready_o),
      .res_data_i       (res_data_i),
      .res_last_i       (res_last_i),
      .res_rows_i       (res_rows_i),
      .res_cycles_i     (res_cycles_i),
      .step_valid_o     (step_valid_o),
      .step_ready_i     (step_ready_i),
      .step_position_o  (step_position_o),
      .step_count_o     (step_count_o),
      .step_logits_o    (step_logits_o),
      .step_stops_o     (step_stops_o),
      .step_stop_o      (step_stop_o),
      .token_valid_o    (token_valid_o),
      .token_ready_i    (token_ready_i),
      .token_o          (token_o),
      .token_last_o     (token_last_o),
      .answer_valid_i   (answer_valid_i),
      .answer_ready_o   (answer_ready_o),
      .answer_position_i(answer_position_i),
      .answer_token_i   (answer_token_i),
      .answer_cycles_i  (answer_cycles_i),
      .answer_last_i    (answer_last_i),
      .logit_valid_i    (logit_valid_i),
      .logit_ready_o    (logit_ready_o),
      .logit_i          (logit_i),
      .busy_o           (command_busy)
  );

  sdq_frame_tx u_tx (
      .clk_i     (clk_i),
      .rst_ni    (rst_ni),
      .in_valid_i(send_valid),
      .in_ready_o(send_ready),
      .in_data_i (send_data),
      .in_last_i (send_last),
      .tx_valid_o(tx_valid_o),
      .tx_ready_i(tx_ready_i),
      .tx_data_o (tx_data_o),
      .busy_o    (send_busy)
  );

`ifdef FORMAL
  `include "sdq_host_link_properties.vh"
`endif

endmodule
`default_nettype wire
