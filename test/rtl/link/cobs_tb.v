`default_nettype none
`timescale 1ns / 1ps
// Encoder and decoder back to back, with random gaps before, between and after them.
//
//   +in=FILE       the bytes of the messages, one per line, hexadecimal, plus 100 for the last of a message
//   +count=N       number of lines                                +seed=N  seed of the gaps
//   +encoded=FILE  what passes between the two, one byte per line
//   +decoded=FILE  what comes out, one byte per line; "end" behind a message, "error" if the decoder says so
// It stops after a million cycles.
module cobs_tb;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg in_valid = 1'b0;
  reg [8:0] in_item = 9'd0;
  reg gate = 1'b0;
  reg out_ready = 1'b0;
  wire in_ready;
  wire mid_valid;
  wire mid_ready;
  wire [7:0] mid_data;
  wire out_valid;
  wire [7:0] out_data;
  wire out_end;
  wire out_error;
  wire busy;

  sdq_cobs_encode u_encode (
      .clk_i      (clk),
      .rst_ni     (rst_n),
      .in_valid_i (in_valid),
      .in_ready_o (in_ready),
      .in_data_i  (in_item[7:0]),
      .in_last_i  (in_item[8]),
      .out_valid_o(mid_valid),
      .out_ready_i(mid_ready && gate),
      .out_data_o (mid_data),
      .busy_o     (busy)
  );

  sdq_cobs_decode u_decode (
      .clk_i      (clk),
      .rst_ni     (rst_n),
      .in_valid_i (mid_valid && gate),
      .in_ready_o (mid_ready),
      .in_data_i  (mid_data),
      .out_valid_o(out_valid),
      .out_ready_i(out_ready),
      .out_data_o (out_data),
      .out_end_o  (out_end),
      .out_error_o(out_error)
  );

  reg [8:0] items[0:65535];
  reg [8*1024-1:0] name;
  integer encoded;
  integer decoded;
  integer count;
  integer seed;
  integer fed = 0;
  integer quiet = 0;
  integer cycle = 0;
  reg took;

  always #5 clk = ~clk;

  initial begin
    if (!$value$plusargs("in=%s", name)) $finish;
    $readmemh(name, items);
    if (!$value$plusargs("count=%d", count)) $finish;
    if (!$value$plusargs("seed=%d", seed)) $finish;
    if (!$value$plusargs("encoded=%s", name)) $finish;
    encoded = $fopen(name, "w");
    if (!$value$plusargs("decoded=%s", name)) $finish;
    decoded = $fopen(name, "w");
    repeat (4) @(negedge clk);
    rst_n = 1'b1;
    while (quiet < 16 && cycle < 1000000) begin
      if (!in_valid && fed < count && $random(seed) & 3) begin
        in_valid = 1'b1;
        in_item  = items[fed];
      end
      gate = ($random(seed) & 3) != 0;
      // Now and then nothing leaves for so long that the ring fills.
      out_ready = ($random(seed) & 3) != 0 && (cycle & 4095) > 1000;
      cycle = cycle + 1;
      #4;
      took = in_valid && in_ready;
      if (mid_valid && gate && mid_ready) $fdisplay(encoded, "%02x", mid_data);
      if (out_valid && out_ready) begin
        if (!out_end) $fdisplay(decoded, "%02x", out_data);
        else if (out_error) $fdisplay(decoded, "error");
        else $fdisplay(decoded, "end");
      end
      if (mid_valid && !busy) $fdisplay(encoded, "not busy");
      quiet = busy || fed < count ? 0 : quiet + 1;
      @(negedge clk);
      if (took) begin
        fed = fed + 1;
        in_valid = 1'b0;
      end
    end
    $fclose(encoded);
    $fclose(decoded);
    $finish;
  end

endmodule
`default_nettype wire
