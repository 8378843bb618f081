`timescale 1ns / 1ns
// sdq_frame_memory: vectors of random mantissas with gaps, as CUT writes them, read back word by word with the exponents of their
// blocks less a reference; a shorter vector leaves what lies behind. +seed=N.
module frame_memory_tb;

  parameter VALUES = 4;
  parameter CUT_VALUES = 2;
  parameter PART_WIDTH = 1;
  parameter WORDS = 12;
  parameter ADDR_WIDTH = 4;
  parameter BLOCKS = 3;
  parameter BLOCK_ADDR_WIDTH = 2;

  localparam PARTS = VALUES / CUT_VALUES;
  localparam BLOCK_WORDS = WORDS / BLOCKS;

  reg clk = 1'b0;
  always #5 clk = !clk;

  reg cut_start = 1'b0;
  reg cut_valid = 1'b0;
  reg [BLOCK_ADDR_WIDTH-1:0] block;
  reg [4:0] exponent;
  reg [16*CUT_VALUES-1:0] mantissas;
  reg [4:0] reference;
  reg vector_read = 1'b0;
  reg [ADDR_WIDTH-1:0] vector_addr;
  wire [16*VALUES-1:0] vector_word;
  reg header_read = 1'b0;
  reg [BLOCK_ADDR_WIDTH-1:0] header_addr;
  wire [7:0] header_exponent;

  sdq_frame_memory #(
      .WORDS           (WORDS),
      .ADDR_WIDTH      (ADDR_WIDTH),
      .VALUES          (VALUES),
      .CUT_VALUES      (CUT_VALUES),
      .PART_WIDTH      (PART_WIDTH),
      .BLOCKS          (BLOCKS),
      .BLOCK_ADDR_WIDTH(BLOCK_ADDR_WIDTH)
  ) dut (
      .clk_i            (clk),
      .cut_start_i      (cut_start),
      .cut_valid_i      (cut_valid),
      .cut_block_i      (block),
      .cut_exponent_i   (exponent),
      .cut_word_i       (mantissas),
      .reference_i      (reference),
      .vector_read_i    (vector_read),
      .vector_addr_i    (vector_addr),
      .vector_word_o    (vector_word),
      .header_read_i    (header_read),
      .header_addr_i    (header_addr),
      .header_exponent_o(header_exponent)
  );

  reg [16*CUT_VALUES-1:0] parts[0:WORDS*PARTS-1];
  reg [4:0] exponents[0:BLOCKS-1];
  integer seed, errors, round, blocks, k, n;

  function integer below(input integer n);
    below = $unsigned($random(seed)) % n;
  endfunction

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    for (round = 0; round < 40; round = round + 1) begin
      blocks = round == 0 ? BLOCKS : 1 + below(BLOCKS);
      @(negedge clk);
      cut_start = 1'b1;
      @(negedge clk);
      cut_start = 1'b0;
      for (k = 0; k < blocks * BLOCK_WORDS * PARTS; k = k + 1) begin
        // Between mantissas anything may be there.
        while (below(3) == 0) begin
          block = below(BLOCKS);
          exponent = $random(seed);
          mantissas = {CUT_VALUES{$random(seed)}};
          @(negedge clk);
        end
        block = k / (BLOCK_WORDS * PARTS);
        if (k % (BLOCK_WORDS * PARTS) == 0) exponents[block] = $random(seed);
        exponent = exponents[block];
        for (n = 0; n < CUT_VALUES; n = n + 1) mantissas[16*n+:16] = $random(seed);
        parts[k] = mantissas;
        cut_valid = 1'b1;
        @(negedge clk);
        cut_valid = 1'b0;
      end
      reference = $random(seed);
      for (k = 0; k < WORDS; k = k + 1) begin
        vector_read = 1'b1;
        vector_addr = k;
        header_read = 1'b1;
        header_addr = k / BLOCK_WORDS;
        @(negedge clk);
        vector_read = 1'b0;
        header_read = 1'b0;
        vector_addr = below(WORDS);
        header_addr = below(BLOCKS);
        repeat (below(2)) @(negedge clk);
        for (n = 0; n < PARTS; n = n + 1)
          if (vector_word[16*CUT_VALUES*n+:16*CUT_VALUES] !== parts[k*PARTS+n]) errors = errors + 1;
        if (header_exponent !== {3'd0, exponents[k/BLOCK_WORDS]} - {3'd0, reference}) errors = errors + 1;
      end
    end
    if (errors == 0) $display("PASS %0d vectors", round);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
