`timescale 1ns / 1ns
// Writes a model to whole_design (whole_design.v.hbs) through its byte port, reads some of it back, and asks for tokens twice: a
// prompt and generated ones, then as many at the positions behind, with logits, at a host that takes them late. Compared are each
// answer's position, token and cycles, and all logits. Cycles of the second request count only where the host was never late.
// +name=PREFIX of files in hex: .bytes (address, byte), .prompts, .answers (position, token, cycles: 32 bits each), .logits. +seed=N.
module whole_tb;

  parameter BYTES = 1;
  parameter PROMPT = 1;
  parameter GENERATED = 1;
  parameter LOGITS = 1;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg step_valid = 1'b0;
  wire step_ready;
  reg [15:0] position = 16'd0;
  reg wants_logits = 1'b0;
  reg token_valid = 1'b0;
  wire token_ready;
  reg [31:0] token;
  reg token_last;
  wire answer_valid;
  reg answer_ready = 1'b1;
  wire [15:0] answer_position;
  wire [31:0] answer_token;
  wire [31:0] answer_cycles;
  wire answer_last;
  wire logit_valid;
  reg logit_ready = 1'b1;
  wire [31:0] logit;
  reg wvalid = 1'b0;
  wire wready;
  reg rvalid = 1'b0;
  wire rready;
  reg [31:0] addr = 32'd0;
  reg [7:0] wdata;
  wire rdata_valid;
  wire [7:0] rdata;
  wire busy;

  whole_design dut (
      .clk_i            (clk),
      .rst_ni           (rst_n),
      .step_valid_i     (step_valid),
      .step_ready_o     (step_ready),
      .step_position_i  (position),
      .step_count_i     (GENERATED[15:0]),
      .step_logits_i    (wants_logits),
      .step_stops_i     (1'b0),
      .step_stop_i      (32'd0),
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
      .mem_wvalid_i     (wvalid),
      .mem_wready_o     (wready),
      .mem_rvalid_i     (rvalid),
      .mem_rready_o     (rready),
      .mem_addr_i       (addr),
      .mem_wdata_i      (wdata),
      .mem_rdata_valid_o(rdata_valid),
      .mem_rdata_o      (rdata),
      .busy_o           (busy)
  );

  reg [1023:0] name;
  reg [39:0] bytes[0:BYTES-1];
  reg [31:0] prompts[0:2*PROMPT-1];
  reg [95:0] answers[0:2*GENERATED-1];
  reg [31:0] logits[0:LOGITS-1];
  integer seed, errors, k, request, given, answer_at, logit_at, now, late;
  wire [95:0] answer = answers[answer_at];

  task fail(input [8*16-1:0] what);
    begin
      errors = errors + 1;
      if (errors < 10) $display("cycle %0d, answer %0d, logit %0d: %0s", now, answer_at, logit_at, what);
    end
  endtask

  // What the host takes, seen before the rising edge.
  task tick;
    begin
      #3;
      if (answer_valid && answer_ready) begin
        if (answer_position !== answer[64+:16]) fail("position");
        if (answer_token !== answer[32+:32]) fail("token");
        if (late == 0 && answer_cycles !== answer[31:0]) begin
          fail("cycles");
          $display("%0d cycles, wanted %0d", answer_cycles, answer[31:0]);
        end
        if (answer_last !== (answer_at % GENERATED == GENERATED - 1)) fail("last");
        if (wants_logits && logit_at * GENERATED != (answer_at - GENERATED + 1) * LOGITS) fail("logits missing");
        answer_at = answer_at + 1;
      end
      if (logit_valid && logit_ready) begin
        if (logit_at >= LOGITS || logit !== logits[logit_at]) fail("logit");
        logit_at = logit_at + 1;
      end
      @(negedge clk);
      now = now + 1;
      logit_ready = late == 0 || ($random(seed) & 7) == 0;
      answer_ready = late == 0 || ($random(seed) & 31) == 0;
      if (now > 100000) begin
        $display("FAIL: no end");
        $finish;
      end
    end
  endtask

  initial begin
    if (!$value$plusargs("name=%s", name)) $finish;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    $readmemh({name, ".bytes"}, bytes);
    $readmemh({name, ".prompts"}, prompts);
    $readmemh({name, ".answers"}, answers);
    $readmemh({name, ".logits"}, logits);
    {errors, answer_at, logit_at, now, late} = 160'd0;
    repeat (3) @(negedge clk);
    rst_n = 1'b1;
    #1;
    for (k = 0; k < BYTES; k = k + 1) begin
      wvalid = 1'b1;
      {addr, wdata} = bytes[k];
      #1;
      while (!wready) tick;
      tick;
    end
    wvalid = 1'b0;
    // The first and the last bytes, which lie in different memories.
    for (k = 0; k < BYTES; k = k + (k == 31 ? BYTES - 63 : 1)) begin
      rvalid = 1'b1;
      addr = bytes[k][39:8];
      #1;
      while (!rready) tick;
      tick;
      rvalid = 1'b0;
      while (!rdata_valid) tick;
      if (rdata !== bytes[k][7:0]) fail("byte");
    end
    for (request = 0; request < 2; request = request + 1) begin
      late = request;
      wants_logits = request != 0;
      step_valid = 1'b1;
      #1;
      while (!step_ready) tick;
      tick;
      step_valid = 1'b0;
      for (given = 0; given < PROMPT; given = given + 1) begin
        token_valid = 1'b1;
        token = prompts[request*PROMPT+given];
        token_last = given == PROMPT - 1;
        #1;
        while (!token_ready) tick;
        tick;
        token_valid = 1'b0;
      end
      while (busy) tick;
      position = position + PROMPT + GENERATED - 1;
    end
    if (answer_at != 2 * GENERATED || logit_at != LOGITS) fail("missing");
    if (errors == 0) $display("PASS %0d answers, %0d cycles", answer_at, now);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
