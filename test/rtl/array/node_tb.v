`default_nettype none
// sdq_term and sdq_adder_node, each alone, with inputs that change in every cycle: with its enable a module takes them,
// without it stands still. +seed=N.
module node_tb #(
    parameter WIDTH = 9,
    parameter SIGN_TREE = 0
);

  localparam STEPS = 3000;

  reg clk = 1'b0;
  reg moves;
  reg [WIDTH-1:0] left;
  reg [WIDTH-1:0] right;
  reg left_sign;
  reg right_sign;
  wire [WIDTH:0] sum;
  wire sum_sign;
  reg zero;
  reg negative;
  reg [7:0] activation;
  wire [7:0] term;
  wire term_sign;

  always #5 clk = !clk;

  sdq_adder_node #(
      .WIDTH    (WIDTH),
      .SIGN_TREE(SIGN_TREE)
  ) u_node (
      .clk_i       (clk),
      .moves_i     (moves),
      .left_i      (left),
      .left_sign_i (left_sign),
      .right_i     (right),
      .right_sign_i(right_sign),
      .sum_o       (sum),
      .sign_o      (sum_sign)
  );

  sdq_term #(
      .SIGN_TREE(SIGN_TREE)
  ) u_term (
      .clk_i       (clk),
      .moves_i     (moves),
      .zero_i      (zero),
      .negative_i  (negative),
      .activation_i(activation),
      .term_o      (term),
      .sign_o      (term_sign)
  );

  integer seed, errors, step, value, wanted_sum, wanted_term;

  // The number that a term and its sign stand for.
  function integer meaning(input integer number, input sign);
    if (SIGN_TREE == 0) meaning = number + sign;
    else meaning = sign ? -number : number;
  endfunction

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    @(negedge clk);
    for (step = 0; step < STEPS; step = step + 1) begin
      {left, right, left_sign, right_sign} = {$random(seed), $random(seed)};
      {zero, negative, activation} = $random(seed);
      // A zero may come again without an enable; then the term it belongs to is there already.
      moves = step == 0 || $random(seed) & 1;
      if (SIGN_TREE != 0 && !moves) zero = 1'b0;
      if (moves) begin
        wanted_sum = meaning($signed(left), left_sign) + meaning($signed(right), right_sign);
        wanted_term = zero ? 0 : negative ? -$signed(activation) : $signed(activation);
      end
      @(negedge clk);
      if ((^{sum, sum_sign, term, term_sign}) === 1'bx) errors = errors + 1;
      if (meaning($signed(sum), sum_sign) !== wanted_sum) errors = errors + 1;
      if (meaning($signed(term), term_sign) !== wanted_term) errors = errors + 1;
    end
    if (errors == 0) $display("PASS %0d cycles", STEPS);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
