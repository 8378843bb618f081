`timescale 1ns / 1ns
// sdq_decoder_memories, sdq_vector_ram and sdq_operand_hold against arrays: random writes and reads by the host and by the
// units, with the host's port locked now and then. +seed=N.
module memories_tb;

  parameter PARAMETER_WORDS = 13;
  parameter PARAMETER_ADDR_WIDTH = 4;
  parameter PARAMETER_BYTES = 16;
  parameter PARAMETER_BYTE_WIDTH = 4;
  parameter CONSTANT_WORDS = 11;
  parameter CONSTANT_ADDR_WIDTH = 5;
  parameter VALUES = 4;

  localparam ROUNDS = 2500;
  localparam VECTOR_WORDS = 9;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg locked;
  reg wvalid;
  wire wready;
  reg rvalid;
  wire rready;
  reg [31:0] addr;
  reg [7:0] wdata;
  wire rdata_valid;
  wire [7:0] rdata;
  reg vector_read;
  reg dot_read;
  reg [PARAMETER_ADDR_WIDTH-1:0] vector_addr;
  reg [PARAMETER_ADDR_WIDTH-1:0] dot_addr;
  wire [8*PARAMETER_BYTES-1:0] parameter_word;
  reg constant_read;
  reg [CONSTANT_ADDR_WIDTH-1:0] constant_addr;
  wire [7:0] constant;

  sdq_decoder_memories #(
      .PARAMETER_WORDS     (PARAMETER_WORDS),
      .PARAMETER_ADDR_WIDTH(PARAMETER_ADDR_WIDTH),
      .PARAMETER_BYTES     (PARAMETER_BYTES),
      .PARAMETER_BYTE_WIDTH(PARAMETER_BYTE_WIDTH),
      .CONSTANT_WORDS      (CONSTANT_WORDS),
      .CONSTANT_ADDR_WIDTH (CONSTANT_ADDR_WIDTH)
  ) dut (
      .clk_i            (clk),
      .rst_ni           (rst_n),
      .locked_i         (locked),
      .mem_wvalid_i     (wvalid),
      .mem_wready_o     (wready),
      .mem_rvalid_i     (rvalid),
      .mem_rready_o     (rready),
      .mem_addr_i       (addr),
      .mem_wdata_i      (wdata),
      .mem_rdata_valid_o(rdata_valid),
      .mem_rdata_o      (rdata),
      .vector_read_i    (vector_read),
      .vector_addr_i    (vector_addr),
      .dot_read_i       (dot_read),
      .dot_addr_i       (dot_addr),
      .parameter_word_o (parameter_word),
      .constant_read_i  (constant_read),
      .constant_addr_i  (constant_addr),
      .constant_o       (constant)
  );

  reg vector_ren;
  reg [3:0] vector_raddr;
  wire [32*VALUES-1:0] vector_rdata;
  reg [1:0] wens;
  reg [3:0] waddr[0:1];
  reg [32*VALUES-1:0] wword[0:1];

  sdq_vector_ram #(
      .WORDS     (VECTOR_WORDS),
      .ADDR_WIDTH(4),
      .VALUES    (VALUES)
  ) vectors (
      .clk_i            (clk),
      .ren_i            (vector_ren),
      .raddr_i          (vector_raddr),
      .rdata_o          (vector_rdata),
      .vector_wen_i     (wens[0]),
      .vector_addr_i    (waddr[0]),
      .vector_wdata_i   (wword[0]),
      .attention_wen_i  (wens[1]),
      .attention_addr_i (waddr[1]),
      .attention_wdata_i(wword[1])
  );

  reg hold;
  reg [11:0] operand;
  wire [11:0] held;

  sdq_operand_hold #(
      .WIDTH(12)
  ) operands (
      .clk_i (clk),
      .hold_i(hold),
      .d_i   (operand),
      .d_o   (held)
  );

  reg [7:0] bytes[0:1023];  // of the parameters, by address
  reg [7:0] constants[0:1023];
  reg [32*VALUES-1:0] words[0:VECTOR_WORDS-1];
  reg [8*PARAMETER_BYTES-1:0] wanted_word;
  reg [7:0] wanted_constant;
  reg [32*VALUES-1:0] wanted_vector;
  reg [11:0] wanted_operand;

  // Bytes that the host waits for, and the cycle in which each comes.
  reg [7:0] queue[0:ROUNDS];
  integer due[0:ROUNDS];
  integer asked, answered;

  integer seed, errors, round, k, w, word, unit;
  reg parameters;
  reg locks;
  reg known;
  reg known_constant;
  reg [31:0] r;

  function integer below(input integer limit);
    begin
      r = $random(seed);
      below = r % limit;
    end
  endfunction

  task fail(input [8*16-1:0] what);
    begin
      errors = errors + 1;
      if (errors < 10) $display("round %0d: %0s", round, what);
    end
  endtask

  // A request of the host to a random byte; writes that are not taken have no effect.
  task host(input reads);
    begin
      parameters = below(3) != 0;
      word = parameters ? below(PARAMETER_WORDS * PARAMETER_BYTES) : below(2 * CONSTANT_WORDS);
      addr = {parameters ? 4'd4 : 4'd5, word[27:0]};
      wvalid = !reads;
      rvalid = reads;
      wdata = $random(seed);
      #1;
      if (wready !== !locked || rready !== !locked) fail("ready");
      if (!locked && !reads) begin
        if (parameters) bytes[word] = wdata;
        else constants[word] = wdata;
      end
      if (!locked && reads) begin
        queue[asked] = parameters ? bytes[word] : constants[word];
        due[asked] = round + 5;
        asked = asked + 1;
      end
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    asked = 0;
    answered = 0;
    known = 1'b0;
    known_constant = 1'b0;
    {locked, wvalid, rvalid, vector_read, dot_read, constant_read, vector_ren, hold} = 8'd0;
    wens = 2'd0;
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    // All bytes are written before any is read.
    for (k = 0; k < PARAMETER_WORDS * PARAMETER_BYTES + 2 * CONSTANT_WORDS; k = k + 1) begin
      word = k < PARAMETER_WORDS * PARAMETER_BYTES ? k : k - PARAMETER_WORDS * PARAMETER_BYTES;
      addr = {k == word ? 4'd4 : 4'd5, word[27:0]};
      wdata = $random(seed);
      wvalid = 1'b1;
      if (k == word) bytes[word] = wdata;
      else constants[word] = wdata;
      @(negedge clk);
    end
    wvalid = 1'b0;
    for (w = 0; w < VECTOR_WORDS; w = w + 1) begin
      wens = 2'b01;
      waddr[0] = w;
      wword[0] = {VALUES{w}};
      words[w] = wword[0];
      @(negedge clk);
    end
    locks = 1'b0;
    for (round = 0; round < ROUNDS; round = round + 1) begin
      // The host has the port, or the units have; between them what the host asked for is answered.
      if (round % 64 == 0) locks = below(2) != 0;
      {wvalid, rvalid, vector_read, dot_read, constant_read} = 5'd0;
      locked = locks && round % 64 >= 8;
      if (locked) begin
        if (below(4) == 0) host(below(2) != 0);
        vector_addr = below(PARAMETER_WORDS);
        dot_addr = below(PARAMETER_WORDS);
        case (below(3))
          0: vector_read = 1'b1;
          1: dot_read = 1'b1;
          default: ;
        endcase
        word = vector_read ? vector_addr : dot_addr;
        if (vector_read || dot_read)
          for (k = 0; k < PARAMETER_BYTES; k = k + 1) wanted_word[8*k+:8] = bytes[word*PARAMETER_BYTES+k];
        known = known || vector_read || dot_read;
        constant_addr = below(2 * CONSTANT_WORDS);
        constant_read = !known_constant || below(2) != 0;
        if (constant_read) wanted_constant = constants[constant_addr];
        known_constant = 1'b1;
      end else begin
        known = 1'b0;
        known_constant = 1'b0;
        if (!locks && round % 64 < 56 && below(4) != 0) host(below(2) != 0);
      end

      unit = below(3);
      wens = unit < 2 ? 2'd1 << unit : 2'd0;
      for (k = 0; k < 2; k = k + 1) begin
        waddr[k] = below(VECTOR_WORDS);
        for (w = 0; w < VALUES; w = w + 1) wword[k][32*w+:32] = $random(seed);
      end
      vector_raddr = below(VECTOR_WORDS);
      vector_ren = unit == 2 || waddr[unit] != vector_raddr;
      if (vector_ren) wanted_vector = words[vector_raddr];
      if (unit < 2) words[waddr[unit]] = wword[unit];

      hold = round > 0 && below(2) != 0;
      operand = $random(seed);
      if (!hold) wanted_operand = operand;
      #1;
      if (held !== wanted_operand) fail("operand");

      if (rdata_valid) begin
        if (answered == asked || due[answered] != round || rdata !== queue[answered]) fail("host's byte");
        answered = answered + 1;
      end else if (answered < asked && due[answered] <= round) fail("no byte");
      @(negedge clk);
      if (known && parameter_word !== wanted_word) fail("parameters");
      if (known_constant && constant !== wanted_constant) fail("constant");
      if (round > 0 && vector_rdata !== wanted_vector) fail("vector");
    end
    if (errors == 0 && answered > 100) $display("PASS %0d bytes read", answered);
    else $display("FAIL: %0d errors, %0d of %0d bytes", errors, answered, asked);
    $finish;
  end

endmodule
