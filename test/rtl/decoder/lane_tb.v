`default_nettype none
// Random operands for sdq_vector_lane, compared with its equation on wide numbers: sums of one to three products, all shifts
// and magnitudes, biases and old values, limits of saturation. Prints "PASS <sums>" or "FAIL". +seed=N
module lane_tb ();

  localparam COUNT = 4000;
  localparam TOTAL_WIDTH = 31;

  reg clk = 1'b0;
  always #5 clk = !clk;

  integer seed;
  integer at;
  integer terms;
  integer term;
  integer gap;
  integer shift;
  integer errors;
  reg valid;
  reg first;
  reg rectify;
  reg counts;
  reg [35:0] a;
  reg [17:0] b;
  reg [31:0] bias;
  reg [31:0] old;
  wire [5:0] amount = shift + 8;
  wire [53:0] sum;
  wire [TOTAL_WIDTH-1:0] total;
  wire [31:0] value;
  wire [30:0] magnitude;

  reg signed [127:0] exact;
  reg signed [TOTAL_WIDTH-1:0] exact_total;
  reg signed [127:0] wanted;

  sdq_vector_lane #(
      .TOTAL_WIDTH(TOTAL_WIDTH)
  ) dut (
      .clk_i      (clk),
      .valid_i    (valid),
      .first_i    (first),
      .a_i        (a),
      .b_i        (b),
      .amount_i   (amount),
      .bias_i     (bias),
      .old_i      (old),
      .rectify_i  (rectify),
      .counts_i   (counts),
      .sum_o      (sum),
      .total_o    (total),
      .value_o    (value),
      .magnitude_o(magnitude)
  );

  // A number of 0 … bits bits and a sign.
  function signed [63:0] of_any_length(input integer bits);
    reg [63:0] word;
    begin
      word = {$random(seed), $random(seed)};
      word = word & ((64'd1 << ($unsigned($random(seed)) % (bits + 1))) - 1);
      of_any_length = $random(seed) & 1 ? -word : word;
    end
  endfunction

  function signed [127:0] saturated(input signed [127:0] x);
    if (x > 128'sd2147483647) saturated = 128'sd2147483647;
    else if (x < -128'sd2147483647) saturated = -128'sd2147483647;
    else saturated = x;
  endfunction

  function signed [127:0] round_shift(input signed [127:0] x, input integer s);
    if (s > 0) round_shift = (x + (128'sd1 <<< (s - 1))) >>> s;
    else round_shift = x <<< -s;
  endfunction

  task fail(input [8*9-1:0] what, input signed [63:0] found, input signed [63:0] right);
    begin
      errors = errors + 1;
      $display("sum %0d, shift %0d: %0s %0d, wanted %0d", at, shift, what, found, right);
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    valid = 1'b0;
    for (at = 0; at < COUNT && errors < 10; at = at + 1) begin
      terms = 1 + $unsigned($random(seed)) % 3;
      // Half of them near the limit of 32 bits.
      shift = $unsigned($random(seed)) % 64 - 8;
      exact = 0;
      exact_total = 0;
      for (term = 0; term < terms; term = term + 1) begin
        for (gap = $unsigned($random(seed)) % 2; gap > 0; gap = gap - 1) begin
          valid = 1'b0;
          @(posedge clk);
          #1;
        end
        valid = 1'b1;
        first = term == 0;
        a = of_any_length(34);
        b = of_any_length(16);
        exact = exact + $signed(a) * $signed(b);
        exact_total = exact_total + $signed(a[17:0]);
        @(posedge clk);
        #1;
      end
      valid = 1'b0;
      if (at & 1) begin
        for (shift = -8; shift < 55 && (exact >>> (shift + 31)) != 0 && (exact >>> (shift + 31)) != -1; shift = shift + 1);
      end
      bias  = at % 3 == 0 ? 32'd0 : of_any_length(31);
      old   = at % 5 == 0 ? 32'd0 : of_any_length(31);
      rectify = at % 7 == 0;
      counts  = at % 11 != 0;
      repeat (2) @(posedge clk);
      #1;
      if (sum !== exact[53:0]) fail("sum", sum, exact);
      if (total !== exact_total) fail("total", total, exact_total);
      wanted = saturated(saturated(saturated(round_shift(exact, shift)) + $signed(bias)) + $signed(old));
      if (rectify && wanted < 0) wanted = 0;
      repeat (5) @(posedge clk);
      #1;
      if (value !== wanted[31:0]) fail("value", $signed(value), wanted);
      @(posedge clk);
      #1;
      if (wanted < 0) wanted = -wanted;
      if (!counts) wanted = 0;
      if (magnitude !== wanted[30:0]) fail("magnitude", magnitude, wanted);
    end
    if (errors == 0) $display("PASS %0d", at);
    else $display("FAIL");
    $finish;
  end

endmodule
`default_nettype wire
