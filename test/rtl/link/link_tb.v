`default_nettype none
`timescale 1ns / 1ps
// Four-state simulation of sdq_top: feeds the bytes of a file with random gaps, and writes what comes back.
//
//   +in=FILE    one byte per line, hexadecimal      +count=N     number of bytes
//   +out=FILE   the answers, one byte per line      +seed=N      seed of the gaps
// A byte or handshake that is unknown (x) after reset ends the simulation with the line "unknown".
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

  sdq_top dut (
      .clk_i     (clk),
      .rst_ni    (rst_n),
      .rx_valid_i(rx_valid),
      .rx_ready_o(rx_ready),
      .rx_data_i (rx_data),
      .tx_valid_o(tx_valid),
      .tx_ready_i(tx_ready),
      .tx_data_o (tx_data),
      .nonce_i   (32'd1),
      .busy_o    (busy)
  );

  reg [7:0] bytes[0:65535];
  reg [8*1024-1:0] name;
  integer out;
  integer count;
  integer seed;
  integer fed = 0;
  integer quiet = 0;
  reg took;

  always #5 clk = ~clk;

  initial begin
    if (!$value$plusargs("in=%s", name)) $finish;
    $readmemh(name, bytes);
    if (!$value$plusargs("count=%d", count)) $finish;
    if (!$value$plusargs("seed=%d", seed)) $finish;
    if (!$value$plusargs("out=%s", name)) $finish;
    out = $fopen(name, "w");
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
      if (tx_valid && tx_ready) $fdisplay(out, "%02x", tx_data);
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
