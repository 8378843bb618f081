`default_nettype none
// sdq_sdram_weights with a simulated SDRAM. Rounds of host writes and reads of single bytes, and of streams that are taken at
// random times; each stream is run twice, at different times after what came before, and must give its words in the same
// cycles.
//
// +seed=N, +rounds=N; +idle=P: percent of cycles in which the array takes no word. With +stream=W, one stream of W words
// is all that happens. +gap=G: besides, at least G cycles lie between two words.
// Prints "STREAM <first word> <words> <cycles>" per stream, counted from its start to the transfer of its last word, and "PASS"
// or "FAIL".
module sdram_tb #(
    parameter WORD_BEATS = 12,
    parameter BEAT_WIDTH = 4,
    parameter BYTE_INDEX_WIDTH = 5,
    parameter DEPTH = 64,
    parameter DEPTH_WIDTH = 6,
    parameter ROW_WIDTH = 11,
    parameter COLUMN_WIDTH = 9,
    parameter CAS_LATENCY = 2,
    parameter T_RCD = 2,
    parameter T_RP = 2,
    parameter T_RAS = 5,
    parameter T_RFC = 7,
    parameter T_WR = 2,
    parameter T_MRD = 2,
    parameter WAIT_WIDTH = 3,
    parameter REFRESH_CYCLES = 781,
    parameter TIMER_WIDTH = 10,
    parameter INIT_PERIODS = 26,
    parameter ADDR_WIDTH = 22,
    parameter MODEL_T_RCD = 2,
    parameter MODEL_T_RP = 2,
    parameter MODEL_T_RAS = 5,
    parameter MODEL_T_RC = 7,
    parameter MODEL_T_RRD = 2,
    parameter MODEL_T_RFC = 7,
    parameter MODEL_T_WR = 2,
    parameter MODEL_T_MRD = 2,
    parameter MODEL_T_REFI = 781,
    parameter MODEL_T_POWER_UP = 20000
) ();

  localparam WORD_WIDTH = ADDR_WIDTH - 1;
  localparam BYTES = 2 * WORD_BEATS;
  localparam WINDOW = 400;  // words that are written and read, starting at a random one
  localparam TIMEOUT_CYCLES = 100000;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  always #5 clk = !clk;

  integer seed;
  integer rounds;
  integer idle;
  integer gap;
  integer stream_words;
  integer errors;
  integer waited;
  integer base;
  integer round;
  integer n;
  integer first;
  integer words;
  integer taken;
  integer since;
  integer cycles;
  reg [31:0] times;  // of all words, as a hash
  reg [31:0] times_before;
  integer pattern;
  integer turn;
  reg [7:0] shadow[0:WINDOW*BYTES-1];
  reg [16*WORD_BEATS-1:0] wanted;

  reg locked = 1'b0;
  reg wvalid = 1'b0;
  reg rvalid = 1'b0;
  reg [WORD_WIDTH+BYTE_INDEX_WIDTH-1:0] addr = 0;
  reg [7:0] wdata = 0;
  reg start = 1'b0;
  reg [WORD_WIDTH-1:0] start_word = 0;
  reg word_ready = 1'b0;
  wire quiet;
  wire host_ready;
  wire rdata_valid;
  wire [7:0] rdata;
  wire word_valid;
  wire [16*WORD_BEATS-1:0] word;
  wire cs_n, ras_n, cas_n, we_n, dq_oe;
  wire [1:0] ba, dqm;
  wire [12:0] pins_addr;
  wire [15:0] dq_to, dq_from;

  sdq_sdram_weights #(
      .WORD_WIDTH      (WORD_WIDTH),
      .WORD_BEATS      (WORD_BEATS),
      .BEAT_WIDTH      (BEAT_WIDTH),
      .BYTE_INDEX_WIDTH(BYTE_INDEX_WIDTH),
      .DEPTH           (DEPTH),
      .DEPTH_WIDTH     (DEPTH_WIDTH),
      .ROW_WIDTH       (ROW_WIDTH),
      .COLUMN_WIDTH    (COLUMN_WIDTH),
      .CAS_LATENCY     (CAS_LATENCY),
      .T_RCD           (T_RCD),
      .T_RP            (T_RP),
      .T_RAS           (T_RAS),
      .T_RFC           (T_RFC),
      .T_WR            (T_WR),
      .T_MRD           (T_MRD),
      .WAIT_WIDTH      (WAIT_WIDTH),
      .REFRESH_CYCLES  (REFRESH_CYCLES),
      .TIMER_WIDTH     (TIMER_WIDTH),
      .INIT_PERIODS    (INIT_PERIODS),
      .ADDR_WIDTH      (ADDR_WIDTH)
  ) dut (
      .clk_i             (clk),
      .rst_ni            (rst_n),
      .quiet_o           (quiet),
      .locked_i          (locked),
      .host_wvalid_i     (wvalid),
      .host_rvalid_i     (rvalid),
      .host_ready_o      (host_ready),
      .host_addr_i       (addr),
      .host_wdata_i      (wdata),
      .host_rdata_valid_o(rdata_valid),
      .host_rdata_o      (rdata),
      .start_i           (start),
      .start_word_i      (start_word),
      .word_valid_o      (word_valid),
      .word_ready_i      (word_ready),
      .word_o            (word),
      .sdram_cs_no       (cs_n),
      .sdram_ras_no      (ras_n),
      .sdram_cas_no      (cas_n),
      .sdram_we_no       (we_n),
      .sdram_ba_o        (ba),
      .sdram_addr_o      (pins_addr),
      .sdram_dqm_o       (dqm),
      .sdram_dq_o        (dq_to),
      .sdram_dq_oe_o     (dq_oe),
      .sdram_dq_i        (dq_from)
  );

  sdq_sdram_model #(
      .ROW_WIDTH   (ROW_WIDTH),
      .COLUMN_WIDTH(COLUMN_WIDTH),
      .T_RCD       (MODEL_T_RCD),
      .T_RP        (MODEL_T_RP),
      .T_RAS       (MODEL_T_RAS),
      .T_RC        (MODEL_T_RC),
      .T_RRD       (MODEL_T_RRD),
      .T_RFC       (MODEL_T_RFC),
      .T_WR        (MODEL_T_WR),
      .T_MRD       (MODEL_T_MRD),
      .T_REFI      (MODEL_T_REFI),
      .T_POWER_UP  (MODEL_T_POWER_UP)
  ) model (
      .clk_i      (!clk),
      .cs_ni      (cs_n),
      .ras_ni     (ras_n),
      .cas_ni     (cas_n),
      .we_ni      (we_n),
      .ba_i       (ba),
      .addr_i     (pins_addr),
      .dqm_i      (dqm),
      .dq_i       (dq_to),
      .dq_driven_i(dq_oe),
      .dq_o       (dq_from)
  );

  function integer below(input integer limit);
    below = $unsigned($random(seed)) % limit;
  endfunction

  // Whether the array takes a word in a cycle: depends on the stream's own number and time alone.
  function takes_word(input integer time_in_stream);
    integer local_seed;
    begin
      local_seed = pattern + 7919 * time_in_stream;
      takes_word = $unsigned($random(local_seed)) % 100 >= idle && since > gap;
    end
  endfunction

  task mismatch(input integer at);
    begin
      errors = errors + 1;
      $display("round %0d: mismatch at word %0d", round, at);
    end
  endtask

  task host(input integer at, input writes, input [7:0] data);
    begin
      addr   = ((base + at / (1 << BYTE_INDEX_WIDTH)) << BYTE_INDEX_WIDTH) + at % (1 << BYTE_INDEX_WIDTH);
      wdata  = data;
      wvalid = writes;
      rvalid = !writes;
      @(negedge clk);
      while (!host_ready) @(negedge clk);
      @(posedge clk);
      #1 wvalid = 1'b0;
      rvalid = 1'b0;
    end
  endtask

  task host_round;
    integer at;
    integer left;
    integer byte_index;
    begin
      at = below((WINDOW - 10) << BYTE_INDEX_WIDTH);
      for (left = 20; left > 0; left = left - 1) begin
        byte_index = at % (1 << BYTE_INDEX_WIDTH);
        n = (at >> BYTE_INDEX_WIDTH) * BYTES + byte_index;
        if (below(2) == 0) begin
          wanted = below(256);
          host(at, 1'b1, wanted[7:0]);
          if (byte_index < BYTES) shadow[n] = wanted[7:0];
        end else begin
          host(at, 1'b0, 8'd0);
          waited = 0;
          @(negedge clk);
          while (!rdata_valid && waited < TIMEOUT_CYCLES) begin
            waited = waited + 1;
            @(negedge clk);
          end
          if (rdata !== (byte_index < BYTES ? shadow[n] : 8'd0)) mismatch(at >> BYTE_INDEX_WIDTH);
          @(posedge clk);
          #1;
        end
        at = below(3) == 0 ? below((WINDOW - 10) << BYTE_INDEX_WIDTH) : at + 1;
      end
    end
  endtask

  // The cycles of sdq_run_control: the request's transfer when all is quiet, the schedule's look-up, the start.
  task stream;
    begin
      repeat (below(200)) @(posedge clk);
      @(negedge clk);
      while (!quiet) @(negedge clk);
      @(posedge clk);
      #1 locked = 1'b1;
      @(posedge clk);
      #1 start = 1'b1;
      start_word = base + first;
      @(posedge clk);
      #1 start = 1'b0;
      start_word = 0;
      taken = 0;
      cycles = 1;
      times = 0;
      since = gap + 1;
      waited = 0;
      while (taken < words && waited < TIMEOUT_CYCLES && errors < 10) begin
        word_ready = takes_word(cycles);
        @(negedge clk);
        waited = word_valid ? 0 : waited + 1;
        if (word_valid && word_ready) begin
          taken = taken + 1;
          times = 32'd31 * times + cycles;
          since = 0;
        end
        since = since + 1;
        @(posedge clk);
        #1;
        if (since == 1) begin
          for (n = 0; n < BYTES; n = n + 1) wanted[8*n+:8] = shadow[(first+taken-1)*BYTES+n];
          if (word !== wanted) mismatch(first + taken - 1);
        end
        if (taken < words) cycles = cycles + 1;
      end
      if (taken < words) mismatch(first + taken);
      word_ready = 1'b0;
      repeat (below(20)) @(posedge clk);
      #1 locked = 1'b0;
      $display("STREAM %0d %0d %0d", base + first, words, cycles);
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("rounds=%d", rounds)) rounds = 1;
    if (!$value$plusargs("idle=%d", idle)) idle = 0;
    if (!$value$plusargs("gap=%d", gap)) gap = 0;
    if (!$value$plusargs("stream=%d", stream_words)) stream_words = 0;
    errors = 0;
    round = 0;
    base = stream_words > 0 ? 0 : below((1 << ADDR_WIDTH) / WORD_BEATS - WINDOW);
    for (n = 0; n < WINDOW * BYTES; n = n + 1) shadow[n] = $random(seed);
    for (n = 0; n < WINDOW * WORD_BEATS; n = n + 1) model.memory[base*WORD_BEATS+n] = {shadow[2*n+1], shadow[2*n]};
    repeat (3) @(posedge clk);
    #1 rst_n = 1'b1;
    if (stream_words > 0) begin
      first = 0;
      words = stream_words;
      pattern = seed;
      stream;
    end
    for (round = 0; round < rounds && stream_words == 0 && errors < 10; round = round + 1) begin
      if (below(4) > 0) host_round;
      first = below(WINDOW);
      words = 1 + below(WINDOW - first);
      pattern = below(1 << 30);
      stream;
      times_before = times;
      if (below(2) == 0) host_round;
      repeat (below(2000)) @(posedge clk);
      stream;
      if (times !== times_before) begin
        errors = errors + 1;
        $display("round %0d: words came at other times than before", round);
      end
    end
    if (errors == 0) $display("PASS");
    else $display("FAIL");
    $finish;
  end

endmodule
`default_nettype wire
