`default_nettype none
// Lets sdq_vector_unit execute instructions and compares all that they write, and their cycles. +name=PREFIX of files in hex:
//
//   .tables      words of 4 + 16 + 32 bits: write enables, address, entry
//   .parameters  the parameter memory
//   .results     transfers of results, in order
//   .program     16 fields of 32 bits, low end first: opcode; source; target; length; segment; results, add, biased, rectify
//                from bit 0 on; parameters; scales; row; shift; space; position; cycles; number of words wanted; reference
//   .wanted      words wanted, in order: 32 bits segment, 32 bits exponent, 32 bits for elements to compare, then the elements
//
// +stall=N: results are not there in N % of cycles; cycles are compared only with 0. Prints "PASS <words>" or "FAIL".
`ifndef DIM_RECIPROCAL
`define DIM_RECIPROCAL 33'd67108864
`endif
`ifndef EPSILON
`define EPSILON 52'd0
`endif
module vector_unit_tb #(
    parameter INSTRUCTIONS = 1,
    parameter TABLE_ENTRIES = 1,
    parameter PARAMETER_WORDS = 1,
    parameter TRANSFERS = 1,
    parameter WANTED = 1,
    parameter VALUES = 4,
    parameter VALUE_LOG = 2,
    parameter LANE_WIDTH = 2,
    parameter RESULTS = 1,
    parameter SLOT_WIDTH = 2,
    parameter VECTOR_ADDR_WIDTH = 8,
    parameter PARAMETER_ADDR_WIDTH = 12,
    parameter LENGTH_WIDTH = 8,
    parameter SEGMENTS = 8,
    parameter SEGMENT_WIDTH = 3,
    parameter ROW_WIDTH = 9,
    parameter POSITION_WIDTH = 9,
    parameter DIM = 64,
    parameter CENTERED = 0,
    parameter GATED = 1,
    parameter PAIRS = 4,
    parameter PAIR_WIDTH = 2,
    parameter TURN_WIDTH = 1,
    parameter SUM_WIDTH = 23,
    parameter SQUARES_WIDTH = 37
) ();

  localparam LONGEST = 4000;  // cycles, that no instruction takes
  localparam [3:0] CUT = 4'd13;
  localparam [3:0] LOGITS = 4'd14;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg [8*1024-1:0] name;
  reg [51:0] entries[0:TABLE_ENTRIES-1];
  reg [32*VALUES-1:0] parameter_memory[0:PARAMETER_WORDS-1];
  reg [32*RESULTS-1:0] transfers[0:TRANSFERS-1];
  reg [511:0] program[0:INSTRUCTIONS-1];
  reg [32*VALUES+95:0] wanted[0:WANTED-1];
  reg [32*VALUES-1:0] vectors[0:(1<<VECTOR_ADDR_WIDTH)-1];
  reg [32*VALUES-1:0] seen;

  integer at;
  integer k;
  integer word;      // of the wanted ones, the instruction's first
  integer streamed;  // words of mantissas or logits of this instruction
  integer transfer;
  integer cycle;
  integer errors;
  integer seed;
  integer stall;
  integer lane;
  integer bit_index;

  reg [3:0] table_wen;
  reg [15:0] table_addr;
  reg [31:0] table_data;
  reg start;
  reg offered;
  reg taken;
  wire [511:0] now = program[at];
  wire [3:0] opcode = now[3:0];
  wire busy;
  wire result_ready;
  wire vector_ren;
  wire [VECTOR_ADDR_WIDTH-1:0] vector_raddr;
  reg [32*VALUES-1:0] vector_rdata;
  wire vector_wen;
  wire [VECTOR_ADDR_WIDTH-1:0] vector_waddr;
  wire [32*VALUES-1:0] vector_wdata;
  wire parameter_ren;
  wire [PARAMETER_ADDR_WIDTH-1:0] parameter_addr;
  reg [32*VALUES-1:0] parameter_word;
  wire cut_valid;
  wire [1:0] cut_space;
  wire [SEGMENT_WIDTH-1:0] cut_segment;
  wire [4:0] cut_exponent;
  wire [16*VALUES-1:0] cut_word;
  wire [4:0] reference;
  wire logit_valid;
  wire [VALUES-1:0] logit_counts;
  wire [32*VALUES-1:0] logits;

  sdq_vector_unit #(
      .VALUES              (VALUES),
      .VALUE_LOG           (VALUE_LOG),
      .LANE_WIDTH          (LANE_WIDTH),
      .RESULTS             (RESULTS),
      .SLOT_WIDTH          (SLOT_WIDTH),
      .VECTOR_ADDR_WIDTH   (VECTOR_ADDR_WIDTH),
      .PARAMETER_ADDR_WIDTH(PARAMETER_ADDR_WIDTH),
      .LENGTH_WIDTH        (LENGTH_WIDTH),
      .SEGMENTS            (SEGMENTS),
      .SEGMENT_WIDTH       (SEGMENT_WIDTH),
      .ROW_WIDTH           (ROW_WIDTH),
      .POSITION_WIDTH      (POSITION_WIDTH),
      .DIM                 (DIM),
      .DIM_RECIPROCAL      (`DIM_RECIPROCAL),
      .EPSILON             (`EPSILON),
      .CENTERED            (CENTERED),
      .GATED               (GATED),
      .PAIRS               (PAIRS),
      .PAIR_WIDTH          (PAIR_WIDTH),
      .TURN_WIDTH          (TURN_WIDTH),
      .SUM_WIDTH           (SUM_WIDTH),
      .SQUARES_WIDTH       (SQUARES_WIDTH)
  ) dut (
      .clk_i           (clk),
      .rst_ni          (rst_n),
      .table_wen_i     (table_wen),
      .table_addr_i    (table_addr[10:0]),
      .table_data_i    (table_data),
      .start_i         (start),
      .opcode_i        (opcode),
      .source_i        (now[32+:VECTOR_ADDR_WIDTH]),
      .target_i        (now[64+:VECTOR_ADDR_WIDTH]),
      .length_i        (now[96+:LENGTH_WIDTH]),
      .segment_i       (now[128+:LENGTH_WIDTH]),
      .results_i       (now[160]),
      .add_i           (now[161]),
      .biased_i        (now[162]),
      .rectify_i       (now[163]),
      .parameters_i    (now[192+:PARAMETER_ADDR_WIDTH]),
      .scales_i        (now[224+:PARAMETER_ADDR_WIDTH]),
      .row_i           (now[256+:ROW_WIDTH]),
      .shift_i         (now[288+:8]),
      .space_i         (now[320+:2]),
      .position_i      (now[352+:POSITION_WIDTH]),
      .busy_o          (busy),
      .result_valid_i  (offered),
      .result_i        (transfers[transfer]),
      .result_ready_o  (result_ready),
      .vector_ren_o    (vector_ren),
      .vector_raddr_o  (vector_raddr),
      .vector_rdata_i  (vector_rdata),
      .vector_wen_o    (vector_wen),
      .vector_waddr_o  (vector_waddr),
      .vector_wdata_o  (vector_wdata),
      .parameter_ren_o (parameter_ren),
      .parameter_addr_o(parameter_addr),
      .parameter_i     (parameter_word),
      .cut_valid_o     (cut_valid),
      .cut_space_o     (cut_space),
      .cut_segment_o   (cut_segment),
      .cut_exponent_o  (cut_exponent),
      .cut_word_o      (cut_word),
      .reference_o     (reference),
      .logit_valid_o   (logit_valid),
      .logit_counts_o  (logit_counts),
      .logits_o        (logits)
  );

  task fail(input integer k_i, input [32*VALUES-1:0] found, input [32*VALUES-1:0] right);
    begin
      errors = errors + 1;
      $display("instruction %0d, opcode %0d, word %0d: %h, wanted %h", at, opcode, k_i, found, right);
    end
  endtask

  // Compares elements of `bits` bits each.
  task check(input integer k_i, input [32*VALUES-1:0] found, input integer bits);
    reg wrong;
    begin
      wrong = 1'b0;
      for (lane = 0; lane < VALUES; lane = lane + 1) begin
        for (bit_index = bits * lane; bit_index < bits * (lane + 1); bit_index = bit_index + 1) begin
          if (wanted[word+k_i][32*VALUES+lane] && found[bit_index] !== wanted[word+k_i][bit_index]) wrong = 1'b1;
        end
      end
      if (wrong) fail(k_i, found, wanted[word+k_i][32*VALUES-1:0]);
    end
  endtask

  // Memories. A word that is read while it is written is unknown.
  always @(posedge clk) begin
    if (vector_ren) vector_rdata <= vector_wen && vector_waddr == vector_raddr ? {32 * VALUES{1'bx}} : vectors[vector_raddr];
    if (vector_wen) vectors[vector_waddr] <= vector_wdata;
    if (parameter_ren) parameter_word <= parameter_memory[parameter_addr];
    cycle = cycle + 1;
    taken = offered && result_ready;
    if (cut_valid || logit_valid) begin
      if (cut_valid ? opcode != CUT || cut_space != now[321:320] : opcode != LOGITS) errors = errors + 1;
      seen = cut_valid ? {{16 * VALUES{1'b0}}, cut_word} : logits;
      check(streamed, seen, cut_valid ? 16 : 32);
      if (cut_valid && {27'd0, cut_exponent} !== wanted[word+streamed][32*VALUES+32+:32]) fail(streamed, {1'b1, cut_exponent}, wanted[word+streamed][32*VALUES+32+:32]);
      if (cut_valid && cut_segment !== wanted[word+streamed][32*VALUES+64+:SEGMENT_WIDTH]) fail(streamed, cut_segment, wanted[word+streamed][32*VALUES+64+:32]);
      if (logit_valid && logit_counts !== wanted[word+streamed][32*VALUES+:VALUES]) fail(streamed, logit_counts, wanted[word+streamed][32*VALUES+:VALUES]);
      streamed = streamed + 1;
    end
    #1 if (taken) transfer = transfer + 1;
    if (taken || !offered) offered = transfer < TRANSFERS && $unsigned($random(seed)) % 100 >= stall;
  end

  initial begin
    if (!$value$plusargs("name=%s", name)) $finish;
    if (!$value$plusargs("stall=%d", stall)) stall = 0;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    $readmemh({name, ".tables"}, entries);
    $readmemh({name, ".parameters"}, parameter_memory);
    $readmemh({name, ".results"}, transfers);
    $readmemh({name, ".program"}, program);
    $readmemh({name, ".wanted"}, wanted);
    errors = 0;
    transfer = 0;
    word = 0;
    at = 0;
    cycle = 0;
    streamed = 0;
    start = 1'b0;
    offered = 1'b0;
    table_wen = 4'd0;
    repeat (3) @(posedge clk);
    #1 rst_n = 1'b1;
    for (k = 0; k < TABLE_ENTRIES; k = k + 1) begin
      {table_wen, table_addr, table_data} = entries[k];
      @(posedge clk);
      #1;
    end
    table_wen = 4'd0;
    if ({busy, vector_wen, cut_valid, logit_valid} !== 4'b0000) begin
      errors = errors + 1;
      $display("busy or writing after reset: %b", {busy, vector_wen, cut_valid, logit_valid});
    end
    for (at = 0; at < INSTRUCTIONS && errors < 10; at = at + 1) begin
      streamed = 0;
      cycle = 0;
      start = 1'b1;
      @(posedge clk);
      #1 start = 1'b0;
      while (busy && cycle < LONGEST) begin
        @(posedge clk);
        #1;
      end
      if (busy) begin
        $display("instruction %0d, opcode %0d: no end", at, opcode);
        errors = 10;
      end
      if (stall == 0 && cycle != now[384+:32]) begin
        errors = errors + 1;
        $display("instruction %0d, opcode %0d: %0d cycles, wanted %0d", at, opcode, cycle, now[384+:32]);
      end
      if (opcode == CUT || opcode == LOGITS) begin
        if (streamed != now[416+:32]) fail(streamed, streamed, now[416+:32]);
      end else begin
        for (k = 0; k < now[416+:32]; k = k + 1) check(k, vectors[now[64+:VECTOR_ADDR_WIDTH]+k], 32);
      end
      if (opcode == CUT && now[321:320] == 2'd0 && reference !== now[448+:5]) fail(0, reference, now[448+:32]);
      word = word + now[416+:32];
    end
    if (word != WANTED || transfer != TRANSFERS) errors = errors + 1;
    if (errors == 0) $display("PASS %0d", word);
    else $display("FAIL");
    $finish;
  end

endmodule
`default_nettype wire
