`default_nettype none
// Frames a vector (docs/numerics.md, "Framing a vector", mode `hadamard`): from the mantissas v of each block and its
// exponent to samples u and their exponent,
//
//   t[k · P + j] = Σ_i H[j][i] · σ_k[i] · v[i],  post = max(0, bl(max |t|) − 7)
//   u = saturate( t >> post, rounded ),  exponent + post
//
// A level of the fast transforms of all segments is a pass through the work memory, VALUES numbers per cycle; SAMPLES of
// them are rounded per cycle. A transform of P < 2 · VALUES is done with 2 · VALUES entries, whose first P, and all their
// repetitions, are those wanted, for mantissas beyond P are 0.
//
//   mantissas  word b · (B / VALUES) + w holds v[w · VALUES …] of block b, 16 bits each; B = 2^BLOCK_WIDTH
//   signs      word (k, w) has a bit for each of them, 1 for −1
//   samples    u[j] of block b is lane j mod LANES of word b · SLOT_WORDS + ⌊j / LANES⌋
//
// start_i begins with what word_i says (see sdq_frame_walk; its low bits number the vector's shape), unless the vector
// is framed in this shape. touched_i says that its mantissas or exponents have changed. busy_o: it is being framed, and
// neither may come. framed_o: the samples of word beat_addr_i can be read. Memories answer one cycle after their address;
// the work memory is in here.
module sdq_frame_unit #(
    parameter LANES = 8,
    parameter LANE_WIDTH = 3,
    parameter VALUES = 2,  // a power of two, 2 … 2 · LANES and at most half of a block
    parameter VALUE_WIDTH = 1,
    parameter SAMPLES = 2,  // the lesser of VALUES and LANES
    parameter GRANULE = 2,  // least number of samples that are written at once; divides SAMPLES
    parameter BLOCK_WIDTH = 5,  // log2(B)
    parameter SEGMENT_WIDTH = 1,
    parameter WORK_WIDTH = 5,  // index width of the words of one half of the work memory
    parameter ROUND_WIDTH = 5,
    parameter SHAPE_WIDTH = 1,
    parameter SLOT_WORDS = 1,
    parameter ACTIVATION_ADDR_WIDTH = 1,
    parameter BLOCK_ADDR_WIDTH = 1,
    parameter FRAME_WIDTH = 61
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                             start_i,
    input  wire [     BLOCK_ADDR_WIDTH-1:0] last_block_i,
    input  wire                             has_tail_i,
    input  wire [          FRAME_WIDTH-1:0] word_i,
    input  wire                             touched_i,
    input  wire [ACTIVATION_ADDR_WIDTH-1:0] beat_addr_i,
    output wire                             framed_o,
    output wire                             busy_o,

    output wire                                                vector_read_o,
    output wire [BLOCK_ADDR_WIDTH+BLOCK_WIDTH-VALUE_WIDTH-1:0] vector_addr_o,
    input  wire [                               16*VALUES-1:0] vector_word_i,
    output wire [   SEGMENT_WIDTH+BLOCK_WIDTH-VALUE_WIDTH-1:0] signs_index_o,
    input  wire [                                  VALUES-1:0] signs_word_i,
    output wire                                                header_read_o,
    output wire [                        BLOCK_ADDR_WIDTH-1:0] header_addr_o,
    input  wire [                                         7:0] header_exponent_i,

    output wire [                LANES-1:0] sample_wen_o,
    output wire [ACTIVATION_ADDR_WIDTH-1:0] sample_addr_o,
    output wire [              8*LANES-1:0] sample_word_o,
    output wire                             exponent_wen_o,
    output wire [     BLOCK_ADDR_WIDTH-1:0] exponent_addr_o,
    output wire [                      7:0] exponent_o
);

  localparam WIDTH = 16 + BLOCK_WIDTH;
  localparam KIND_WIDTH = (FRAME_WIDTH - SHAPE_WIDTH) / 2;

  generate
    if (VALUES != (1 << VALUE_WIDTH) || VALUE_WIDTH < 1 || VALUES > 2 * LANES || LANES != (1 << LANE_WIDTH) ||
        SAMPLES != (VALUES < LANES ? VALUES : LANES) || SAMPLES % GRANULE != 0 || BLOCK_WIDTH > 8 ||
        FRAME_WIDTH != SHAPE_WIDTH + 2 * KIND_WIDTH) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d VALUES=%0d SAMPLES=%0d GRANULE=%0d BLOCK_WIDTH=%0d FRAME_WIDTH=%0d", LANES, VALUES,
                 SAMPLES, GRANULE, BLOCK_WIDTH, FRAME_WIDTH);
        $finish;
      end
    end
  endgenerate

  // Which vector shape the samples have, if they are complete.
  reg framed_q;
  reg busy_q;
  reg [SHAPE_WIDTH-1:0] shape_q;
  wire starts = start_i && !(framed_q && shape_q == word_i[SHAPE_WIDTH-1:0]);
  wire complete;

  always @(posedge clk_i) begin
    if (!rst_ni || starts || touched_i) framed_q <= 1'b0;
    else if (complete) framed_q <= 1'b1;

    if (!rst_ni || complete) busy_q <= 1'b0;
    else if (starts) busy_q <= 1'b1;

    if (starts) shape_q <= word_i[SHAPE_WIDTH-1:0];
  end

  // Reads of mantissas in cycle 0, of the work memory in cycle 1.
  wire read;
  wire load;
  wire [WORK_WIDTH:0] work_addr;
  wire pass;
  wire pass_second;
  wire pass_end;
  wire pass_half;
  wire pass_final;
  wire pass_full;
  wire pass_partial;
  wire [VALUE_WIDTH-1:0] valid_lane;
  wire round;
  wire round_part;
  wire round_end;
  wire round_final;
  wire [LANE_WIDTH:0] step;

  sdq_frame_walk #(
      .PARTS           (VALUES / SAMPLES),
      .VALUE_WIDTH     (VALUE_WIDTH),
      .BLOCK_WIDTH     (BLOCK_WIDTH),
      .SEGMENT_WIDTH   (SEGMENT_WIDTH),
      .WORK_WIDTH      (WORK_WIDTH),
      .ROUND_WIDTH     (ROUND_WIDTH),
      .LANE_WIDTH      (LANE_WIDTH),
      .BLOCK_ADDR_WIDTH(BLOCK_ADDR_WIDTH),
      .KIND_WIDTH      (KIND_WIDTH)
  ) u_walk (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .start_i       (starts),
      .last_block_i  (last_block_i),
      .has_tail_i    (has_tail_i),
      .word_i        (word_i[FRAME_WIDTH-1:SHAPE_WIDTH]),
      .read_o        (read),
      .load_o        (load),
      .work_addr_o   (work_addr),
      .vector_addr_o (vector_addr_o),
      .signs_index_o (signs_index_o),
      .pass_o        (pass),
      .pass_second_o (pass_second),
      .pass_end_o    (pass_end),
      .pass_half_o   (pass_half),
      .pass_final_o  (pass_final),
      .pass_full_o   (pass_full),
      .pass_partial_o(pass_partial),
      .valid_lane_o  (valid_lane),
      .round_o       (round),
      .round_part_o  (round_part),
      .round_end_o   (round_end),
      .round_final_o (round_final),
      .step_o        (step)
  );

  assign vector_read_o = load;

  // Cycle 2: words of the work memory. Cycle 3: the source of the transform and of the rounding. Cycle 5: their results.
  wire read_1;
  wire [WORK_WIDTH:0] work_addr_1;
  wire load_2;
  wire second_3;
  wire part_3;
  wire write;
  wire write_end;
  wire write_half;
  wire write_full;
  wire write_partial;
  wire rounded;
  wire rounded_end;
  wire rounded_final;
  wire [VALUE_WIDTH-1:0] lane_5;
  wire [LANE_WIDTH:0] step_5;

  sdq_delay #(
      .WIDTH (WORK_WIDTH + 2),
      .CYCLES(1)
  ) u_work_read (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({read, work_addr}),
      .d_o   ({read_1, work_addr_1})
  );

  sdq_delay #(
      .WIDTH (1),
      .CYCLES(2)
  ) u_load (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (load),
      .d_o   (load_2)
  );

  sdq_delay #(
      .WIDTH (2),
      .CYCLES(3)
  ) u_source (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({pass_second, round_part}),
      .d_o   ({second_3, part_3})
  );

  sdq_delay #(
      .WIDTH (8 + VALUE_WIDTH + LANE_WIDTH + 1),
      .CYCLES(5)
  ) u_results (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i({pass, pass_end, pass_half, pass_full, pass_partial, round, round_end, round_final, valid_lane, step}),
      .d_o({write, write_end, write_half, write_full, write_partial, rounded, rounded_end, rounded_final, lane_5, step_5})
  );

  // The transform.
  wire [VALUES*WIDTH-1:0] work_word;
  wire [VALUES*WIDTH-1:0] source;
  wire [VALUES*WIDTH-1:0] result;
  reg [WORK_WIDTH-1:0] write_q;

  always @(posedge clk_i) begin
    if (!rst_ni) write_q <= {WORK_WIDTH{1'b0}};
    else if (write) write_q <= write_end ? {WORK_WIDTH{1'b0}} : write_q + 1'b1;
  end

  sdq_ram_1r1w #(
      .WORDS     (2 << WORK_WIDTH),
      .ADDR_WIDTH(WORK_WIDTH + 1),
      .BYTES     (1),
      .BYTE_WIDTH(VALUES * WIDTH)
  ) u_work (
      .clk_i  (clk_i),
      .wen_i  (write),
      .waddr_i({write_half, write_q}),
      .wdata_i(result),
      .ren_i  (read_1),
      .raddr_i(work_addr_1),
      .rdata_o(work_word)
  );

  sdq_frame_signs #(
      .VALUES(VALUES),
      .WIDTH (WIDTH)
  ) u_signs (
      .clk_i      (clk_i),
      .mantissas_i(vector_word_i),
      .negative_i (signs_word_i),
      .load_i     (load_2),
      .work_i     (work_word),
      .word_o     (source)
  );

  sdq_walsh_step #(
      .VALUES(VALUES),
      .WIDTH (WIDTH)
  ) u_step (
      .clk_i   (clk_i),
      .second_i(second_3),
      .word_i  (source),
      .word_o  (result)
  );

  // The exponent: the last pass's end, 6 to 8 cycles later.
  wire header_6;
  wire peak_7;
  wire exponent_8;
  wire [4:0] post;
  reg [BLOCK_ADDR_WIDTH-1:0] block_q;
  reg [7:0] header_q;

  sdq_delay #(
      .WIDTH (1),
      .CYCLES(6)
  ) u_header (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (pass_end && pass_final),
      .d_o   (header_6)
  );

  sdq_delay #(
      .WIDTH (2),
      .CYCLES(1)
  ) u_exponent (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({header_6, peak_7}),
      .d_o   ({peak_7, exponent_8})
  );

  sdq_frame_peak #(
      .VALUES(VALUES),
      .WIDTH (WIDTH)
  ) u_peak (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i({VALUES{write_full}} | ({VALUES{write_partial}} & ({VALUES{1'b1}} >> ~lane_5))),
      .word_i (result),
      .done_i (peak_7),
      .post_o (post)
  );

  always @(posedge clk_i) begin
    if (starts) block_q <= {BLOCK_ADDR_WIDTH{1'b0}};
    else if (exponent_8) block_q <= block_q + 1'b1;

    header_q <= header_exponent_i;
  end

  assign header_read_o   = header_6;
  assign header_addr_o   = block_q;
  assign exponent_wen_o  = exponent_8;
  assign exponent_addr_o = block_q;
  assign exponent_o      = header_q + {3'd0, post};

  // The samples.
  wire [8*SAMPLES-1:0] samples;
  reg [ACTIVATION_ADDR_WIDTH-1:0] slot_q;
  reg [ACTIVATION_ADDR_WIDTH-1:0] addr_q;
  reg [LANE_WIDTH-1:0] lane_q;
  wire [ACTIVATION_ADDR_WIDTH-1:0] next_slot = slot_q + SLOT_WORDS[ACTIVATION_ADDR_WIDTH-1:0];
  wire [LANE_WIDTH:0] next_lane = {1'b0, lane_q} + step_5;
  wire [LANE_WIDTH-1:0] fixed = ~(step_5[LANE_WIDTH-1:0] - 1'b1);  // bits in which the lanes of a chunk do not differ

  sdq_frame_round #(
      .VALUES (VALUES),
      .SAMPLES(SAMPLES),
      .WIDTH  (WIDTH)
  ) u_round (
      .clk_i    (clk_i),
      .part_i   (part_3),
      .post_i   (post),
      .word_i   (source),
      .samples_o(samples)
  );

  always @(posedge clk_i) begin
    if (starts) begin
      slot_q <= {ACTIVATION_ADDR_WIDTH{1'b0}};
      addr_q <= {ACTIVATION_ADDR_WIDTH{1'b0}};
      lane_q <= {LANE_WIDTH{1'b0}};
    end else if (rounded_end) begin
      slot_q <= next_slot;
      addr_q <= next_slot;
      lane_q <= {LANE_WIDTH{1'b0}};
    end else if (rounded) begin
      if (next_lane[LANE_WIDTH]) addr_q <= addr_q + 1'b1;
      lane_q <= next_lane[LANE_WIDTH-1:0];
    end
  end

  genvar g;
  generate
    for (g = 0; g < LANES; g = g + GRANULE) begin : g_granule
      wire [LANE_WIDTH-1:0] differs = (g[LANE_WIDTH-1:0] ^ lane_q) & fixed;
      assign sample_wen_o[g+:GRANULE] = {GRANULE{rounded && differs == {LANE_WIDTH{1'b0}}}};
    end
  endgenerate

  assign sample_addr_o = addr_q;
  assign sample_word_o = {LANES / SAMPLES{samples}};
  assign complete      = rounded_final;
  assign framed_o      = framed_q || beat_addr_i < addr_q;
  assign busy_o        = busy_q;

endmodule
`default_nettype wire
