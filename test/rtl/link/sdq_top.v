`default_nettype none
// The host link with fake_engine behind it, and the ports of a generated top level. INFO is fixtureInfo() of
// fixture.ts without the nonce, last byte first, with the buffers that the parameters say. With STEPS fake_decoder takes steps
// in the place of fake_engine's runs, and regions 4 and 5 are what regions 2 and 3 are without. A nonce with its highest bit set makes the engine stall at random.
module sdq_top #(
    parameter MAX_BODY = 1024,
    parameter RX_BYTES = 4096,
    parameter STEPS = 0
) (
    input  wire        clk_i,
    input  wire        rst_ni,
    input  wire        rx_valid_i,
    output wire        rx_ready_o,
    input  wire [ 7:0] rx_data_i,
    output wire        tx_valid_o,
    input  wire        tx_ready_i,
    output wire [ 7:0] tx_data_o,
    input  wire [31:0] nonce_i,
    output wire        beat_o,
    output wire        stall_o,
    output wire        busy_o
);

  localparam VOCAB = 150;
  localparam CONTEXT = 40;
  localparam INFO_BYTES = STEPS != 0 ? 150 : 118;

  function [111:0] head(input [31:0] rx_bytes, input [15:0] max_body);
    head = {16'd4, 32'd12000000, rx_bytes, max_body, STEPS != 0 ? 8'd6 : 8'd4, 8'd2};
  endfunction

  localparam [8*78-1:0] BEFORE = {
    256'h0000004000000004000000041000000000000200000000050000000800000000,
    256'h7b56310ce7c29d78532e09e4bf9a75502b06e1bc97724d2803deb9946f4a2500,
    head(RX_BYTES[31:0], MAX_BODY[15:0])
  };
  localparam [8*72-1:0] RUN_REGIONS = {256'd0, 64'd0, 256'h0000000400000004000000043000000000000008000000100000001020000000};
  localparam [8*72-1:0] STEP_REGIONS = {
    32'd40,
    32'd150,
    256'h0000000800000002000000025000000000000008000000100000001040000000,
    256'h0000000000000002000000023000000000000000000000020000000220000000
  };
  localparam [8*150-1:0] INFO = {STEPS != 0 ? STEP_REGIONS : RUN_REGIONS, BEFORE};

  wire mem_wvalid;
  wire mem_wready;
  wire mem_rvalid;
  wire mem_rready;
  wire [31:0] mem_addr;
  wire [7:0] mem_wdata;
  wire mem_rdata_valid;
  wire [7:0] mem_rdata;
  wire run_valid;
  wire run_ready;
  wire [15:0] run_linear;
  wire [7:0] run_shift;
  wire res_valid;
  wire res_ready;
  wire [31:0] res_data;
  wire res_last;
  wire [31:0] res_rows;
  wire [31:0] res_cycles;
  wire step_valid;
  wire step_ready;
  wire [15:0] step_position;
  wire [15:0] step_count;
  wire step_logits;
  wire step_stops;
  wire [31:0] step_stop;
  wire token_valid;
  wire token_ready;
  wire [31:0] token;
  wire token_last;
  wire answer_valid;
  wire answer_ready;
  wire [15:0] answer_position;
  wire [31:0] answer_token;
  wire [31:0] answer_cycles;
  wire answer_last;
  wire logit_valid;
  wire logit_ready;
  wire [31:0] logit;
  wire [11:0] salt_addr;
  wire decoder_busy;
  wire link_busy;
  wire engine_busy;

  assign busy_o  = link_busy || engine_busy || decoder_busy;
  assign beat_o  = 1'b0;  // the fake engine has no array
  assign stall_o = 1'b0;

  always @(posedge clk_i) begin
    if (rst_ni && (mem_wvalid || mem_rvalid || mem_rdata_valid || run_valid || res_valid || step_valid || token_valid) && !link_busy) begin
      $display("sdq_top: the link works and does not say so");
      $finish;
    end
  end

  wire [3:0] region = STEPS != 0 && mem_addr[30] ? mem_addr[31:28] - 4'd2 : mem_addr[31:28];
  always @(posedge clk_i) begin
    if (rst_ni && STEPS != 0 && (mem_wvalid || mem_rvalid) && mem_addr[29]) begin
      $display("sdq_top: a region of no bytes is accessed");
      $finish;
    end
  end

  sdq_host_link #(
      .INFO_BYTES   (INFO_BYTES),
      .INFO         (INFO[8*INFO_BYTES-1:0]),
      .LINEARS      (4),
      .REGION0_BYTES(4096),
      .REGION1_BYTES(256),
      .REGION2_BYTES(STEPS != 0 ? 0 : 128),
      .REGION3_BYTES(STEPS != 0 ? 0 : 16),
      .REGION4_BYTES(STEPS != 0 ? 128 : 0),
      .REGION5_BYTES(STEPS != 0 ? 16 : 0),
      .STEPS        (STEPS),
      .VOCAB        (VOCAB),
      .CONTEXT      (CONTEXT),
      .MAX_BODY     (MAX_BODY),
      .RX_BYTES     (RX_BYTES)
  ) u_link (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .rx_valid_i       (rx_valid_i),
      .rx_ready_o       (rx_ready_o),
      .rx_data_i        (rx_data_i),
      .tx_valid_o       (tx_valid_o),
      .tx_ready_i       (tx_ready_i),
      .tx_data_o        (tx_data_o),
      .nonce_i          (nonce_i),
      .mem_wvalid_o     (mem_wvalid),
      .mem_wready_i     (mem_wready),
      .mem_rvalid_o     (mem_rvalid),
      .mem_rready_i     (mem_rready),
      .mem_addr_o       (mem_addr),
      .mem_wdata_o      (mem_wdata),
      .mem_rdata_valid_i(mem_rdata_valid),
      .mem_rdata_i      (mem_rdata),
      .run_valid_o      (run_valid),
      .run_ready_i      (run_ready),
      .run_linear_o     (run_linear),
      .run_shift_o      (run_shift),
      .res_valid_i      (res_valid),
      .res_ready_o      (res_ready),
      .res_data_i       (res_data),
      .res_last_i       (res_last),
      .res_rows_i       (res_rows),
      .res_cycles_i     (res_cycles),
      .step_valid_o     (step_valid),
      .step_ready_i     (step_ready),
      .step_position_o  (step_position),
      .step_count_o     (step_count),
      .step_logits_o    (step_logits),
      .step_stops_o     (step_stops),
      .step_stop_o      (step_stop),
      .token_valid_o    (token_valid),
      .token_ready_i    (token_ready),
      .token_o          (token),
      .token_last_o     (token_last),
      .answer_valid_i   (answer_valid),
      .answer_ready_o   (answer_ready),
      .answer_position_i(answer_position),
      .answer_token_i   (answer_token),
      .answer_cycles_i  (answer_cycles),
      .answer_last_i    (answer_last),
      .logit_valid_i    (logit_valid),
      .logit_ready_o    (logit_ready),
      .logit_i          (logit),
      .busy_o           (link_busy)
  );

  fake_engine u_engine (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .stall_seed_i     (nonce_i),
      .mem_wvalid_i     (mem_wvalid),
      .mem_wready_o     (mem_wready),
      .mem_rvalid_i     (mem_rvalid),
      .mem_rready_o     (mem_rready),
      .mem_addr_i       ({region, mem_addr[27:0]}),
      .mem_wdata_i      (mem_wdata),
      .mem_rdata_valid_o(mem_rdata_valid),
      .mem_rdata_o      (mem_rdata),
      .run_valid_i      (run_valid),
      .run_ready_o      (run_ready),
      .run_linear_i     (run_linear),
      .run_shift_i      (run_shift),
      .res_valid_o      (res_valid),
      .res_ready_i      (res_ready),
      .res_data_o       (res_data),
      .res_last_o       (res_last),
      .res_rows_o       (res_rows),
      .res_cycles_o     (res_cycles),
      .busy_o           (engine_busy)
  );

  fake_decoder #(
      .VOCAB  (VOCAB),
      .CONTEXT(CONTEXT)
  ) u_decoder (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .random_i         (u_engine.random_q),
      .salt_addr_o      (salt_addr),
      .salt_i           (u_engine.weights[salt_addr]),
      .step_valid_i     (step_valid),
      .step_ready_o     (step_ready),
      .step_position_i  (step_position),
      .step_count_i     (step_count),
      .step_logits_i    (step_logits),
      .step_stops_i     (step_stops),
      .step_stop_i      (step_stop),
      .token_valid_i    (token_valid),
      .token_ready_o    (token_ready),
      .token_i          (token),
      .token_last_i     (token_last),
      .answer_valid_o   (answer_valid),
      .answer_ready_i   (answer_ready),
      .answer_position_o(answer_position),
      .answer_token_o   (answer_token),
      .answer_cycles_o  (answer_cycles),
      .answer_last_o    (answer_last),
      .logit_valid_o    (logit_valid),
      .logit_ready_i    (logit_ready),
      .logit_o          (logit),
      .busy_o           (decoder_busy)
  );

endmodule
`default_nettype wire
