`default_nettype none
// The array as tables: ROWS rows of LANES lanes in GROUPS = ⌈LANES / 3⌉ groups of three (the last may have fewer). The sums
// of a group's activations are written to a table once and looked up by all rows; a row then adds what it looked up.
// For ternary weights and FPGAs with LUT-RAM.
//
//   fill      fill_i, then one cycle later the activations, which must stay for 14 cycles. They fill bank fill_bank_i,
//             16 cycles after fill_i at the latest; fills are 14 cycles or more apart
//   beat      beat_i with the bank to look up in, then one cycle later word_i: code r · GROUPS + g, 5 bits each, is that
//             of group g in row r: entry (see sdq_table_writer), and in bit 4 whether its sum is negated
//   looking up may begin 16 cycles after fill_i; a bank may be filled again once the last beat that looks up in it is
//   2 cycles old or younger than fill_i
//
// Latency from word_i to sums_o: 1 + LEVELS cycles; sums and signs as sdq_mac_array gives them with SIGN_TREE = 1: row r's
// sum is bits r · SUM_WIDTH of sums_o, negated where its sign is set. Symbol 0 masks lanes without a sample. Without
// beats the registers stand still.
module sdq_table_array #(
    parameter LANES = 8,
    parameter GROUPS = 3,  // ⌈LANES / 3⌉, 2 or more
    parameter LEVELS = 2,  // ⌈log2(GROUPS)⌉
    parameter ROWS = 3,
    parameter WEIGHT_BYTES = 6,  // ⌈5 · ROWS · GROUPS / 8⌉
    parameter SUM_WIDTH = 11  // 8 + ⌈log2(LANES)⌉, at most 10 + LEVELS
) (
    input  wire                      clk_i,
    input  wire                      rst_ni,
    input  wire                      fill_i,
    input  wire                      fill_bank_i,
    input  wire [       8*LANES-1:0] activations_i,
    input  wire                      beat_i,
    input  wire                      beat_bank_i,
    input  wire [8*WEIGHT_BYTES-1:0] word_i,
    output wire [ROWS*SUM_WIDTH-1:0] sums_o,
    output wire [          ROWS-1:0] signs_o
);

  localparam LAST_ENTRY = 4'd13;
  localparam LEGAL = GROUPS >= 2 && LANES <= 3 * GROUPS && LANES > 3 * GROUPS - 3 && GROUPS <= (1 << LEVELS) &&
      GROUPS > (1 << (LEVELS - 1)) && WEIGHT_BYTES * 8 >= 5 * ROWS * GROUPS && WEIGHT_BYTES * 8 < 5 * ROWS * GROUPS + 8 &&
      SUM_WIDTH <= 10 + LEVELS && (LANES << 7) <= (1 << (SUM_WIDTH - 1));

  generate
    if (!LEGAL) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d GROUPS=%0d LEVELS=%0d ROWS=%0d WEIGHT_BYTES=%0d SUM_WIDTH=%0d", LANES, GROUPS, LEVELS,
                 ROWS, WEIGHT_BYTES, SUM_WIDTH);
        $finish;
      end
    end
    if (8 * WEIGHT_BYTES > 5 * ROWS * GROUPS) begin : g_padding
      wire [8*WEIGHT_BYTES-5*ROWS*GROUPS-1:0] unused = word_i[8*WEIGHT_BYTES-1:5*ROWS*GROUPS];
    end
  endgenerate

  // Steps of a fill, the same for all groups: entry_q counts them, two stages behind it the sums are written.
  reg filling_q;
  reg bank_q;
  reg [3:0] entry_q;
  reg clear_q;
  reg negative_q;
  reg [1:0] select_q;

  always @(posedge clk_i) begin
    if (!rst_ni) filling_q <= 1'b0;
    else if (fill_i) filling_q <= 1'b1;
    else if (entry_q == LAST_ENTRY) filling_q <= 1'b0;

    if (fill_i) bank_q <= fill_bank_i;
    clear_q <= fill_i;
    entry_q <= fill_i ? 4'd0 : entry_q + 1'b1;

    // Of the step after entry_q.
    case (entry_q)
      4'd4: select_q <= 2'd0;
      4'd1, 4'd7, 4'd10: select_q <= 2'd1;
      default: select_q <= 2'd2;
    endcase
    case (entry_q)
      4'd2, 4'd3, 4'd7, 4'd8, 4'd9, 4'd10: negative_q <= 1'b1;
      default: negative_q <= 1'b0;
    endcase
  end

  reg write_1_q;
  reg write_2_q;
  reg [4:0] address_1_q;
  reg [4:0] address_2_q;

  always @(posedge clk_i) begin
    if (!rst_ni) {write_2_q, write_1_q} <= 2'b00;
    else {write_2_q, write_1_q} <= {write_1_q, filling_q};
    address_1_q <= {bank_q, entry_q};
    address_2_q <= address_1_q;
  end

  // Which stages have a beat: bit 0 the word, bit 1 what was looked up, then the tree.
  reg [LEVELS:0] moves_q;
  reg beat_bank_q;

  always @(posedge clk_i) begin
    if (!rst_ni) moves_q <= {LEVELS + 1{1'b0}};
    else moves_q <= {moves_q[LEVELS-1:0], beat_i};
    beat_bank_q <= beat_bank_i;
  end

  wire [24*GROUPS-1:0] padded;
  assign padded[8*LANES-1:0] = activations_i;

  genvar g;
  genvar r;
  genvar level;
  genvar node;

  generate
    if (LANES < 3 * GROUPS) begin : g_absent
      assign padded[24*GROUPS-1:8*LANES] = {24 * GROUPS - 8 * LANES{1'b0}};
    end

    for (g = 0; g < GROUPS; g = g + 1) begin : g_group
      wire [9:0] sum;
      wire [5*ROWS-1:0] addresses;
      wire [10*ROWS-1:0] terms;

      sdq_table_writer u_writer (
          .clk_i        (clk_i),
          .clear_i      (clear_q),
          .select_i     (select_q),
          .negative_i   (negative_q),
          .activations_i(padded[24*g+:24]),
          .sum_o        (sum)
      );

      sdq_table_ram #(
          .WIDTH     (10),
          .ADDR_WIDTH(5),
          .PORTS     (ROWS)
      ) u_table (
          .clk_i  (clk_i),
          .wen_i  (write_2_q),
          .waddr_i(address_2_q),
          .wdata_i(sum),
          .raddr_i(addresses),
          .rdata_o(terms)
      );

      for (r = 0; r < ROWS; r = r + 1) begin : g_address
        assign addresses[5*r+:5] = {beat_bank_q, word_i[5*(r*GROUPS+g)+:4]};
      end
    end

    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      for (level = 0; level <= LEVELS; level = level + 1) begin : g_level
        // ⌈GROUPS / 2^level⌉ nodes; an odd one passes to the next level as it is.
        for (node = 0; node < ((GROUPS - 1) >> level) + 1; node = node + 1) begin : g_node
          wire [9+level:0] sum;
          wire sign;

          if (level == 0) begin : g_term
            reg [9:0] term_q;
            reg sign_q;
            always @(posedge clk_i) begin
              if (moves_q[0]) begin
                term_q <= g_group[node].terms[10*r+:10];
                sign_q <= word_i[5*(r*GROUPS+node)+4];
              end
            end
            assign sum  = term_q;
            assign sign = sign_q;
          end else if (2 * node + 1 < ((GROUPS - 1) >> (level - 1)) + 1) begin : g_add
            sdq_adder_node #(
                .WIDTH    (9 + level),
                .SIGN_TREE(1)
            ) u_node (
                .clk_i       (clk_i),
                .moves_i     (moves_q[level]),
                .left_i      (g_level[level-1].g_node[2*node].sum),
                .left_sign_i (g_level[level-1].g_node[2*node].sign),
                .right_i     (g_level[level-1].g_node[2*node+1].sum),
                .right_sign_i(g_level[level-1].g_node[2*node+1].sign),
                .sum_o       (sum),
                .sign_o      (sign)
            );
          end else begin : g_pass
            reg [8+level:0] sum_q;
            reg sign_q;
            always @(posedge clk_i) begin
              if (moves_q[level]) begin
                sum_q  <= g_level[level-1].g_node[2*node].sum;
                sign_q <= g_level[level-1].g_node[2*node].sign;
              end
            end
            assign sum  = {sum_q[8+level], sum_q};
            assign sign = sign_q;
          end
        end
      end
      assign sums_o[r*SUM_WIDTH+:SUM_WIDTH] = g_level[LEVELS].g_node[0].sum[SUM_WIDTH-1:0];
      assign signs_o[r] = g_level[LEVELS].g_node[0].sign;
      if (10 + LEVELS > SUM_WIDTH) begin : g_cut
        // Copies of the sign.
        wire [9+LEVELS-SUM_WIDTH:0] unused = g_level[LEVELS].g_node[0].sum[9+LEVELS:SUM_WIDTH];
      end
    end
  endgenerate

endmodule
`default_nettype wire
