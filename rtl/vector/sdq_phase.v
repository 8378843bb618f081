`default_nettype none
// PHASE of docs/decoder.md: cos and sin, Q14, of all rotary pairs at a position,
//
//   phase = (position · ropeStep[pair]) mod 2^32,  step = rs(phase, 20) mod 4096
//   sin = S(step), cos = S(step + 1024)            S from a quarter of a sine (docs/numerics.md, "Rotation")
//
// one pair in two cycles: each half of ropeStep times the position, then the sine and the cosine out of one table. done_o comes
// 2 · PAIRS + 9 cycles after start_i, when the last pair is written. position_i must be stable until then.
// Rotation memory: pair p is field p mod LANE_PAIRS of word p / LANE_PAIRS, cos in its low 16 bits; read one cycle after raddr_i.
// Tables are written before: sine entries 0 … 1023 (entry 1024 is 2^14), ropeStep.
module sdq_phase #(
    parameter PAIRS = 8,
    parameter PAIR_WIDTH = 3,  // index width of PAIRS
    parameter LANE_PAIRS = 1,  // a power of two that divides PAIRS
    parameter WORD_WIDTH = 3,  // index width of PAIRS / LANE_PAIRS
    parameter POSITION_WIDTH = 9
) (
    input wire clk_i,
    input wire rst_ni,

    input wire        sine_wen_i,
    input wire        rope_wen_i,
    input wire [10:0] table_addr_i,
    input wire [31:0] table_data_i,

    input  wire                      start_i,
    input  wire [POSITION_WIDTH-1:0] position_i,
    output wire                      done_o,
    input  wire                      ren_i,
    input  wire [    WORD_WIDTH-1:0] raddr_i,
    output wire [ 32*LANE_PAIRS-1:0] turns_o
);

  localparam WORDS = PAIRS / LANE_PAIRS;

  generate
    if (LANE_PAIRS < 1 || WORDS * LANE_PAIRS != PAIRS || PAIRS > (1 << PAIR_WIDTH) || WORDS > (1 << WORD_WIDTH) ||
        (LANE_PAIRS & (LANE_PAIRS - 1)) != 0 || POSITION_WIDTH > 20 || PAIR_WIDTH > 11) begin : g_illegal
      initial begin
        $display("%m: PAIRS=%0d PAIR_WIDTH=%0d LANE_PAIRS=%0d WORD_WIDTH=%0d POSITION_WIDTH=%0d", PAIRS, PAIR_WIDTH,
                 LANE_PAIRS, WORD_WIDTH, POSITION_WIDTH);
        $finish;
      end
    end
  endgenerate

  localparam [LANE_PAIRS-1:0] FIRST_FIELD = 1;
  localparam LAST_WORD_INDEX = WORDS - 1;
  localparam [WORD_WIDTH-1:0] LAST_WORD = LAST_WORD_INDEX[WORD_WIDTH-1:0];
  localparam LAST_PAIR_INDEX = PAIRS - 1;
  localparam [PAIR_WIDTH-1:0] LAST_PAIR = LAST_PAIR_INDEX[PAIR_WIDTH-1:0];

  // Stage 0: the pair's step is read. 1: its half. 2: product. 3: phase. 6: place in the table. 7: table. 8: sign. 9: written.
  reg active_q;
  reg second_q;
  reg [PAIR_WIDTH-1:0] pair_q;
  reg [9:1] valid_q;
  reg [9:1] seconds_q;
  reg [LANE_PAIRS-1:0] field_q;  // the next pair to be written: a bit per field
  reg [WORD_WIDTH-1:0] word_q;
  wire end_pair = second_q && pair_q == LAST_PAIR;
  wire write = valid_q[9] && seconds_q[9];
  wire [LANE_PAIRS:0] rotated = {field_q, field_q[LANE_PAIRS-1]};
  wire unused_rotated = rotated[LANE_PAIRS];

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      valid_q  <= 9'd0;
    end else begin
      active_q <= start_i || active_q && !end_pair;
      valid_q  <= {valid_q[8:1], active_q};
    end

    seconds_q <= {seconds_q[8:1], second_q};
    if (start_i) begin
      second_q  <= 1'b0;
      pair_q    <= {PAIR_WIDTH{1'b0}};
      field_q  <= FIRST_FIELD;
      word_q   <= {WORD_WIDTH{1'b0}};
    end else begin
      second_q <= !second_q;
      if (second_q) pair_q <= pair_q + 1'b1;
      if (write) begin
        field_q <= rotated[LANE_PAIRS-1:0];
        if (field_q[LANE_PAIRS-1]) word_q <= word_q + 1'b1;
      end
    end
  end

  wire [31:0] rope_step;

  sdq_ram_1r1w #(
      .WORDS     (PAIRS),
      .ADDR_WIDTH(PAIR_WIDTH),
      .BYTES     (1),
      .BYTE_WIDTH(32)
  ) rope_ram (
      .clk_i  (clk_i),
      .wen_i  (rope_wen_i),
      .waddr_i(table_addr_i[PAIR_WIDTH-1:0]),
      .wdata_i(table_data_i),
      .ren_i  (active_q),
      .raddr_i(pair_q),
      .rdata_o(rope_step)
  );

  reg [15:0] digit_q;
  reg [35:0] product_q;
  reg [31:0] phase_q;
  reg [12:0] turn_q;  // high bits of a pair's phase, for two cycles
  wire [3:0] unused_product = product_q[35:32];
  wire [11:0] step = turn_q[12:1] + {11'd0, turn_q[0]};
  wire [11:0] place = {step[11:10] + {1'b0, seconds_q[6]}, step[9:0]};
  reg [9:0] index_q;
  reg [1:0] quarter_q;  // the entry is 2^14, beyond the table
  reg [1:0] negative_q;
  wire [14:0] entry;
  wire [15:0] size = quarter_q[1] ? 16'd16384 : {1'b0, entry};
  reg [15:0] value_q;
  reg [15:0] sine_q;

  always @(posedge clk_i) begin
    digit_q   <= seconds_q[1] ? rope_step[31:16] : rope_step[15:0];
    product_q <= {{36 - POSITION_WIDTH{1'b0}}, position_i} * {20'd0, digit_q};
    phase_q   <= seconds_q[3] ? phase_q + {product_q[15:0], 16'd0} : product_q[31:0];
    if (seconds_q[4]) turn_q <= phase_q[31:19];
    index_q    <= place[10] ? 10'd0 - place[9:0] : place[9:0];
    quarter_q  <= {quarter_q[0], place[10] && place[9:0] == 10'd0};
    negative_q <= {negative_q[0], place[11]};
    value_q    <= negative_q[1] ? 16'd0 - size : size;
    sine_q     <= value_q;
  end

  sdq_ram_1r1w #(
      .WORDS     (1024),
      .ADDR_WIDTH(10),
      .BYTES     (1),
      .BYTE_WIDTH(15)
  ) sine_ram (
      .clk_i  (clk_i),
      .wen_i  (sine_wen_i && !table_addr_i[10]),
      .waddr_i(table_addr_i[9:0]),
      .wdata_i(table_data_i[14:0]),
      .ren_i  (1'b1),
      .raddr_i(index_q),
      .rdata_o(entry)
  );

  sdq_ram_1r1w #(
      .WORDS     (WORDS),
      .ADDR_WIDTH(WORD_WIDTH),
      .BYTES     (LANE_PAIRS),
      .BYTE_WIDTH(32)
  ) turn_ram (
      .clk_i  (clk_i),
      .wen_i  (field_q & {LANE_PAIRS{write}}),
      .waddr_i(word_q),
      .wdata_i({LANE_PAIRS{sine_q, value_q}}),
      .ren_i  (ren_i),
      .raddr_i(raddr_i),
      .rdata_o(turns_o)
  );

  assign done_o = write && field_q[LANE_PAIRS-1] && word_q == LAST_WORD;

endmodule
`default_nettype wire
