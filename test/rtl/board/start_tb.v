`default_nettype none
`timescale 1ns / 1ps
// Reset, boot nonce and lamp of a board: a start, a byte, a button, a byte. Prints "done E errors".
module start_tb;

  reg clk = 1'b0;
  reg locked = 1'b0;
  reg button_n = 1'b1;
  reg byte_seen = 1'b0;
  reg busy = 1'b0;
  wire rst_n;
  wire [31:0] nonce;
  wire lamp;
  integer errors = 0;
  integer waited;
  reg [31:0] first;

  always #5 clk = !clk;

  sdq_reset #(
      .COUNT_WIDTH(4)
  ) u_reset (
      .clk_i    (clk),
      .locked_i (locked),
      .button_ni(button_n),
      .rst_no   (rst_n)
  );

  sdq_boot_nonce u_nonce (
      .clk_i  (clk),
      .rst_ni (rst_n),
      .byte_i (byte_seen),
      .nonce_o(nonce)
  );

  sdq_activity_led #(
      .COUNT_WIDTH(3),
      .ACTIVE_LOW (1)
  ) u_led (
      .clk_i (clk),
      .rst_ni(rst_n),
      .busy_i(busy),
      .led_o (lamp)
  );

  task expect_true;
    input condition;
    input [8*40-1:0] what;
    begin
      if (condition !== 1'b1) begin
        errors = errors + 1;
        $display("%0s at %0t", what, $time);
      end
    end
  endtask

  task cycles;
    input integer count;
    begin
      repeat (count) @(posedge clk);
      #1;
    end
  endtask

  // The reset lasts 16 cycles and the synchroniser's, no more.
  task released;
    begin
      waited = 0;
      while (rst_n !== 1'b1 && waited < 100) begin
        cycles(1);
        waited = waited + 1;
      end
      expect_true(waited >= 16 && waited <= 20, "the reset's length is wrong");
    end
  endtask

  initial begin
    #1 expect_true(rst_n === 1'b0, "power-on is no reset");
    cycles(30);
    expect_true(rst_n === 1'b0, "released without a clock");
    locked = 1'b1;
    released;
    expect_true(lamp === 1'b1, "the lamp is lit");

    cycles(7);
    byte_seen = 1'b1;
    busy = 1'b1;
    cycles(1);
    byte_seen = 1'b0;
    busy = 1'b0;
    first = nonce;
    expect_true(lamp === 1'b0, "the lamp is not lit");
    cycles(7);
    expect_true(lamp === 1'b0, "the lamp went out early");
    cycles(2);
    expect_true(lamp === 1'b1, "the lamp stays lit");
    cycles(50);
    expect_true(nonce === first, "the nonce changes after the first byte");

    // Pressed between two edges of the clock.
    #3 button_n = 1'b0;
    #1 expect_true(rst_n === 1'b0, "the button waits for the clock");
    button_n = 1'b1;
    released;
    cycles(5);
    byte_seen = 1'b1;
    cycles(1);
    byte_seen = 1'b0;
    expect_true(nonce !== first, "two starts have one nonce");
    first = nonce;
    cycles(20);
    expect_true(nonce === first, "the second nonce changes");
    $display("done %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
