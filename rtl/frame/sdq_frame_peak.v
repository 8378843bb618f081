`default_nettype none
// The shared exponent of a block: post = max(0, bl(max |t|) − 7), bl the bit length, over all numbers t that come with
// valid_i, count_i of a word at most.
//
// After the block's last word done_i is set, and in the cycle after it post_o is the block's, until the next done_i.
// done_i comes 2 cycles after the last word, or later, and before the next block's first word.
module sdq_frame_peak #(
    parameter VALUES = 2,
    parameter WIDTH = 22
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire [      VALUES-1:0] valid_i,  // numbers that count
    input  wire [VALUES*WIDTH-1:0] word_i,
    input  wire                    done_i,
    output reg  [             4:0] post_o
);

  // |t| is below 2^(WIDTH − 1).
  localparam BITS = WIDTH - 1;

  reg [VALUES*BITS-1:0] magnitudes_q;
  reg [BITS-1:0] peak_q;
  reg [BITS-1:0] any;
  reg [4:0] post;
  integer k;

  genvar n;
  generate
    for (n = 0; n < VALUES; n = n + 1) begin : g_value
      wire [BITS-1:0] number = word_i[n*WIDTH+:BITS];
      wire negative = word_i[n*WIDTH+BITS];

      always @(posedge clk_i) begin
        if (!valid_i[n]) magnitudes_q[n*BITS+:BITS] <= {BITS{1'b0}};
        else magnitudes_q[n*BITS+:BITS] <= (number ^ {BITS{negative}}) + {{BITS - 1{1'b0}}, negative};
      end
    end
  endgenerate

  // The bitwise disjunction has the bit length of the largest.
  always @* begin
    any = {BITS{1'b0}};
    for (k = 0; k < VALUES; k = k + 1) any = any | magnitudes_q[k*BITS+:BITS];
  end

  always @* begin
    post = 5'd0;
    for (k = 7; k < BITS; k = k + 1) if (peak_q[k]) post = k[4:0] - 5'd6;
  end

  always @(posedge clk_i) begin
    if (!rst_ni || done_i) peak_q <= {BITS{1'b0}};
    else peak_q <= peak_q | any;

    if (done_i) post_o <= post;
  end

endmodule
`default_nettype wire
