`default_nettype none
// 1 / sum for the softmax, by the reciprocal root (docs/numerics.md), with one product of 18 × 18 bits:
//
//   (mantissa, half) = reciprocalRoot(sum),  recip = rs(mantissa², 16),  1 / sum ≈ recip · 2^−(46 + 2 · half)
//   spare = bl(sum) − 17,  amount = 54 + 2 · half − spare − most
//
// 2^16 ≤ sum < 2^SUM_WIDTH. sum_i and most_i must be stable from start_i on. spare_o is there 1 cycle after start_i, amount_o 3
// and recip_o 13, and they stay until the next start. The table lies outside: root_entry_i is entry root_index_o − 256
// of reciprocalRoot of the cycle before.
module sdq_share #(
    parameter SUM_WIDTH = 21,
    parameter SPARE_WIDTH = 3  // holds SUM_WIDTH − 17
) (
    input wire clk_i,
    input wire rst_ni,

    input wire                 start_i,
    input wire [SUM_WIDTH-1:0] sum_i,
    input wire [          4:0] most_i,

    output wire [ 9:0] root_index_o,
    input  wire [15:0] root_entry_i,

    output reg [SPARE_WIDTH-1:0] spare_o,
    output reg [            5:0] amount_o,
    output reg [           16:0] recip_o
);

  // Pairs of bits of a sum, 16 or more.
  localparam PAIRS = SUM_WIDTH <= 32 ? 16 : (SUM_WIDTH + 1) / 2;
  localparam LAST_PAIR = PAIRS - 1;
  localparam [31:0] SIXTEEN = 16;
  localparam [31:0] AMOUNT = 54 + 2 * (PAIRS - 16);

  generate
    if (SUM_WIDTH < 18 || SUM_WIDTH > 46 || SUM_WIDTH - 17 >= (1 << SPARE_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: SUM_WIDTH=%0d SPARE_WIDTH=%0d", SUM_WIDTH, SPARE_WIDTH);
        $finish;
      end
    end
  endgenerate

  // ---- Normalisation: zeros is there 1 cycle after the start, m, the 32 high bits of number_q, 3 cycles.

  wire [2*PAIRS-1:0] sum;
  reg [SPARE_WIDTH-1:0] spare;
  reg [3:0] zeros;  // pairs of zeros above the leading one
  reg [3:0] zeros_q;
  reg [2*PAIRS-1:0] by_8_q;
  reg [2*PAIRS-1:0] number_q;
  reg [6:0] less_q;
  integer k;

  generate
    if (2 * PAIRS > SUM_WIDTH) begin : g_extend
      assign sum = {{2 * PAIRS - SUM_WIDTH{1'b0}}, sum_i};
    end else begin : g_even
      assign sum = sum_i;
    end
  endgenerate

  always @* begin
    spare = {SPARE_WIDTH{1'b0}};
    for (k = 17; k < SUM_WIDTH; k = k + 1) if (sum_i[k]) spare = k[SPARE_WIDTH-1:0] - SIXTEEN[SPARE_WIDTH-1:0];
    zeros = 4'd0;
    for (k = 8; k < PAIRS; k = k + 1) if (sum[2*k+:2] != 2'd0) zeros = LAST_PAIR[3:0] - k[3:0];
  end

  wire [17:0] m = number_q[2*PAIRS-1-:18];  // but its 14 low bits
  wire unused_low = &number_q;
  wire [5:0] spare_6 = {{6 - SPARE_WIDTH{1'b0}}, spare_o};

  assign root_index_o = m[17:8];

  always @(posedge clk_i) begin
    zeros_q  <= zeros;
    spare_o  <= spare;
    by_8_q   <= sum << {zeros_q[3:2], 3'b000};
    number_q <= by_8_q << {zeros_q[1:0], 1'b0};
    // half = PAIRS − 16 − zeros
    less_q   <= {2'b00, zeros_q, 1'b0} + {1'b0, spare_6};
    amount_o <= amount[5:0];
  end

  wire [6:0] amount = AMOUNT[6:0] - less_q - {2'b00, most_i};
  wire unused_amount = amount[6];

  // ---- Four products, of which each takes the one before: 2 cycles each.

  localparam STEPS = 11;
  reg [STEPS-1:1] step_q;  // bit n: n cycles after the start
  reg [17:0] a_q;
  reg [17:0] b_q;
  reg [35:0] product_q;

  wire [35:0] product_wide_a = {18'd0, a_q};
  wire [35:0] product_wide_b = {18'd0, b_q};
  wire [18:0] square = product_q[33:15] + {18'd0, product_q[14]};
  wire [18:0] by_17 = product_q[35:17] + {18'd0, product_q[16]};
  wire [16:0] by_16 = product_q[32:16] + {16'd0, product_q[15]};
  wire unused_high = &{square[18], by_17[18], product_q[13:0]};

  always @(posedge clk_i) begin
    if (!rst_ni) step_q <= {STEPS - 1{1'b0}};
    else step_q <= {step_q[STEPS-2:1], start_i};

    product_q <= product_wide_a * product_wide_b;
    if (step_q[4]) begin
      a_q <= {2'b00, root_entry_i};
      b_q <= {2'b00, root_entry_i};
    end
    if (step_q[6]) begin
      a_q <= m;
      b_q <= square[17:0];
    end
    if (step_q[8]) begin
      a_q <= {2'b00, root_entry_i};
      b_q <= 18'd196608 - by_17[17:0];
    end
    if (step_q[10]) begin
      a_q <= by_17[17:0];
      b_q <= by_17[17:0];
    end
    recip_o <= by_16;
  end

endmodule
`default_nettype wire
