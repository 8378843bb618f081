`default_nettype none
// sdq_mac_array against products: random symbols and activations, beats with gaps between them, the last of a block with
// some lanes masked. Sums must come in the cycle that the module promises and stand still without a beat. +seed=N.
module mac_tb #(
    parameter LANES = 8,
    parameter LEVELS = 3,
    parameter ROWS = 5,
    parameter TERNARY = 1,
    parameter SIGN_TREE = 0,
    parameter STORED_WIDTH = 8,
    parameter WEIGHT_BYTES = 8
);

  localparam STEPS = 1000;
  localparam SUM_WIDTH = 8 + LEVELS;
  localparam LATENCY = 3 + LEVELS;  // from beat_i
  localparam GROUPS = TERNARY != 0 ? ROWS / 5 : 1;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg [8*WEIGHT_BYTES-1:0] bytes;
  wire [WEIGHT_BYTES*STORED_WIDTH-1:0] word;
  reg [8*LANES-1:0] activations;
  reg beat;
  reg last_beat;
  reg [LEVELS-1:0] last_lane;
  wire [ROWS*SUM_WIDTH-1:0] sums;
  wire [ROWS-1:0] signs;

  always #5 clk = !clk;

  // In nine bits, a byte is stored as sdq_symbol_pack gives it.
  genvar u;
  generate
    for (u = 0; u < WEIGHT_BYTES; u = u + 1) begin : g_byte
      if (STORED_WIDTH == 9) begin : g_packed
        wire [4:0] nonzero;
        wire [4:0] negative;
        sdq_base3_decode u_decode (
            .byte_i    (bytes[8*u+:8]),
            .nonzero_o (nonzero),
            .negative_o(negative)
        );
        sdq_symbol_pack u_pack (
            .nonzero_i (nonzero),
            .negative_i(negative),
            .code_o    (word[9*u+:9])
        );
      end else begin : g_plain
        assign word[8*u+:8] = bytes[8*u+:8];
      end
    end
  endgenerate

  sdq_mac_array #(
      .LANES       (LANES),
      .LEVELS      (LEVELS),
      .ROWS        (ROWS),
      .TERNARY     (TERNARY),
      .SIGN_TREE   (SIGN_TREE),
      .WEIGHT_BYTES(WEIGHT_BYTES),
      .STORED_WIDTH(STORED_WIDTH),
      .SUM_WIDTH   (SUM_WIDTH)
  ) dut (
      .clk_i        (clk),
      .rst_ni       (rst_n),
      .word_i       (word),
      .activations_i(activations),
      .beat_i       (beat),
      .last_beat_i  (last_beat),
      .last_lane_i  (last_lane),
      .sums_o       (sums),
      .signs_o      (signs)
  );

  integer seed;
  integer step;
  integer errors;
  integer seen;
  integer l, g, r, i;
  integer symbols[0:LANES*ROWS-1];
  integer sum;
  integer value;
  reg signed [7:0] activation;
  reg beat_before;
  reg last_before;
  reg [LEVELS-1:0] lane_before;
  reg [LATENCY:0] due;
  integer wanted[0:(LATENCY+1)*ROWS-1];  // by step modulo LATENCY + 1
  reg [ROWS*(SUM_WIDTH+1)-1:0] shown;

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    seen = 0;
    due = 0;
    {beat, last_beat} = 2'b00;
    repeat (2) @(negedge clk);
    for (step = 0; step < STEPS; step = step + 1) begin
      @(negedge clk);
      rst_n = 1'b1;
      if (due[LATENCY-1]) begin
        seen = seen + 1;
        for (r = 0; r < ROWS; r = r + 1) begin
          value = $signed(sums[r*SUM_WIDTH+:SUM_WIDTH]);
          if (SIGN_TREE == 0) value = value + signs[r];
          else if (signs[r]) value = -value;
          if ((^sums) === 1'bx || (^signs) === 1'bx || value !== wanted[(step%(LATENCY+1))*ROWS+r]) errors = errors + 1;
        end
      end else if (seen > 0 && {sums, signs} !== shown) errors = errors + 1;
      shown = {sums, signs};

      // The word and the activations of the beat that was announced in the cycle before.
      beat_before = beat;
      last_before = last_beat;
      lane_before = last_lane;
      for (l = 0; l < LANES; l = l + 1) begin
        activations[8*l+:8] = step & 64 ? ($random(seed) & 1 ? 8'h80 : 8'h7f) : $random(seed);
        for (g = 0; g < GROUPS; g = g + 1) begin
          value = 0;
          for (i = (TERNARY != 0 ? 4 : ROWS - 1); i >= 0; i = i - 1) begin
            r = 5 * g + i;
            if (TERNARY != 0) begin
              symbols[l*ROWS+r] = step & 128 ? 1 : $unsigned($random(seed)) % 3 - 1;
              value = 3 * value + symbols[l*ROWS+r] + 1;
            end else begin
              symbols[l*ROWS+r] = $random(seed) & 1 ? 1 : -1;
              bytes[l*ROWS+r] = symbols[l*ROWS+r] > 0;
            end
          end
          if (TERNARY != 0) bytes[8*(l*GROUPS+g)+:8] = value;
        end
      end
      due = {due[LATENCY-1:0], 1'b0};
      if (beat_before) begin
        due[1] = 1'b1;
        for (r = 0; r < ROWS; r = r + 1) begin
          sum = 0;
          for (l = 0; l < LANES; l = l + 1) begin
            activation = activations[8*l+:8];
            if (!last_before || l <= lane_before) sum = sum + symbols[l*ROWS+r] * activation;
          end
          wanted[((step+LATENCY-1)%(LATENCY+1))*ROWS+r] = sum;
        end
      end
      beat = (step & 256 ? 3 : $random(seed) & 3) != 0;
      last_beat = ($random(seed) & 3) == 0;
      last_lane = $random(seed);
    end
    if (errors == 0 && seen > 0) $display("PASS %0d beats", seen);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
