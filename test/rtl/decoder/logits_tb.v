`timescale 1ns / 1ns
// sdq_best and sdq_logit_stream: steps of random logits, with equal ones and the ends of their range, in words of which
// some are not full, to a host that wants them and waits, or that does not. +seed=N.
module logits_tb;

  parameter LANES = 4;
  parameter TOKEN_WIDTH = 9;
  parameter DEPTH = 16;
  parameter DEPTH_WIDTH = 4;
  parameter MARGIN = 6;

  localparam STEPS = 50;
  localparam LEVELS = LANES == 1 ? 0 : LANES == 2 ? 1 : LANES == 4 ? 2 : LANES == 8 ? 3 : 4;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg wanted;
  reg clear;
  reg valid;
  reg [LANES-1:0] keep;
  reg [32*LANES-1:0] values;
  wire pause;
  wire logit_valid;
  reg logit_ready;
  wire [31:0] logit;
  wire stream_busy;
  wire [TOKEN_WIDTH-1:0] best;
  wire [31:0] best_logit;
  wire best_busy;

  sdq_best #(
      .LANES      (LANES),
      .TOKEN_WIDTH(TOKEN_WIDTH)
  ) u_best (
      .clk_i   (clk),
      .rst_ni  (rst_n),
      .clear_i (clear),
      .valid_i (valid),
      .keep_i  (keep),
      .values_i(values),
      .best_o  (best),
      .logit_o (best_logit),
      .busy_o  (best_busy)
  );

  sdq_logit_stream #(
      .LANES      (LANES),
      .DEPTH      (DEPTH),
      .DEPTH_WIDTH(DEPTH_WIDTH),
      .MARGIN     (MARGIN)
  ) u_stream (
      .clk_i        (clk),
      .rst_ni       (rst_n),
      .wanted_i     (wanted),
      .valid_i      (valid),
      .keep_i       (keep),
      .values_i     (values),
      .pause_o      (pause),
      .logit_valid_o(logit_valid),
      .logit_ready_i(logit_ready),
      .logit_o      (logit),
      .busy_o       (stream_busy)
  );

  reg [31:0] logits[0:1023];
  integer seed, errors, step, count, sent, got, n, k, since_pause, wanted_best, kind, patience, paused, recent;
  reg [31:0] r;
  reg offered;

  function integer below(input integer limit);
    begin
      r = $random(seed);
      below = r % limit;
    end
  endfunction

  task fail(input [8*16-1:0] what);
    begin
      errors = errors + 1;
      if (errors < 10) $display("step %0d, logit %0d: %0s", step, sent, what);
    end
  endtask

  function [31:0] random_logit(input integer unused);
    begin
      case (below(kind))
        0: random_logit = $random(seed);
        1: random_logit = below(3) - 1;
        2: random_logit = 32'h80000000;
        default: random_logit = 32'h7fffffff;
      endcase
    end
  endfunction

  // One cycle; the host takes what is there, with pauses.
  task tick;
    begin
      offered = logit_valid;
      recent = sent - got;
      logit_ready = below(100) >= patience;
      #1;
      if (logit_valid && logit_ready) begin
        if (!wanted || got >= sent || logit !== logits[got]) fail("to the host");
        got = got + 1;
      end
      if (logit_valid !== offered) fail("valid waits for ready");
      @(negedge clk);
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    paused = 0;
    {wanted, clear, valid, logit_ready} = 4'd0;
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    step = -1;
    if (best_busy !== 1'b0 || stream_busy !== 1'b0 || pause !== 1'b0) fail("reset");
    for (step = 0; step < STEPS; step = step + 1) begin
      wanted = below(2);
      kind = 1 + below(4);
      patience = below(4) * 30;
      count = 1 + below(below(2) ? 20 : 150);
      sent = 0;
      got = 0;
      since_pause = 0;
      wanted_best = 0;
      clear = 1'b1;
      valid = 1'b0;
      tick;
      clear = 1'b0;
      while (sent < count) begin
        since_pause = pause ? since_pause : 0;
        // What is under way when a pause begins still comes.
        valid = below(4) != 0 && (!pause || since_pause < MARGIN);
        if (pause && valid) begin
          since_pause = since_pause + 1;
          paused = paused + 1;
        end
        if (pause && (!wanted || recent < DEPTH - MARGIN - 1)) fail("pause");
        n = below(8) == 0 ? 1 + below(LANES) : LANES;
        if (n > count - sent) n = count - sent;
        for (k = 0; k < LANES; k = k + 1) begin
          values[32*k+:32] = random_logit(0);
          keep[k] = k < n;
          if (valid && k < n) begin
            logits[sent] = values[32*k+:32];
            if ($signed(logits[sent]) > $signed(logits[wanted_best])) wanted_best = sent;
            sent = sent + 1;
          end
        end
        tick;
      end
      valid = 1'b0;
      for (k = 0; k <= LEVELS; k = k + 1) begin
        if (!best_busy) fail("not busy");
        tick;
      end
      if (best_busy) fail("busy");
      if (best !== wanted_best[TOKEN_WIDTH-1:0] || best_logit !== logits[wanted_best]) fail("best");
      patience = 30;
      for (k = 0; k < 2000 && stream_busy; k = k + 1) tick;
      if (got !== (wanted ? count : 0)) fail("logits are missing");
    end
    if (errors == 0 && paused > 0) $display("PASS %0d steps", STEPS);
    else $display("FAIL: %0d errors, %0d words after a pause began", errors, paused);
    $finish;
  end

endmodule
