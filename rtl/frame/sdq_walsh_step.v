`default_nettype none
// One level of a fast Walsh-Hadamard transform on a stream of words of VALUES numbers, in constant geometry: every level
// has the same wiring, and after as many levels as an index has bits the entries are in natural order.
//
//   y[2j] = x[j] + x[j + P/2],  y[2j + 1] = x[j] − x[j + P/2]
//
// Words come in pairs, one per cycle: second_i = 0 with x[j], j = m · VALUES and up, then second_i = 1 with x[j + P/2]
// of the same j. Their two words of y come in order, 2 cycles after the word of x with the same second_i.
module sdq_walsh_step #(
    parameter VALUES = 2,  // even
    parameter WIDTH = 22
) (
    input wire clk_i,

    input  wire                    second_i,
    input  wire [VALUES*WIDTH-1:0] word_i,
    output reg  [VALUES*WIDTH-1:0] word_o
);

  localparam HALF = VALUES / 2;

  generate
    if (HALF < 1 || HALF * 2 != VALUES || WIDTH < 2) begin : g_illegal
      initial begin
        $display("%m: VALUES=%0d WIDTH=%0d", VALUES, WIDTH);
        $finish;
      end
    end
  endgenerate

  // The lower halves of both words are added when the second one comes, the upper halves a cycle later.
  reg upper_q;
  reg [VALUES*WIDTH-1:0] first_q;
  reg [HALF*WIDTH-1:0] second_q;

  always @(posedge clk_i) begin
    upper_q <= second_i;
    if (second_i) second_q <= word_i[HALF*WIDTH+:HALF*WIDTH];
    else first_q <= word_i;
  end

  wire [HALF*WIDTH-1:0] left = upper_q ? first_q[HALF*WIDTH+:HALF*WIDTH] : first_q[0+:HALF*WIDTH];
  wire [HALF*WIDTH-1:0] right = upper_q ? second_q : word_i[0+:HALF*WIDTH];

  genvar n;
  generate
    for (n = 0; n < HALF; n = n + 1) begin : g_pair
      always @(posedge clk_i) begin
        word_o[2*n*WIDTH+:WIDTH]     <= left[n*WIDTH+:WIDTH] + right[n*WIDTH+:WIDTH];
        word_o[(2*n+1)*WIDTH+:WIDTH] <= left[n*WIDTH+:WIDTH] - right[n*WIDTH+:WIDTH];
      end
    end
  endgenerate

endmodule
`default_nettype wire
