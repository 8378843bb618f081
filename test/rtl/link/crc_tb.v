`default_nettype none
// sdq_crc32 against polynomial division bit by bit, most significant power first, which is another form of the same CRC.
// After a message and its own CRC the result must be the known residue. +seed=N.
module crc_tb;

  localparam MESSAGES = 40;

  reg clk = 1'b0;
  reg init;
  reg valid;
  reg [7:0] data;
  wire [31:0] crc;
  reg [31:0] remainder;
  reg [31:0] wanted;
  integer seed, errors, message, length, i, bit_index;

  always #5 clk = !clk;

  sdq_crc32 dut (
      .clk_i  (clk),
      .init_i (init),
      .valid_i(valid),
      .data_i (data),
      .crc_o  (crc)
  );

  task give(input [7:0] value);
    begin
      while (($random(seed) & 3) == 0) begin
        valid = 1'b0;
        data  = $random(seed);
        @(negedge clk);
      end
      valid = 1'b1;
      data  = value;
      @(negedge clk);
      valid = 1'b0;
      for (bit_index = 0; bit_index < 8; bit_index = bit_index + 1) begin
        remainder = {remainder[30:0], 1'b0} ^ (remainder[31] ^ value[bit_index] ? 32'h04C11DB7 : 32'd0);
      end
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    valid = 1'b0;
    for (message = 0; message < MESSAGES; message = message + 1) begin
      init = 1'b1;
      // A byte that comes with init_i is none of the message.
      valid = $random(seed);
      data = $random(seed);
      @(negedge clk);
      init = 1'b0;
      remainder = 32'hFFFFFFFF;
      length = $random(seed) & 63;
      for (i = 0; i < length; i = i + 1) give($random(seed));
      for (i = 0; i < 32; i = i + 1) wanted[i] = !remainder[31-i];
      if (crc !== wanted) errors = errors + 1;
      for (i = 0; i < 4; i = i + 1) give(wanted[8*i+:8]);
      if (crc !== 32'h2144DF1C) errors = errors + 1;
    end
    if (errors == 0) $display("PASS %0d messages", MESSAGES);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
