`default_nettype none
`timescale 1ns / 1ps
// Four-state simulation of sdq_top: feeds the bytes of a file with random gaps, and writes what comes back.
//
//   +in=FILE    one byte per line, hexadecimal      +count=N     number of bytes
//   +out=FILE   the answers, one byte per line      +seed=N      seed of the gaps
//   +nonce=N    of the boot, hexadecimal (default 1)
// A byte or handshake that is unknown (x) after reset ends the simulation with the line "unknown"; an answer
// while busy_o is low, with "an answer without busy"; one that is still busy
// 200 000 cycles after the last transfer, with "stopped". TOP_PARAMETERS may give parameters to sdq_top.
`ifndef TOP_PARAMETERS
`define TOP_PARAMETERS
`endif
module link_tb;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg rx_valid = 1'b0;
  reg [7:0] rx_data = 8'd0;
  reg tx_ready = 1'b0;
  wire rx_ready;
  wire tx_valid;
  wire [7:0] tx_data;
  wire busy;

  sdq_top `TOP_PARAMETERS dut (
      .clk_i     (clk),
      .rst_ni    (rst_n),
      .rx_valid_i(rx_valid),
      .rx_ready_o(rx_ready),
      .rx_data_i (rx_data),
      .tx_valid_o(tx_valid),
      .tx_ready_i(tx_ready),
      .tx_data_o (tx_data),
      .nonce_i   (nonce),
      .busy_o    (busy)
  );

  reg [7:0] bytes[0:65535];
  reg [8*1024-1:0] name;
  integer out;
  integer count;
  integer seed;
  integer fed = 0;
  integer quiet = 0;
  integer stuck = 0;
  reg [31:0] nonce;
  reg took;

  always #5 clk = ~clk;

  initial begin
    if (!$value$plusargs("in=%s", name)) $finish;
    $readmemh(name, bytes);
    if (!$value$plusargs("count=%d", count)) $finish;
    if (!$value$plusargs("seed=%d", seed)) $finish;
    if (!$value$plusargs("out=%s", name)) $finish;
    out = $fopen(name, "w");
    if (!$value$plusargs("nonce=%h", nonce)) nonce = 32'd1;
    repeat (4) @(negedge clk);
    rst_n = 1'b1;
    while (quiet < 64) begin
      // Inputs change at the falling edge; what the rising edge will transfer is known just before it.
      if (!rx_valid && fed < count && $random(seed) & 1) begin
        rx_valid = 1'b1;
        rx_data  = bytes[fed];
      end
      if (!rx_valid) rx_data = 8'hxx;
      tx_ready = ($random(seed) & 3) != 0;
      #4;
      took = rx_valid && rx_ready;
      if ((^{rx_ready && rx_valid, tx_valid, busy}) === 1'bx || (tx_valid && (^tx_data) === 1'bx)) begin
        $display("unknown");
        $finish;
      end
      if (tx_valid && !busy) begin
        $display("an answer without busy");
        $finish;
      end
      if (tx_valid && tx_ready) $fdisplay(out, "%02x", tx_data);
      stuck = took || tx_valid && tx_ready ? 0 : stuck + 1;
      if (stuck > 200000) begin
        $display("stopped");
        $finish;
      end
      quiet = took || tx_valid || busy || fed < count ? 0 : quiet + 1;
      @(negedge clk);
      if (took) begin
        fed = fed + 1;
        rx_valid = 1'b0;
      end
    end
    $fclose(out);
    $finish;
  end

endmodule
`default_nettype wire
