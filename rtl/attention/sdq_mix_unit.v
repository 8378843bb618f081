`default_nettype none
// The softmax of a head's scores, and the cached values weighted with it (docs/numerics.md, "Attention"). LANES products
// per cycle:
//
//   p_t      = 2^(score_t − top) in Q16, sum = Σ p_t                        t = 0 … position
//   mixed[i] = Σ rs(p_t · value_t[i] · 2^8, most − e_t)                     e_t the value's exponent, most their largest,
//                                                                           that of place `position`
//   out[i]   = sat32(rs(rs(mixed[i], spare) · recip, 54 + 2 · half − spare − most)), spare = bl(sum) − 17,
//              recip = rs(mantissa², 16), (mantissa, half) the reciprocal root of sum
//
// MIX of a head takes n = (position + 1) · CHUNKS cycles to read and 10 more until it hands its sums over, or as many as it
// takes until those of the head before are written. From the start in cycle 0, and the handover in cycle t ≥ n + 10: free_o
// is clear in cycles 1 … t − 1; idle_o is clear until t + 19 + HEAD_DIM, and then all is written, if no other head was started.
//
// Memories are read with a latency of one cycle, and so are the tables: exp2_entry_i is entry exp2_index_o of exp2,
// root_entry_i entry root_index_o − 256 of reciprocalRoot.
module sdq_mix_unit #(
    parameter LANES = 4,
    parameter LANE_WIDTH = 2,  // index width of LANES
    parameter VALUES = 4,
    parameter VALUE_WIDTH = 2,
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
    parameter VECTOR_ADDR_WIDTH = 6,
    parameter SUM_WIDTH = 21,  // holds 2^16 · CONTEXT
    parameter SPARE_WIDTH = 3,  // holds SUM_WIDTH − 17
    parameter MIXED_WIDTH = 36  // holds every mixed[i], 34 or more
) (
    input wire clk_i,
    input wire rst_ni,

    output wire free_o,
    output wire idle_o,

    input wire                         start_i,
    input wire [      LAYER_WIDTH-1:0] layer_i,
    input wire [       HEAD_WIDTH-1:0] head_i,
    input wire [   POSITION_WIDTH-1:0] position_i,
    input wire [VECTOR_ADDR_WIDTH-1:0] target_i,

    output wire                    score_read_o,
    output wire [POSITION_WIDTH:0] score_addr_o,
    input  wire [            31:0] score_i,
    input  wire [            63:0] top_i,         // of both buffers, 0 low

    output wire                   value_read_o,
    output wire [ WORD_WIDTH-1:0] value_addr_o,
    input  wire [    8*LANES-1:0] value_word_i,
    output wire [PLACE_WIDTH-1:0] value_place_o,
    input  wire [            4:0] value_exponent_i,
    output reg                    most_read_o,
    output reg  [PLACE_WIDTH-1:0] most_place_o,
    input  wire [            4:0] most_i,

    output wire [ 9:0] exp2_index_o,
    input  wire [16:0] exp2_entry_i,

    output wire [ 9:0] root_index_o,
    input  wire [15:0] root_entry_i,

    output reg                          vector_wen_o,
    output reg  [VECTOR_ADDR_WIDTH-1:0] vector_addr_o,
    output reg  [        32*VALUES-1:0] vector_word_o
);

  localparam LAST_LANE = LANES - 1;
  localparam LAST_CHUNK = CHUNKS - 1;
  localparam LAST_VALUE = VALUES - 1;
  localparam ROUNDED_WIDTH = 34;

  generate
    if (LANES < 1 || LANES > (1 << LANE_WIDTH) || LANES % VALUES != 0 || VALUES > (1 << VALUE_WIDTH) ||
        SUM_WIDTH < 18 || SUM_WIDTH > 52 || SUM_WIDTH - 17 >= (1 << SPARE_WIDTH) || MIXED_WIDTH < ROUNDED_WIDTH) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d LANE_WIDTH=%0d VALUES=%0d VALUE_WIDTH=%0d SUM_WIDTH=%0d SPARE_WIDTH=%0d MIXED_WIDTH=%0d",
                 LANES, LANE_WIDTH, VALUES, VALUE_WIDTH, SUM_WIDTH, SPARE_WIDTH, MIXED_WIDTH);
        $finish;
      end
    end
  endgenerate

  // ---- Cycles 0 to 2: addresses.

  wire unused_ready;
  wire unused_busy;
  wire valid_2;
  wire first_2;
  wire last_2;
  wire chunk_first_2;
  wire chunk_last_2;
  wire [CHUNK_WIDTH-1:0] chunk_2;
  wire [PLACE_WIDTH-1:0] place_2;
  wire [WORD_WIDTH-1:0] word_2;

  sdq_cache_walk #(
      .LAYERS        (LAYERS),
      .KV_HEADS      (KV_HEADS),
      .GROUP         (GROUP),
      .CONTEXT       (CONTEXT),
      .CHUNKS        (CHUNKS),
      .LAYER_WIDTH   (LAYER_WIDTH),
      .HEAD_WIDTH    (HEAD_WIDTH),
      .POSITION_WIDTH(POSITION_WIDTH),
      .CHUNK_WIDTH   (CHUNK_WIDTH),
      .PLACE_WIDTH   (PLACE_WIDTH),
      .WORD_WIDTH    (WORD_WIDTH)
  ) u_values (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .start_i      (start_i),
      .ready_o      (unused_ready),
      .busy_o       (unused_busy),
      .layer_i      (layer_i),
      .head_i       (head_i),
      .position_i   (position_i),
      .valid_o      (valid_2),
      .first_o      (first_2),
      .last_o       (last_2),
      .chunk_first_o(chunk_first_2),
      .chunk_last_o (chunk_last_2),
      .chunk_o      (chunk_2),
      .place_o      (place_2),
      .word_o       (word_2),
      .score_o      (score_addr_o)
  );

  assign score_read_o = valid_2;

  always @(posedge clk_i) begin
    if (!rst_ni) most_read_o <= 1'b0;
    else most_read_o <= valid_2 && first_2 && chunk_first_2;
    most_place_o <= place_2 + {{PLACE_WIDTH - POSITION_WIDTH{1'b0}}, position_i};
  end

  // Exponents and values are read 3 cycles later: in cycle 8 they meet p.

  sdq_delay #(
      .WIDTH (1 + PLACE_WIDTH + WORD_WIDTH),
      .CYCLES(3)
  ) u_word (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({valid_2, place_2, word_2}),
      .d_o   ({value_read_o, value_place_o, value_addr_o})
  );

  // ---- Cycle 3: score. Cycle 4: difference. Cycle 8: p. Cycle 9: their sum.

  reg buffer_q;
  reg [32:0] difference_q;
  wire [31:0] top = buffer_q ? top_i[63:32] : top_i[31:0];
  wire [16:0] p;

  always @(posedge clk_i) begin
    if (start_i) buffer_q <= head_i[0];
    difference_q <= {top[31], top} - {score_i[31], score_i};
  end

  sdq_exp2 u_exp2 (
      .clk_i  (clk_i),
      .d_i    (difference_q),
      .index_o(exp2_index_o),
      .entry_i(exp2_entry_i),
      .p_o    (p)
  );

  wire counts_8;
  wire first_8;
  reg [SUM_WIDTH-1:0] sum_q;

  sdq_delay #(
      .WIDTH (2),
      .CYCLES(6)
  ) u_counts (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({valid_2 && chunk_first_2, first_2}),
      .d_o   ({counts_8, first_8})
  );

  always @(posedge clk_i) begin
    if (counts_8) sum_q <= (first_8 ? {SUM_WIDTH{1'b0}} : sum_q) + {{SUM_WIDTH - 17{1'b0}}, p};
  end

  // ---- Cycle 6: exponents and values. Cycle 7: most − e, 0 … 24; values again. Cycle 8: values · 2^fine. Cycle 9: times p. Cycle 10: / 2^coarse:
  //
  //   2^(8 + e − most) = 2^fine / 2^coarse        fine 0 … 8, coarse 0, 8 or 16

  reg [8*LANES-1:0] word_q;
  reg [4:0] down_q;
  reg [1:0] coarse_8_q;
  reg [1:0] coarse_9_q;
  wire [1:0] coarse = down_q > 5'd16 ? 2'd2 : down_q > 5'd8 ? 2'd1 : 2'd0;
  wire [2:0] fine = 3'd0 - down_q[2:0];
  wire most_of_all = down_q == 5'd0;

  always @(posedge clk_i) begin
    word_q     <= value_word_i;
    down_q     <= most_i - value_exponent_i;
    coarse_8_q <= coarse;
    coarse_9_q <= coarse_8_q;
  end

  wire adds_10;
  wire first_10;
  wire ends_10;
  wire [CHUNK_WIDTH-1:0] chunk_10;

  sdq_delay #(
      .WIDTH (3 + CHUNK_WIDTH),
      .CYCLES(8)
  ) u_beat (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({valid_2, first_2, last_2 && chunk_last_2, chunk_2}),
      .d_o   ({adds_10, first_10, ends_10, chunk_10})
  );

  // ---- Cycle 11: sums, in two banks: one is added to while the other is read.

  reg bank_q;
  reg [CHUNK_WIDTH-1:0] out_chunk_q;
  wire [LANES*MIXED_WIDTH-1:0] out_word;

  genvar n;
  generate
    for (n = 0; n < LANES; n = n + 1) begin : g_lane
      wire signed [15:0] value = {{8{word_q[8*n+7]}}, word_q[8*n+:8]};
      reg signed  [15:0] value_q;
      wire signed [32:0] factor = {{17{value_q[15]}}, value_q};
      wire signed [32:0] weight = {16'd0, p};
      reg signed  [32:0] product_q;
      // One bit below the unit.
      reg         [32:0] addend_q;
      wire        [ 5:0] unused_below = product_q[5:0];
      wire        [ 6:0] unused_signs = product_q[32:26];

      (* ram_style = "distributed" *)
      reg [MIXED_WIDTH-1:0] sums[0:(2<<CHUNK_WIDTH)-1];
      wire [MIXED_WIDTH-1:0] held = sums[{bank_q, chunk_10}];

      always @(posedge clk_i) begin
        value_q   <= most_of_all ? {value[7:0], 8'd0} : value <<< fine;
        product_q <= factor * weight;
        case (coarse_9_q)
          2'd0: addend_q <= {product_q[31:0], 1'b0};
          2'd1: addend_q <= {{8{product_q[31]}}, product_q[31:7]};
          default: addend_q <= {{16{product_q[31]}}, product_q[31:15]};
        endcase
        if (adds_10) begin
          sums[{bank_q, chunk_10}] <= (first_10 ? {MIXED_WIDTH{1'b0}} : held) +
              {{MIXED_WIDTH - 32{addend_q[32]}}, addend_q[32:1]} + {{MIXED_WIDTH - 1{1'b0}}, addend_q[0]};
        end
      end

      assign out_word[MIXED_WIDTH*n+:MIXED_WIDTH] = sums[{!bank_q, out_chunk_q}];
    end
  endgenerate

  // ---- Handover.

  reg active_q;
  reg pending_q;
  reg out_busy_q;
  reg share_q;
  reg [VECTOR_ADDR_WIDTH-1:0] target_q;
  reg [SUM_WIDTH-1:0] out_sum_q;
  reg [4:0] out_most_q;
  wire handover = pending_q && !out_busy_q;
  wire written;

  assign free_o = !active_q || handover;
  assign idle_o = !active_q && !out_busy_q;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q     <= 1'b0;
      pending_q    <= 1'b0;
      out_busy_q   <= 1'b0;
      share_q      <= 1'b0;
      bank_q       <= 1'b0;
    end else begin
      active_q     <= start_i || (active_q && !handover);
      pending_q    <= (adds_10 && ends_10) || (pending_q && !handover);
      out_busy_q   <= handover || (out_busy_q && !written);
      share_q      <= handover;
      bank_q       <= bank_q ^ handover;
    end

    if (start_i) target_q <= target_i;
    if (handover) begin
      out_sum_q    <= sum_q;
      out_most_q   <= most_i;
    end
  end

  // ---- 13 cycles later: 1 / sum, and the last shift. Elements are on their way before it.

  wire [SPARE_WIDTH-1:0] spare;
  wire [5:0] amount;
  wire [16:0] recip;

  sdq_share #(
      .SUM_WIDTH  (SUM_WIDTH),
      .SPARE_WIDTH(SPARE_WIDTH)
  ) u_share (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .start_i     (share_q),
      .sum_i       (out_sum_q),
      .most_i      (out_most_q),
      .root_index_o(root_index_o),
      .root_entry_i(root_entry_i),
      .spare_o     (spare),
      .amount_o    (amount),
      .recip_o     (recip)
  );

  // ---- Cycle 11 from the handover: number of an element. 12: element. 14: rounded. 16: product. 19: result. 20: its word.

  integer k;

  wire out_start;
  reg out_valid_q;
  reg [LANE_WIDTH-1:0] out_lane_q;
  reg signed [MIXED_WIDTH:0] element_q;
  reg signed [MIXED_WIDTH:0] shifted_q;
  reg [ROUNDED_WIDTH-1:0] rounded_q;
  wire out_lane_last = out_lane_q == LAST_LANE[LANE_WIDTH-1:0];
  wire out_last = out_lane_last && out_chunk_q == LAST_CHUNK[CHUNK_WIDTH-1:0];
  reg [MIXED_WIDTH-1:0] element;
  wire unused_signs = &shifted_q;

  // A choice, not a shift by a product.
  always @* begin
    element = {MIXED_WIDTH{1'b0}};
    for (k = 0; k < LANES; k = k + 1) begin
      element = element | (out_word[MIXED_WIDTH*k+:MIXED_WIDTH] & {MIXED_WIDTH{out_lane_q == k[LANE_WIDTH-1:0]}});
    end
  end

  sdq_delay #(
      .WIDTH (1),
      .CYCLES(10)
  ) u_start (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (handover),
      .d_o   (out_start)
  );

  always @(posedge clk_i) begin
    if (!rst_ni) out_valid_q <= 1'b0;
    else out_valid_q <= out_start || (out_valid_q && !out_last);

    if (out_start) begin
      out_lane_q  <= {LANE_WIDTH{1'b0}};
      out_chunk_q <= {CHUNK_WIDTH{1'b0}};
    end else begin
      out_lane_q <= out_lane_last ? {LANE_WIDTH{1'b0}} : out_lane_q + 1'b1;
      if (out_lane_last) out_chunk_q <= out_chunk_q + 1'b1;
    end

    element_q <= {element, 1'b0};
    shifted_q <= element_q >>> spare;
    rounded_q <= shifted_q[ROUNDED_WIDTH:1] + {{ROUNDED_WIDTH - 1{1'b0}}, shifted_q[0]};
  end

  wire [ROUNDED_WIDTH+16:0] product;
  wire [31:0] y;

  sdq_wide_product #(
      .A_WIDTH(ROUNDED_WIDTH),
      .B_WIDTH(17)
  ) u_product (
      .clk_i    (clk_i),
      .a_i      (rounded_q),
      .b_i      (recip),
      .product_o(product)
  );

  sdq_round_shift #(
      .WIDTH(ROUNDED_WIDTH + 17),
      .LIFT (0)
  ) u_round (
      .clk_i   (clk_i),
      .x_i     (product),
      .amount_i(amount),
      .y_o     (y)
  );

  wire y_valid;
  wire y_last;
  reg last_q;
  reg [VALUE_WIDTH-1:0] value_q;
  reg [VECTOR_ADDR_WIDTH-1:0] addr_q;
  wire word_last = value_q == LAST_VALUE[VALUE_WIDTH-1:0];

  sdq_delay #(
      .WIDTH (2),
      .CYCLES(8)
  ) u_result (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({out_valid_q, out_last}),
      .d_o   ({y_valid, y_last})
  );

  assign written = vector_wen_o && last_q;

  always @(posedge clk_i) begin
    if (!rst_ni) vector_wen_o <= 1'b0;
    else vector_wen_o <= y_valid && word_last;

    last_q        <= y_last;
    vector_addr_o <= addr_q;
    if (handover) begin
      value_q <= {VALUE_WIDTH{1'b0}};
      addr_q  <= target_q;
    end else if (y_valid) begin
      value_q <= word_last ? {VALUE_WIDTH{1'b0}} : value_q + 1'b1;
      addr_q  <= word_last ? addr_q + 1'b1 : addr_q;
    end
    for (k = 0; k < VALUES; k = k + 1) if (y_valid && value_q == k[VALUE_WIDTH-1:0]) vector_word_o[32*k+:32] <= y;
  end

endmodule
`default_nettype wire
