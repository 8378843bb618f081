`default_nettype none
// Lets sdq_attention execute instructions and compares all that it writes, and the cycles in which it begins and ends.
// +name=PREFIX of files in hex: .commands, .parameters (words), .exp2, .root (from entry 256 on), and what is wanted, in order:
// .vectors (elements that count, address, word), .scores, .logits. A command is, low end first,
//
//   16 · VALUES bits of mantissas, then 8 bits of operation, 8 of units to wait for (dot, mix), 32 of its cycle, 7 × 16 of operands
//
// Cycles count from the first instruction after the last SYNC, but those in which a matrix is told to pause. Between the
// mantissas of CUT are +gaps=PERCENT idle cycles, from +seed=N, and as many of the cycles of a matrix are pauses. Prints "PASS <commands>" or "FAIL".
module attention_tb #(
    parameter COMMANDS = 1,
    parameter VECTORS = 1,
    parameter SCORES = 1,
    parameter LOGITS = 1,
    parameter PARAMETERS = 1,
    parameter LANES = 4,
    parameter LANE_WIDTH = 2,
    parameter LEVELS = 2,
    parameter VALUES = 4,
    parameter VALUE_WIDTH = 2,
    parameter GROUP_WIDTH = 1,
    parameter LAYERS = 2,
    parameter KV_HEADS = 2,
    parameter GROUP = 2,
    parameter CONTEXT = 16,
    parameter CHUNKS = 2,
    parameter LAYER_WIDTH = 1,
    parameter HEAD_WIDTH = 2,
    parameter POSITION_WIDTH = 4,
    parameter CHUNK_WIDTH = 1,
    parameter PLACE_WIDTH = 6,
    parameter WORD_WIDTH = 7,
    parameter QUERY_WORDS = 8,
    parameter QUERY_ADDR_WIDTH = 3,
    parameter MATRIX_LANES = 4,
    parameter MATRIX_LANE_WIDTH = 2,
    parameter VALUE_PARTS = 4,
    parameter VALUE_PART_WIDTH = 2,
    parameter QUERY_PARTS = 1,
    parameter QUERY_PART_WIDTH = 1,
    parameter SCALE_WIDTH = 3,
    parameter ROW_WIDTH = 8,
    parameter LENGTH_WIDTH = 8,
    parameter PARAMETER_ADDR_WIDTH = 10,
    parameter VECTOR_ADDR_WIDTH = 6,
    parameter SCORE_MANTISSA = 16384,
    parameter SCORE_SHIFT = 38,
    parameter DOT_WIDTH = 34,
    parameter LIFT = 0,
    parameter SUM_WIDTH = 21,
    parameter SPARE_WIDTH = 3,
    parameter MIXED_WIDTH = 36
) ();

  localparam COMMAND_WIDTH = 16 * VALUES + 160;

  localparam STEP = 8'd1;
  localparam CUT = 8'd2;
  localparam SCORE = 8'd3;
  localparam MIX = 8'd4;
  localparam MATRIX = 8'd5;
  localparam SYNC = 8'd6;
  localparam BEST = 8'd7;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  reg [8*1024-1:0] name;
  reg [COMMAND_WIDTH-1:0] commands[0:COMMANDS-1];
  reg [32*VALUES-1:0] parameters[0:PARAMETERS-1];
  reg [16:0] exp2[0:1023];
  reg [15:0] root[0:1023];
  reg [32*VALUES+23:0] vectors[0:VECTORS-1];
  reg [31:0] scores[0:SCORES-1];
  reg [31:0] logits[0:LOGITS-1];

  integer errors;
  integer at;
  integer cycle;
  integer base;
  integer issued;
  integer gaps;
  integer seed;
  integer vector_at;
  integer score_at;
  integer logit_at;
  integer k;
  integer element;

  wire [COMMAND_WIDTH-1:0] command = commands[at];
  wire [7:0] operation = command[16*VALUES+:8];
  wire [7:0] waits = command[16*VALUES+8+:8];
  wire [31:0] wanted = command[16*VALUES+16+:32];
  wire [111:0] operands = command[16*VALUES+48+:112];
  wire [15:0] a = operands[15:0];
  wire [15:0] b = operands[31:16];

  reg [LAYER_WIDTH-1:0] layer;
  reg [POSITION_WIDTH-1:0] position;
  reg score_start;
  reg matrix_start;
  reg mix_start;
  reg cut_start;
  reg pause;
  integer pause_seed;
  reg cut_valid;
  wire dot_free;
  wire dot_idle;
  wire mix_free;
  wire mix_idle;
  wire parameter_read;
  wire [PARAMETER_ADDR_WIDTH-1:0] parameter_addr;
  reg [32*VALUES-1:0] parameter_word;
  reg [1:0] table_wen;
  reg [9:0] table_addr;
  wire vector_wen;
  wire [VECTOR_ADDR_WIDTH-1:0] vector_addr;
  wire [32*VALUES-1:0] vector_word;
  wire logit_valid;
  wire [31:0] logit;
  wire [ROW_WIDTH-1:0] best;
  wire [31:0] best_logit;

  wire starts = score_start || matrix_start || mix_start;

  sdq_attention #(
      .LANES               (LANES),
      .LANE_WIDTH          (LANE_WIDTH),
      .LEVELS              (LEVELS),
      .VALUES              (VALUES),
      .VALUE_WIDTH         (VALUE_WIDTH),
      .GROUP_WIDTH         (GROUP_WIDTH),
      .LAYERS              (LAYERS),
      .KV_HEADS            (KV_HEADS),
      .GROUP               (GROUP),
      .CONTEXT             (CONTEXT),
      .CHUNKS              (CHUNKS),
      .LAYER_WIDTH         (LAYER_WIDTH),
      .HEAD_WIDTH          (HEAD_WIDTH),
      .POSITION_WIDTH      (POSITION_WIDTH),
      .CHUNK_WIDTH         (CHUNK_WIDTH),
      .PLACE_WIDTH         (PLACE_WIDTH),
      .WORD_WIDTH          (WORD_WIDTH),
      .QUERY_WORDS         (QUERY_WORDS),
      .QUERY_ADDR_WIDTH    (QUERY_ADDR_WIDTH),
      .MATRIX_LANES        (MATRIX_LANES),
      .MATRIX_LANE_WIDTH   (MATRIX_LANE_WIDTH),
      .VALUE_PARTS         (VALUE_PARTS),
      .VALUE_PART_WIDTH    (VALUE_PART_WIDTH),
      .QUERY_PARTS         (QUERY_PARTS),
      .QUERY_PART_WIDTH    (QUERY_PART_WIDTH),
      .SCALE_WIDTH         (SCALE_WIDTH),
      .ROW_WIDTH           (ROW_WIDTH),
      .LENGTH_WIDTH        (LENGTH_WIDTH),
      .PARAMETER_ADDR_WIDTH(PARAMETER_ADDR_WIDTH),
      .VECTOR_ADDR_WIDTH   (VECTOR_ADDR_WIDTH),
      .SCORE_MANTISSA      (SCORE_MANTISSA),
      .SCORE_SHIFT         (SCORE_SHIFT),
      .DOT_WIDTH           (DOT_WIDTH),
      .LIFT                (LIFT),
      .SUM_WIDTH           (SUM_WIDTH),
      .SPARE_WIDTH         (SPARE_WIDTH),
      .MIXED_WIDTH         (MIXED_WIDTH)
  ) dut (
      .clk_i           (clk),
      .rst_ni          (rst_n),
      .table_wen_i     (table_wen),
      .table_addr_i    (table_addr),
      .table_data_i    (table_wen[0] ? exp2[table_addr] : {1'b0, root[table_addr]}),
      .layer_i         (layer),
      .position_i      (position),
      .pause_i         (pause),
      .dot_free_o      (dot_free),
      .dot_idle_o      (dot_idle),
      .mix_free_o      (mix_free),
      .mix_idle_o      (mix_idle),
      .score_start_i   (score_start),
      .matrix_start_i  (matrix_start),
      .mix_start_i     (mix_start),
      .head_i          (starts ? a[HEAD_WIDTH-1:0] : {HEAD_WIDTH{1'bx}}),
      .target_i        (starts ? b[VECTOR_ADDR_WIDTH-1:0] : {VECTOR_ADDR_WIDTH{1'bx}}),
      .out_i           (a[0]),
      .values_i        (operands[32+:PARAMETER_ADDR_WIDTH]),
      .scales_i        (operands[48+:PARAMETER_ADDR_WIDTH]),
      .rows_i          (operands[64+:ROW_WIDTH]),
      .cols_i          (operands[80+:LENGTH_WIDTH]),
      .shift_i         (operands[96+:8]),
      .cut_valid_i     (cut_valid),
      .cut_space_i     (a[1:0]),
      .cut_start_i     (cut_start),
      .cut_segment_i   (b[6+:HEAD_WIDTH]),
      .cut_exponent_i  (b[5:1]),
      .cut_word_i      (command[16*VALUES-1:0]),
      .parameter_read_o(parameter_read),
      .parameter_addr_o(parameter_addr),
      .parameter_word_i(parameter_word),
      .vector_wen_o    (vector_wen),
      .vector_addr_o   (vector_addr),
      .vector_word_o   (vector_word),
      .score_valid_o   (),
      .score_o         (),
      .logit_valid_o   (logit_valid),
      .logit_o         (logit),
      .best_o          (best),
      .best_logit_o    (best_logit)
  );

  // Parameters. A word that was not asked for is unknown.
  always @(posedge clk) begin
    parameter_word <= parameter_read ? parameters[parameter_addr] : {32 * VALUES{1'bx}};
  end

  // What is written.
  wire [32*VALUES+23:0] vector_now = vectors[vector_at];

  always @(posedge clk) begin
    if (rst_n && vector_wen !== 1'b0) begin
      if (vector_wen !== 1'b1 || vector_at >= VECTORS || vector_addr !== vector_now[32*VALUES+:VECTOR_ADDR_WIDTH]) begin
        errors = errors + 1;
        $display("word %0d: written to %0d, wanted %0d", vector_at, vector_addr, vector_now[32*VALUES+:16]);
      end
      for (element = 0; element < VALUES; element = element + 1) begin
        if (element < vector_now[32*VALUES+16+:8] && vector_word[32*element+:32] !== vector_now[32*element+:32]) begin
          errors = errors + 1;
          $display("word %0d element %0d: %h, wanted %h", vector_at, element, vector_word[32*element+:32],
                   vector_now[32*element+:32]);
        end
      end
      vector_at = vector_at + 1;
    end
    if (rst_n && dut.score_wen !== 1'b0) begin
      if (score_at >= SCORES || dut.score_in !== scores[score_at]) begin
        errors = errors + 1;
        $display("score %0d: %h, wanted %h", score_at, dut.score_in, scores[score_at]);
      end
      score_at = score_at + 1;
    end
    if (rst_n && logit_valid !== 1'b0) begin
      if (logit_at >= LOGITS || logit !== logits[logit_at]) begin
        errors = errors + 1;
        $display("logit %0d: %h, wanted %h", logit_at, logit, logits[logit_at]);
      end
      logit_at = logit_at + 1;
    end
  end

  always @(posedge clk) begin
    if (pause && dut.u_dot.matrix_busy && base >= 0) base = base + 1;
    #1 pause = ($random(pause_seed) & 127) * 100 < gaps * 128;
  end

  task tick;
    begin
      @(posedge clk);
      #1 cycle = cycle + 1;
    end
  endtask

  task check_cycle;
    begin
      if (base < 0) base = cycle;
      if (cycle - base != wanted) begin
        errors = errors + 1;
        $display("command %0d (%0d): cycle %0d, wanted %0d", at, operation, cycle - base, wanted);
      end
    end
  endtask

  initial begin
    if (!$value$plusargs("name=%s", name)) $finish;
    if (!$value$plusargs("gaps=%d", gaps)) gaps = 0;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    pause_seed = seed;
    pause = 1'b0;
    $readmemh({name, ".commands"}, commands);
    $readmemh({name, ".parameters"}, parameters);
    $readmemh({name, ".exp2"}, exp2);
    $readmemh({name, ".root"}, root, 256);
    $readmemh({name, ".vectors"}, vectors);
    $readmemh({name, ".scores"}, scores);
    $readmemh({name, ".logits"}, logits);
    errors = 0;
    cycle = 0;
    base = -1;
    issued = -2;
    at = 0;
    vector_at = 0;
    score_at = 0;
    logit_at = 0;
    {score_start, matrix_start, mix_start, cut_start, cut_valid} = 5'd0;
    table_wen = 2'd0;
    repeat (3) tick;
    rst_n = 1'b1;
    for (k = 0; k < 2048; k = k + 1) begin
      table_wen  = k < 1024 ? 2'd1 : 2'd2;
      table_addr = k[9:0];
      tick;
    end
    table_wen = 2'd0;
    if ({dot_free, dot_idle, mix_free, mix_idle} !== 4'b1111) begin
      errors = errors + 1;
      $display("free or idle after reset: %b, wanted 1111", {dot_free, dot_idle, mix_free, mix_idle});
    end
    while (at < COMMANDS && errors < 10) begin
      #1;
      case (operation)
        STEP: begin
          layer    = a[LAYER_WIDTH-1:0];
          position = b[POSITION_WIDTH-1:0];
          repeat (3) tick;
        end
        CUT: begin
          cut_start = b[0];
          if (cut_start) tick;
          cut_start = 1'b0;
          while (($random(seed) & 127) * 100 < gaps * 128) tick;
          cut_valid = 1'b1;
          tick;
          cut_valid = 1'b0;
        end
        SCORE, MIX, MATRIX: begin
          while (cycle < issued + 2 || !(operation == MIX ? mix_free : dot_free) || (waits[0] && !dot_idle) ||
                 (waits[1] && !mix_idle)) begin
            tick;
            #1;
          end
          check_cycle;
          issued       = cycle;
          score_start  = operation == SCORE;
          mix_start    = operation == MIX;
          matrix_start = operation == MATRIX;
          tick;
          {score_start, matrix_start, mix_start} = 3'd0;
        end
        SYNC: begin
          while (!dot_idle || !mix_idle) tick;
          check_cycle;
          base = -1;
        end
        BEST: begin
          if (best !== a[ROW_WIDTH-1:0] || best_logit !== operands[16+:32]) begin
            errors = errors + 1;
            $display("best %0d with %h, wanted %0d with %h", best, best_logit, a, operands[16+:32]);
          end
        end
        default: errors = errors + 1;
      endcase
      at = at + 1;
    end
    repeat (100) tick;
    if (vector_at != VECTORS || score_at != SCORES || logit_at != LOGITS) begin
      errors = errors + 1;
      $display("%0d words, %0d scores, %0d logits; wanted %0d, %0d, %0d", vector_at, score_at, logit_at, VECTORS, SCORES, LOGITS);
    end
    if (errors == 0) $display("PASS %0d", COMMANDS);
    else $display("FAIL");
    $finish;
  end

endmodule
`default_nettype wire
