`default_nettype none
// sdq_result_reader against shift, rounding and saturation of each accumulator, with results taken late. A memory with one
// cycle of latency, whose output holds between reads, gives the accumulators. +seed=N, +stall=P: percent of cycles in
// which no result is taken.
module results_tb #(
    parameter UNITS = 3,
    parameter UNIT_WIDTH = 2,
    parameter RESULTS = 1,
    parameter ACC_WIDTH = 44,
    parameter ADDR_WIDTH = 4,
    parameter ROW_WIDTH = 6
);

  localparam RUNS = 60;
  localparam LATENCY = 6;
  localparam WORDS = 1 << ADDR_WIDTH;
  localparam MOST_ROWS = WORDS * UNITS < (1 << ROW_WIDTH) ? WORDS * UNITS : (1 << ROW_WIDTH) - 1;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg start;
  reg [ROW_WIDTH-1:0] rows;
  reg [7:0] shift;
  wire done;
  wire read_en;
  wire [ADDR_WIDTH-1:0] read_addr;
  reg [UNITS*ACC_WIDTH-1:0] read_data;
  wire valid;
  reg ready;
  wire [32*RESULTS-1:0] data;
  wire last;

  reg [UNITS*ACC_WIDTH-1:0] memory[0:WORDS-1];

  always #5 clk = !clk;
  always @(posedge clk) if (read_en) read_data <= memory[read_addr];

  sdq_result_reader #(
      .UNITS     (UNITS),
      .UNIT_WIDTH(UNIT_WIDTH),
      .RESULTS   (RESULTS),
      .ACC_WIDTH (ACC_WIDTH),
      .ADDR_WIDTH(ADDR_WIDTH),
      .ROW_WIDTH (ROW_WIDTH)
  ) dut (
      .clk_i         (clk),
      .rst_ni        (rst_n),
      .start_i       (start),
      .rows_i        (rows),
      .shift_i       (shift),
      .done_o        (done),
      .read_en_o     (read_en),
      .read_addr_o   (read_addr),
      .read_data_i   (read_data),
      .result_valid_o(valid),
      .result_ready_i(ready),
      .result_data_o (data),
      .result_last_o (last)
  );

  integer seed, stall, errors, run, row, n, cycles, amount;
  reg signed [ACC_WIDTH-1:0] accumulator;
  reg signed [127:0] wide;
  reg [31:0] wanted;
  reg held;
  reg [32*RESULTS:0] before;
  integer end_row;

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("stall=%d", stall)) stall = 0;
    errors = 0;
    {start, ready} = 2'b00;
    repeat (3) @(negedge clk);
    rst_n = 1'b1;
    for (run = 0; run < RUNS; run = run + 1) begin
      for (n = 0; n < WORDS; n = n + 1) memory[n] = {$random(seed), $random(seed), $random(seed), $random(seed), $random(seed), $random(seed), $random(seed), $random(seed)};
      rows = run == 0 ? 1 : run == 1 ? MOST_ROWS : 1 + $unsigned($random(seed)) % MOST_ROWS;
      amount = run & 1 ? $unsigned($random(seed)) % 80 - 16 : ACC_WIDTH - 32 + $unsigned($random(seed)) % 6 - 2;
      shift = amount;
      start = 1'b1;
      ready = $random(seed);
      @(negedge clk);
      start = 1'b0;
      cycles = 1;
      row = 0;
      held = 1'b0;
      while (row < rows && cycles < 10000) begin
        ready = $unsigned($random(seed)) % 100 >= stall;
        #4;
        if (valid === 1'bx || (valid && row == 0 && !held && cycles != LATENCY)) errors = errors + 1;
        if (held && (!valid || {last, data} !== before)) errors = errors + 1;
        end_row = row + RESULTS < rows ? row + RESULTS : rows;
        if (done !== (valid && ready && end_row == rows)) errors = errors + 1;
        if (valid && ready && last !== (end_row == rows)) errors = errors + 1;
        for (n = 0; valid && ready && row < end_row; n = n + 1) begin
          accumulator = memory[row/UNITS] >> (row % UNITS * ACC_WIDTH);
          wide = accumulator;
          if (amount > 0) wide = (wide + (128'sd1 <<< (amount - 1))) >>> amount;
          else wide = wide <<< -amount;
          wanted = wide > 128'sh7fffffff ? 32'h7fffffff : wide < -128'sh80000000 ? 32'h80000000 : wide[31:0];
          if (data[32*n+:32] !== wanted) begin
            errors = errors + 1;
            if (errors < 5) $display("run %0d, row %0d, shift %0d: %h, not %h", run, row, amount, data[32*n+:32], wanted);
          end
          row = row + 1;
        end
        held = valid && !ready;
        before = {last, data};
        cycles = cycles + 1;
        @(negedge clk);
      end
      if (row != rows) errors = errors + 1;
      // Nothing more may come.
      for (n = 0; n < ($random(seed) & 15); n = n + 1) begin
        #4 if (valid !== 1'b0 || done !== 1'b0 || read_en !== 1'b0) errors = errors + 1;
        @(negedge clk);
      end
    end
    if (errors == 0) $display("PASS %0d runs", RUNS);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
