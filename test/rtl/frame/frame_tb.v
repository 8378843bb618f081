`default_nettype none
// Lets sdq_frame_unit frame vectors and compares its samples, exponents and the cycles in which they can be read.
// +name=PREFIX of files in hex: .vector (mantissa words), .header (exponents) and .exponents (wanted) of each run in turn,
// .signs, .frames (words for word_i) and .wanted, per run and word of samples that is read
//
//   8 · LANES + LANES + 48 bits, high end first: cycle after the start, address, lanes to compare, samples
//
// Each run is done twice: as a new vector, and again, when nothing may be framed. Prints "PASS <words>" or "FAIL".
module frame_tb #(
    parameter RUNS = 1,
    parameter BLOCKS = 1,
    parameter HAS_TAIL = 0,
    parameter WANTED = 1,  // words per run
    parameter LANES = 8,
    parameter LANE_WIDTH = 3,
    parameter VALUES = 2,
    parameter VALUE_WIDTH = 1,
    parameter SAMPLES = 2,
    parameter GRANULE = 2,
    parameter BLOCK_WIDTH = 5,
    parameter SEGMENT_WIDTH = 1,
    parameter WORK_WIDTH = 5,
    parameter ROUND_WIDTH = 5,
    parameter SHAPE_WIDTH = 1,
    parameter SLOT_WORDS = 1,
    parameter ACTIVATION_ADDR_WIDTH = 1,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter FRAME_WIDTH = 1
) ();

  localparam WORD_WIDTH = BLOCK_WIDTH - VALUE_WIDTH;
  localparam VECTOR_WORDS = BLOCKS << WORD_WIDTH;
  localparam LAST_BLOCK = BLOCKS - 1;
  localparam WANTED_WIDTH = 9 * LANES + 48;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg [8*1024-1:0] name;
  reg [16*VALUES-1:0] vectors[0:RUNS*VECTOR_WORDS-1];
  reg [7:0] headers[0:RUNS*BLOCKS-1];
  reg [7:0] exponents[0:RUNS*BLOCKS-1];
  reg [VALUES-1:0] signs[0:(1<<(SEGMENT_WIDTH+WORD_WIDTH))-1];
  reg [FRAME_WIDTH-1:0] frames[0:0];
  reg [WANTED_WIDTH-1:0] wanted[0:RUNS*WANTED-1];

  reg [8*LANES-1:0] samples[0:(1<<ACTIVATION_ADDR_WIDTH)-1];
  reg [7:0] found[0:(1<<BLOCK_ADDR_WIDTH)-1];

  integer run;
  integer at;
  integer cycle;
  integer errors;
  integer lane;
  integer writes;
  reg start;
  reg touched;
  wire [WANTED_WIDTH-1:0] now = wanted[run*WANTED+at];
  wire [31:0] now_cycle = now[WANTED_WIDTH-1-:32];
  wire [15:0] now_addr = now[9*LANES+:16];

  wire framed;
  wire busy;
  wire vector_read;
  wire [BLOCK_ADDR_WIDTH+WORD_WIDTH-1:0] vector_addr;
  reg [16*VALUES-1:0] vector_word;
  wire [SEGMENT_WIDTH+WORD_WIDTH-1:0] signs_index;
  reg [VALUES-1:0] signs_word;
  wire header_read;
  wire [BLOCK_ADDR_WIDTH-1:0] header_addr;
  reg [7:0] header;
  wire [LANES-1:0] sample_wen;
  wire [ACTIVATION_ADDR_WIDTH-1:0] sample_addr;
  wire [8*LANES-1:0] sample_word;
  wire exponent_wen;
  wire [BLOCK_ADDR_WIDTH-1:0] exponent_addr;
  wire [7:0] exponent;

  sdq_frame_unit #(
      .LANES                (LANES),
      .LANE_WIDTH           (LANE_WIDTH),
      .VALUES               (VALUES),
      .VALUE_WIDTH          (VALUE_WIDTH),
      .SAMPLES              (SAMPLES),
      .GRANULE              (GRANULE),
      .BLOCK_WIDTH          (BLOCK_WIDTH),
      .SEGMENT_WIDTH        (SEGMENT_WIDTH),
      .WORK_WIDTH           (WORK_WIDTH),
      .ROUND_WIDTH          (ROUND_WIDTH),
      .SHAPE_WIDTH          (SHAPE_WIDTH),
      .SLOT_WORDS           (SLOT_WORDS),
      .ACTIVATION_ADDR_WIDTH(ACTIVATION_ADDR_WIDTH),
      .BLOCK_ADDR_WIDTH     (BLOCK_ADDR_WIDTH),
      .FRAME_WIDTH          (FRAME_WIDTH)
  ) dut (
      .clk_i            (clk),
      .rst_ni           (rst_n),
      .start_i          (start),
      .last_block_i     (LAST_BLOCK[BLOCK_ADDR_WIDTH-1:0]),
      .has_tail_i       (HAS_TAIL != 0),
      .word_i           (frames[0]),
      .touched_i        (touched),
      .beat_addr_i      (now_addr[ACTIVATION_ADDR_WIDTH-1:0]),
      .framed_o         (framed),
      .busy_o           (busy),
      .vector_read_o    (vector_read),
      .vector_addr_o    (vector_addr),
      .vector_word_i    (vector_word),
      .signs_index_o    (signs_index),
      .signs_word_i     (signs_word),
      .header_read_o    (header_read),
      .header_addr_o    (header_addr),
      .header_exponent_i(header),
      .sample_wen_o     (sample_wen),
      .sample_addr_o    (sample_addr),
      .sample_word_o    (sample_word),
      .exponent_wen_o   (exponent_wen),
      .exponent_addr_o  (exponent_addr),
      .exponent_o       (exponent)
  );

  // Memories. A word that was not asked for is unknown.
  always @(posedge clk) begin
    vector_word <= vector_read ? vectors[run*VECTOR_WORDS+vector_addr] : {16 * VALUES{1'bx}};
    signs_word  <= vector_read ? signs[signs_index] : {VALUES{1'bx}};
    if (header_read) header <= headers[run*BLOCKS+header_addr];
    for (lane = 0; lane < LANES; lane = lane + 1) begin
      if (sample_wen[lane]) begin
        samples[sample_addr][8*lane+:8] <= sample_word[8*lane+:8];
        writes = writes + 1;
      end
    end
    if (exponent_wen) found[exponent_addr] <= exponent;
  end

  task begin_run(input new_vector);
    begin
      touched = new_vector;
      @(posedge clk);
      #1 touched = 1'b0;
      start = 1'b1;
      @(posedge clk);
      #1 start = 1'b0;
      cycle = 0;
    end
  endtask

  task check_words;
    for (at = 0; at < WANTED; at = at + 1) begin
      #1;
      while (!framed && cycle < 100000) begin
        if (!busy) errors = errors + 1;
        @(posedge clk);
        #1 cycle = cycle + 1;
      end
      if (cycle != now_cycle) begin
        errors = errors + 1;
        $display("run %0d word %0d: can be read in cycle %0d, wanted %0d", run, at, cycle, now_cycle);
      end
      for (lane = 0; lane < LANES; lane = lane + 1) begin
        if (now[8*LANES+lane] && samples[now_addr][8*lane+:8] !== now[8*lane+:8]) begin
          errors = errors + 1;
          $display("run %0d word %0d lane %0d: %h, wanted %h", run, at, lane, samples[now_addr][8*lane+:8], now[8*lane+:8]);
        end
      end
    end
  endtask

  initial begin
    if (!$value$plusargs("name=%s", name)) $finish;
    $readmemh({name, ".vector"}, vectors);
    $readmemh({name, ".header"}, headers);
    $readmemh({name, ".exponents"}, exponents);
    $readmemh({name, ".signs"}, signs);
    $readmemh({name, ".frames"}, frames);
    $readmemh({name, ".wanted"}, wanted);
    errors = 0;
    writes = 0;
    at = 0;
    run = 0;
    start = 1'b0;
    touched = 1'b0;
    repeat (3) @(posedge clk);
    #1 rst_n = 1'b1;
    for (run = 0; run < RUNS && errors < 10; run = run + 1) begin
      at = 0;
      begin_run(1'b1);
      check_words;
      for (lane = 0; lane < BLOCKS; lane = lane + 1) begin
        if (found[lane] !== exponents[run*BLOCKS+lane]) begin
          errors = errors + 1;
          $display("run %0d block %0d: exponent %h, wanted %h", run, lane, found[lane], exponents[run*BLOCKS+lane]);
        end
      end
      @(posedge clk);
      #1 writes = 0;
      if (busy) begin
        errors = errors + 1;
        $display("run %0d: busy after its last word", run);
      end
      at = WANTED - 1;
      begin_run(1'b0);
      if (!framed) errors = errors + 1;
      repeat (50) @(posedge clk);
      #1;
      if (writes != 0) begin
        errors = errors + 1;
        $display("run %0d: framed again", run);
      end
    end
    if (errors == 0) $display("PASS %0d", RUNS * WANTED);
    else $display("FAIL");
    $finish;
  end

endmodule
`default_nettype wire
