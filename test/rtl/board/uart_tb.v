`default_nettype none
`timescale 1ns / 1ps
// Two checks of the UART, bit by bit, against a line that is timed in real time and not by the design's clock:
//
//   receiver     a driver of its own sends random bytes, some back to back; every byte must come out, and nothing else
//   transmitter  a sampler of its own reads the line of the transmitter; its bytes also loop back into a second receiver
//
//   +bit_ps=N    time of a bit on the driver's line       +clock_ps=N  period of the design's clock
//   +drift=N     per mille by which the driver is fast    +seed=N      +bytes=N
//   +glitches=1  pulses shorter than a clock cycle on the driver's line, when it is idle and within bits
//   +stall=N     percent of cycles in which a byte that waits is not taken
// Prints "done B received, T transmitted, E errors".
module uart_tb #(
    parameter PHASE_WIDTH = 8,
    parameter STEP = 32
);

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg line = 1'b1;
  reg glitch = 1'b0;

  integer bit_ps;
  integer clock_ps;
  integer drift;
  integer seed;
  integer bytes;
  integer glitches;
  integer stall;
  integer errors = 0;
  integer received = 0;
  integer transmitted = 0;
  integer looped = 0;
  integer offered = 0;
  real sent_bit;

  initial begin
    if (!$value$plusargs("bit_ps=%d", bit_ps)) $finish;
    if (!$value$plusargs("clock_ps=%d", clock_ps)) $finish;
    if (!$value$plusargs("drift=%d", drift)) drift = 0;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("bytes=%d", bytes)) bytes = 100;
    if (!$value$plusargs("glitches=%d", glitches)) glitches = 0;
    if (!$value$plusargs("stall=%d", stall)) stall = 0;
    sent_bit = (bit_ps / 1000.0) * 1000.0 / (1000.0 + drift);
    forever #(clock_ps / 2000.0) clk = !clk;
  end

  // Receiver: what the driver sent, in order.
  reg [7:0] sent[0:65535];
  integer sent_count = 0;
  wire rx_valid;
  wire [7:0] rx_data;
  reg rx_ready = 1'b0;

  sdq_uart_rx #(
      .PHASE_WIDTH(PHASE_WIDTH),
      .STEP       (STEP)
  ) u_rx (
      .clk_i  (clk),
      .rst_ni (rst_n),
      .rx_i   (line ^ glitch),
      .valid_o(rx_valid),
      .ready_i(rx_ready),
      .data_o (rx_data)
  );

  task fail;
    input [8*40-1:0] what;
    begin
      errors = errors + 1;
      $display("%0s at %0t", what, $time);
    end
  endtask

  task send;
    input [7:0] value;
    input stop;
    integer i;
    begin
      line = 1'b0;
      #(sent_bit);
      for (i = 0; i < 8; i = i + 1) begin
        line = value[i];
        #(sent_bit);
      end
      line = stop;
      #(sent_bit);
      line = 1'b1;
    end
  endtask

  integer k;
  reg [7:0] value;
  initial begin
    #(clock_ps / 1000.0 * 20) rst_n = 1'b1;
    #(bit_ps / 1000.0 * 20);
    for (k = 0; k < bytes; k = k + 1) begin
      value = $random(seed);
      sent[sent_count] = value;
      sent_count = sent_count + 1;
      send(value, 1'b1);
      // Half of the bytes follow without a gap; the others after any time.
      if ($random(seed) & 1) #(sent_bit * ($unsigned($random(seed)) % 300) / 100.0);
    end
    // A byte without its stop bit is none, and the one after it is whole again.
    send(8'h00, 1'b0);
    #(sent_bit * 3);
    sent[sent_count] = 8'h5A;
    sent_count = sent_count + 1;
    send(8'h5A, 1'b1);
    #(sent_bit * 3);
    if (received != sent_count) fail("bytes are missing");
    wait (transmitted == bytes && looped == bytes);
    #(sent_bit * 30);
    if (offered != bytes || received != sent_count) fail("there are bytes too many");
    $display("done %0d received, %0d transmitted, %0d errors", received, transmitted, errors);
    $finish;
  end

  // One in a bit or two, shorter than a cycle, so that at most one of three samples meets one.
  initial begin
    #1;
    if (glitches != 0) begin
      forever begin
        #(bit_ps / 1000.0 * (1000 + $unsigned($random(seed)) % 1000) / 1000.0);
        glitch = 1'b1;
        #(clock_ps / 1000.0 * 0.9);
        glitch = 1'b0;
      end
    end
  end

  always @(posedge clk) begin
    rx_ready <= $unsigned($random(seed)) % 100 >= stall;
    if (rst_n && rx_valid && rx_ready) begin
      if (received >= sent_count || rx_data !== sent[received]) fail("another byte was received");
      received = received + 1;
    end
  end

  // Transmitter, its own sampler, and a second receiver.
  reg [7:0] given[0:65535];
  reg tx_valid = 1'b0;
  reg [7:0] tx_data = 8'd0;
  wire tx_ready;
  wire tx_line;
  wire loop_valid;
  wire [7:0] loop_data;
  reg loop_ready = 1'b0;

  sdq_uart_tx #(
      .PHASE_WIDTH(PHASE_WIDTH),
      .STEP       (STEP)
  ) u_tx (
      .clk_i  (clk),
      .rst_ni (rst_n),
      .valid_i(tx_valid),
      .ready_o(tx_ready),
      .data_i (tx_data),
      .tx_o   (tx_line)
  );

  sdq_uart_rx #(
      .PHASE_WIDTH(PHASE_WIDTH),
      .STEP       (STEP)
  ) u_loop (
      .clk_i  (clk),
      .rst_ni (rst_n),
      .rx_i   (tx_line),
      .valid_o(loop_valid),
      .ready_i(loop_ready),
      .data_o (loop_data)
  );

  reg [7:0] next;
  always @(posedge clk) begin
    if (rst_n && tx_valid && tx_ready) begin
      given[offered] = tx_data;
      offered = offered + 1;
      tx_valid <= 1'b0;
    end
    if (rst_n && (!tx_valid || tx_ready) && offered < bytes && $unsigned($random(seed)) % 4 != 0) begin
      next = $random(seed);
      tx_valid <= 1'b1;
      tx_data  <= next;
    end
    loop_ready <= $unsigned($random(seed)) % 100 >= stall;
    if (rst_n && loop_valid && loop_ready) begin
      if (looped >= offered || loop_data !== given[looped]) fail("another byte came back");
      looped = looped + 1;
    end
  end

  integer n;
  reg [7:0] sampled;
  always begin
    @(negedge tx_line);
    #(bit_ps / 2000.0);
    if (tx_line !== 1'b0) fail("a start bit is short");
    for (n = 0; n < 8; n = n + 1) begin
      #(bit_ps / 1000.0);
      sampled[n] = tx_line;
    end
    #(bit_ps / 1000.0);
    if (tx_line !== 1'b1) fail("a stop bit is missing");
    if (transmitted >= offered || sampled !== given[transmitted]) fail("another byte was transmitted");
    transmitted = transmitted + 1;
  end

  initial begin
    #1;
    #(bit_ps / 1000.0 * 10 * (bytes + 10) * 4);
    $display("timeout: %0d received, %0d transmitted, %0d looped", received, transmitted, looped);
    $finish;
  end

endmodule
`default_nettype wire
