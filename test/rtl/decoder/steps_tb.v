`timescale 1ns / 1ns
// sdq_decoder_control: random requests, prompts that come with gaps, steps of random length, best tokens that settle late,
// stop tokens, a host that takes answers late. Compared are each step's token and position, each answer, and when steps
// begin. +seed=N.
module steps_tb;

  parameter TOKEN_WIDTH = 4;
  parameter POSITION_WIDTH = 6;

  localparam REQUESTS = 400;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg request_valid;
  wire request_ready;
  reg [POSITION_WIDTH-1:0] position;
  reg [15:0] count;
  reg logits;
  reg stops;
  reg [TOKEN_WIDTH-1:0] stop;
  reg token_valid;
  wire token_ready;
  reg [TOKEN_WIDTH-1:0] token;
  reg token_last;
  wire start;
  reg done;
  wire [TOKEN_WIDTH-1:0] step_token;
  wire [POSITION_WIDTH-1:0] step_position;
  wire logits_wanted;
  reg [TOKEN_WIDTH-1:0] best;
  reg settled;
  wire answer_valid;
  reg answer_ready;
  wire [POSITION_WIDTH-1:0] answer_position;
  wire [TOKEN_WIDTH-1:0] answer_token;
  wire [31:0] answer_cycles;
  wire answer_last;
  wire busy;

  sdq_decoder_control #(
      .TOKEN_WIDTH   (TOKEN_WIDTH),
      .POSITION_WIDTH(POSITION_WIDTH)
  ) dut (
      .clk_i            (clk),
      .rst_ni           (rst_n),
      .request_valid_i  (request_valid),
      .request_ready_o  (request_ready),
      .position_i       (position),
      .count_i          (count),
      .logits_i         (logits),
      .stops_i          (stops),
      .stop_i           (stop),
      .token_valid_i    (token_valid),
      .token_ready_o    (token_ready),
      .token_i          (token),
      .token_last_i     (token_last),
      .start_o          (start),
      .done_i           (done),
      .token_o          (step_token),
      .position_o       (step_position),
      .logits_wanted_o  (logits_wanted),
      .best_i           (best),
      .settled_i        (settled),
      .answer_valid_o   (answer_valid),
      .answer_ready_i   (answer_ready),
      .answer_position_o(answer_position),
      .answer_token_o   (answer_token),
      .answer_cycles_o  (answer_cycles),
      .answer_last_o    (answer_last),
      .busy_o           (busy)
  );

  integer seed, errors, request, length, step, answers, got, now, began, ended, settles, work, patience, gaps, finished;
  reg [31:0] r;
  reg ends;
  reg taken;
  reg took;
  reg pending;
  reg offered;
  reg [TOKEN_WIDTH-1:0] next_token;
  // Answers on their way, by their place in the request.
  reg [TOKEN_WIDTH-1:0] wanted_token[0:63];
  integer wanted_cycles[0:63];
  integer wanted_position[0:63];

  function integer below(input integer limit);
    begin
      r = $random(seed);
      below = r % limit;
    end
  endfunction

  task fail(input [8*16-1:0] what);
    begin
      errors = errors + 1;
      if (errors < 10) $display("request %0d, step %0d, cycle %0d: %0s", request, step, now, what);
    end
  endtask

  // One cycle, with the host's side of the answers.
  task tick;
    begin
      answer_ready = below(100) >= patience;
      offered = answer_valid;
      #1;
      if (answer_valid !== offered) fail("valid waits");
      took = answer_valid && answer_ready;
      if (answer_valid) begin
        if (got >= answers || answer_token !== wanted_token[got] || answer_cycles !== wanted_cycles[got] ||
            answer_position !== wanted_position[got] || answer_last !== (ends && got == answers - 1)) fail("answer");
        if (answer_ready) got = got + 1;
      end
      @(negedge clk);
      now = now + 1;
      if (now > 200000 || errors > 100) begin
        $display("FAIL: stopped in request %0d, %0d errors", request, errors);
        $finish;
      end
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    now = 0;
    finished = 0;
    {request_valid, token_valid, done, settled, answer_ready, ends} = 6'd0;
    got = 0;
    answers = 0;
    patience = 0;
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    for (request = 0; request < REQUESTS; request = request + 1) begin
      length = 1 + below(6);
      count = 1 + below(8);
      position = below(32);
      logits = below(2);
      stops = below(2);
      stop = below(4);
      patience = below(3) * 40;
      gaps = below(2);
      got = 0;
      answers = 0;
      step = 0;
      ends = 1'b0;
      request_valid = 1'b1;
      #1;
      if (request_ready !== 1'b1 || busy !== 1'b0) fail("no request taken");
      tick;
      request_valid = 1'b0;
      while (!ends) begin
        // A token of the prompt, or the best one before.
        if (step < length) begin
          while (gaps && below(2)) begin
            if (start !== 1'b0) fail("no token");
            tick;
          end
          token_valid = 1'b1;
          token = below(1 << TOKEN_WIDTH);
          token_last = step == length - 1;
          next_token = token;
          taken = 1'b0;
          while (!taken) begin
            #1;
            taken = token_ready;
            tick;
          end
          token_valid = 1'b0;
          token = below(1 << TOKEN_WIDTH);
        end else begin
          ended = now;
          while (start !== 1'b1 && now < ended + 1000) tick;
          // With a host that takes answers at once, a step begins two cycles after the one before.
          if (patience == 0 && now != ended) fail("late start");
        end
        if (start !== 1'b1) fail("start");
        if (step_token !== next_token || step_position !== position + step) fail("step");
        began = now;
        tick;
        for (work = below(20); work > 0; work = work - 1) begin
          if (start !== 1'b0 || logits_wanted !== (logits && step >= length - 1)) fail("at work");
          best = $random(seed);
          settled = below(2);
          tick;
        end
        done = 1'b1;
        settled = 1'b0;
        ended = now;
        best = below(6);
        tick;
        done = 1'b0;
        for (settles = patience == 0 ? 0 : below(3); settles > 0; settles = settles - 1) tick;
        settled = 1'b1;
        next_token = best;
        // An answer waits until the one before is taken.
        pending = step >= length - 1 && answer_valid;
        tick;
        while (pending && !took) tick;
        if (step >= length - 1) begin
          wanted_token[answers] = best;
          wanted_cycles[answers] = ended - began + 2;
          wanted_position[answers] = position + step;
          answers = answers + 1;
          ends = answers == count || (stops && best == stop);
        end
        settled = 1'b0;
        step = step + 1;
      end
      // The next request waits until the last answer is taken.
      while (busy) begin
        request_valid = 1'b1;
        if (request_ready !== 1'b0) fail("request too early");
        tick;
      end
      request_valid = 1'b0;
      if (got != answers) fail("answers are missing");
      finished = finished + answers;
    end
    if (errors == 0) $display("PASS %0d tokens", finished);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
