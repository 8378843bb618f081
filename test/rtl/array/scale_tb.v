`default_nettype none
// sdq_block_scale and sdq_accumulator as the engine connects them, with random beats, against the definition:
//
//   A[r] = Σ_b round(T[r, b] · 2^exponent),  T = scale · Σ_beats value << shift  (+ mean · sample sum)
//
// Items must come in the cycles that the modules promise. Row groups follow each other as fast as is allowed, or with
// idle cycles. +seed=N.
module scale_tb #(
    parameter ROWS = 6,
    parameter UNITS = 2,
    parameter PHASES = 3,
    parameter PHASE_WIDTH = 2,
    parameter GROUPS = 2,
    parameter GAIN_WIDTH = 2,
    parameter SUM_WIDTH = 11,
    parameter VALUE_WIDTH = SUM_WIDTH,  // of the sums that come; no block's total needs more than TOTAL_WIDTH
    parameter TOTAL_WIDTH = 17,
    parameter SCALED_WIDTH = 25,
    parameter ACC_WIDTH = 48,
    parameter HIGHEST = 17,  // exponent
    parameter MEANS = 0,
    parameter SIGN_TREE = 0,
    parameter FORWARD = 0,
    parameter BANKS = 1,
    parameter SLICES = 1,
    parameter SLICE_WIDTH = 0,
    parameter WORD_WIDTH = 3  // index width of GROUPS · PHASES
);

  localparam LINEARS = 12;
  localparam SCALE_BYTES = (MEANS != 0 ? 2 : 1) * ROWS;
  localparam WORDS = GROUPS * PHASES;
  localparam LATENCY = 4;  // from a last beat to its first item

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg valid;
  reg last;
  reg block_end;
  reg final_beat;
  reg [GAIN_WIDTH-1:0] shift;
  reg [ROWS*SUM_WIDTH-1:0] sums;
  reg [ROWS-1:0] signs;
  reg [8*SCALE_BYTES-1:0] scales;
  reg [31:0] block;
  wire item_valid;
  wire item_block_end;
  wire item_final;
  wire [UNITS*(ACC_WIDTH+1)-1:0] addends;
  reg read_en;
  reg [WORD_WIDTH-1:0] read_addr;
  wire [SLICES*UNITS*ACC_WIDTH-1:0] read_data;

  always #5 clk = !clk;

  sdq_block_scale #(
      .ROWS        (ROWS),
      .UNITS       (UNITS),
      .PHASES      (PHASES),
      .PHASE_WIDTH (PHASE_WIDTH),
      .GAIN_WIDTH  (GAIN_WIDTH),
      .SUM_WIDTH   (SUM_WIDTH),
      .TOTAL_WIDTH (TOTAL_WIDTH),
      .SCALED_WIDTH(SCALED_WIDTH),
      .ACC_WIDTH   (ACC_WIDTH),
      .MEANS       (MEANS),
      .SCALE_BYTES (SCALE_BYTES),
      .SIGN_TREE   (SIGN_TREE)
  ) u_scale (
      .clk_i           (clk),
      .rst_ni          (rst_n),
      .valid_i         (valid),
      .last_i          (last),
      .block_end_i     (block_end),
      .final_i         (final_beat),
      .shift_i         (shift),
      .sums_i          (sums),
      .signs_i         (signs),
      .scales_i        (scales),
      .block_i         (block),
      .item_valid_o    (item_valid),
      .item_block_end_o(item_block_end),
      .item_final_o    (item_final),
      .addends_o       (addends)
  );

  sdq_accumulator #(
      .WORDS     (WORDS),
      .ADDR_WIDTH(WORD_WIDTH),
      .UNITS     (UNITS),
      .ACC_WIDTH (ACC_WIDTH),
      .FORWARD   (FORWARD),
      .BANKS     (BANKS),
      .SLICES    (SLICES),
      .SLICE_WIDTH(SLICE_WIDTH)
  ) u_accumulator (
      .clk_i           (clk),
      .rst_ni          (rst_n),
      .item_valid_i    (item_valid),
      .item_block_end_i(item_block_end),
      .item_final_i    (item_final),
      .addends_i       (addends),
      .read_en_i       (read_en),
      .read_bank_i     (linear[0] && BANKS == 2),
      .read_addr_i     (read_addr),
      .read_data_o     (read_data)
  );

  integer seed;
  integer errors;
  integer linear, blocks, b, g, beat, beats, r, n, wait_cycles;
  integer exponent;
  integer now;
  reg [2:0] items_due[0:63];  // by cycle modulo 64: {item, block end, final}
  reg signed [63:0] totals[0:ROWS-1];
  reg signed [95:0] accumulators[0:GROUPS*ROWS-1];
  reg signed [95:0] scaled;
  reg signed [63:0] value;
  reg signed [VALUE_WIDTH-1:0] sum;
  reg extremes;
  reg signed [7:0] mean;
  reg signed [23:0] sample_sum;

  // One clock cycle; the items that are due in it are compared.
  task tick;
    begin
      #4;
      if ({item_valid, item_block_end, item_final} !== items_due[now%64]) errors = errors + 1;
      items_due[now%64] = 3'b000;
      now = now + 1;
      @(negedge clk);
    end
  endtask

  task idle(input integer cycles);
    integer i;
    begin
      valid = 1'b0;
      for (i = 0; i < cycles; i = i + 1) begin
        // What stands at the inputs without a beat does not matter.
        {last, block_end, final_beat, shift} = $random(seed);
        sums = {$random(seed), $random(seed), $random(seed)};
        signs = $random(seed);
        scales = {$random(seed), $random(seed), $random(seed)};
        block = $random(seed);
        tick;
      end
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    now = 0;
    for (n = 0; n < 64; n = n + 1) items_due[n] = 3'b000;
    {valid, last, block_end, final_beat, read_en} = 5'd0;
    linear = 0;
    read_addr = 0;
    repeat (8) @(negedge clk);
    rst_n = 1'b1;
    @(negedge clk);
    for (linear = 0; linear < LINEARS; linear = linear + 1) begin
      idle(1);
      blocks = 1 + ($random(seed) & 3);
      wait_cycles = 0;
      for (b = 0; b < blocks; b = b + 1) begin
        exponent = HIGHEST - $unsigned($random(seed)) % (HIGHEST + 41);
        sample_sum = $random(seed);
        for (g = 0; g < GROUPS; g = g + 1) begin
          // Now and then all numbers are at their limits.
          extremes = linear % 4 == 2;
          beats = extremes ? 8 : linear & 1 ? 1 : 1 + ($random(seed) & 7);
          if (wait_cycles > beats - 1) idle(wait_cycles - beats + 1);
          if (linear % 3 == 2) idle($random(seed) & 3);
          for (r = 0; r < ROWS; r = r + 1) totals[r] = 0;
          for (beat = 0; beat < beats; beat = beat + 1) begin
            valid = 1'b1;
            last = beat == beats - 1;
            block_end = g == GROUPS - 1;
            final_beat = block_end && b == blocks - 1;
            shift = extremes ? {GAIN_WIDTH{1'b1}} : $random(seed);
            for (r = 0; r < ROWS; r = r + 1) begin
              sum = extremes ? {!($random(seed) & 1), {VALUE_WIDTH - 1{1'b0}}} : $random(seed);
              signs[r] = extremes ? 1'b0 : $random(seed);
              if (extremes && !sum[VALUE_WIDTH-1]) sum = {1'b0, {VALUE_WIDTH - 1{1'b1}}};
              sums[r*SUM_WIDTH+:SUM_WIDTH] = sum;
              value = sum;
              if (SIGN_TREE == 0) value = value + signs[r];
              else if (signs[r]) value = -value;
              totals[r] = totals[r] + (value <<< shift);
            end
            for (n = 0; n < SCALE_BYTES; n = n + 1) scales[8*n+:8] = extremes && n < ROWS ? 8'd255 : $random(seed);
            block = {exponent[7:0], sample_sum};
            // Only in the last beat do they count.
            if (!last) block = $random(seed);
            if (last) begin
              for (r = 0; r < ROWS; r = r + 1) begin
                scaled = totals[r] * $signed({1'b0, scales[8*r+:8]});
                if (MEANS != 0) begin
                  mean   = scales[8*(ROWS+r)%(8*SCALE_BYTES)+:8];
                  scaled = scaled + mean * sample_sum;
                end
                if (exponent >= 0) scaled = scaled <<< exponent;
                else scaled = (scaled + (96'sd1 <<< (-exponent - 1))) >>> -exponent;
                accumulators[g*ROWS+r] = b == 0 ? scaled : accumulators[g*ROWS+r] + scaled;
              end
              for (n = 0; n < PHASES; n = n + 1) begin
                items_due[(now+LATENCY+n)%64] = {1'b1, block_end && n == PHASES - 1, final_beat && n == PHASES - 1};
              end
            end
            tick;
          end
          wait_cycles = PHASES - 1;
        end
      end
      idle(LATENCY + PHASES + 4);
      for (n = 0; n < WORDS; n = n + SLICES) begin
        read_en = 1'b1;
        read_addr = n / SLICES;
        tick;
        read_en = 1'b0;
        read_addr = $random(seed);
        tick;
        for (r = 0; r < SLICES * UNITS && n * UNITS + r < GROUPS * ROWS; r = r + 1) begin
          if (read_data[r*ACC_WIDTH+:ACC_WIDTH] !== accumulators[n*UNITS+r][ACC_WIDTH-1:0]) begin
            errors = errors + 1;
            $display("linear %0d, row %0d: %h, not %h", linear, n * UNITS + r, read_data[r*ACC_WIDTH+:ACC_WIDTH],
                     accumulators[n*UNITS+r][ACC_WIDTH-1:0]);
          end
        end
      end
    end
    for (n = 0; n < 64; n = n + 1) if (items_due[n] !== 3'b000) errors = errors + 1;
    if (errors == 0) $display("PASS %0d linears", LINEARS);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
