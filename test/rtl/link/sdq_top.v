`default_nettype none
// The host link with fake_engine behind it, and the ports of a generated top level. INFO is fixtureInfo() of
// fixture.ts without the nonce, last byte first, with the buffers that the parameters say. A nonce with its highest bit set makes the engine stall at random.
module sdq_top #(
    parameter MAX_BODY = 1024,
    parameter RX_BYTES = 4096
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

  localparam INFO_BYTES = 110;
  function [111:0] head(input [31:0] rx_bytes, input [15:0] max_body);
    head = {16'd4, 32'd12000000, rx_bytes, max_body, 8'd4, 8'd1};
  endfunction

  localparam [8*INFO_BYTES-1:0] INFO = {
    256'h0000000400000004000000043000000000000008000000100000001020000000,
    256'h0000004000000004000000041000000000000200000000050000000800000000,
    256'h7b56310ce7c29d78532e09e4bf9a75502b06e1bc97724d2803deb9946f4a2500,
    head(RX_BYTES[31:0], MAX_BODY[15:0])
  };

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
  wire link_busy;
  wire engine_busy;

  assign busy_o  = link_busy || engine_busy;
  assign beat_o  = 1'b0;  // the fake engine has no array
  assign stall_o = 1'b0;

  always @(posedge clk_i) begin
    if (rst_ni && (mem_wvalid || mem_rvalid || mem_rdata_valid || run_valid || res_valid) && !link_busy) begin
      $display("sdq_top: the link works and does not say so");
      $finish;
    end
  end

  sdq_host_link #(
      .INFO_BYTES   (INFO_BYTES),
      .INFO         (INFO),
      .LINEARS      (4),
      .REGION0_BYTES(4096),
      .REGION1_BYTES(256),
      .REGION2_BYTES(128),
      .REGION3_BYTES(16),
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
      .mem_addr_i       (mem_addr),
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

endmodule
`default_nettype wire
