`default_nettype none
// From 16-bit beats to weight words: a FIFO that is filled ahead of the array, and a register in which a word is put together.
//
//   beats:  room_o says that a burst of 8 beats fits, besides those granted by burst_i and still to come
//   words:  word_valid_o and word_ready_i transfer a word, which is on word_o in the next cycle (as from a memory with one
//           cycle of latency), first beat lowest
//
// flush_i empties all; no beat may be under way then. The first skip_i beats after it are dropped (bursts begin at
// multiples of 8). A word of N = WORD_BEATS beats takes N cycles if the beats are there and the word is taken at once; one more
// if it had to wait for the array.
module sdq_weight_stream #(
    parameter DEPTH = 256,  // beats; a power of two, 16 or more
    parameter DEPTH_WIDTH = 8,  // index width of DEPTH
    parameter WORD_BEATS = 4,  // 2 or more
    parameter BEAT_WIDTH = 3  // count width of WORD_BEATS
) (
    input wire clk_i,
    input wire rst_ni,

    input wire       flush_i,
    input wire [2:0] skip_i,

    output wire        room_o,
    input  wire        burst_i,
    input  wire        beat_valid_i,
    input  wire [15:0] beat_i,

    output wire                     word_valid_o,
    input  wire                     word_ready_i,
    output wire [16*WORD_BEATS-1:0] word_o
);

  localparam BURST = 8;
  localparam LAST_BEAT = WORD_BEATS - 1;
  localparam MOST_TAKEN = DEPTH - BURST;

  generate
    if (DEPTH != (1 << DEPTH_WIDTH) || DEPTH < 16 || WORD_BEATS < 2 || WORD_BEATS >= (1 << BEAT_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: DEPTH=%0d DEPTH_WIDTH=%0d WORD_BEATS=%0d BEAT_WIDTH=%0d", DEPTH, DEPTH_WIDTH, WORD_BEATS, BEAT_WIDTH);
        $finish;
      end
    end
  endgenerate

  // FIFO. taken_q: beats stored or granted; level_q: beats stored and not yet asked for.
  reg [DEPTH_WIDTH:0] taken_q;
  reg [DEPTH_WIDTH:0] level_q;
  reg [DEPTH_WIDTH-1:0] waddr_q;
  reg [DEPTH_WIDTH-1:0] raddr_q;
  reg out_valid_q;
  wire [15:0] out;
  wire out_ready;
  wire asks = level_q != {DEPTH_WIDTH + 1{1'b0}} && (!out_valid_q || out_ready);

  assign room_o = taken_q <= MOST_TAKEN[DEPTH_WIDTH:0];

  always @(posedge clk_i) begin
    if (!rst_ni || flush_i) begin
      taken_q <= {DEPTH_WIDTH + 1{1'b0}};
      level_q <= {DEPTH_WIDTH + 1{1'b0}};
      waddr_q <= {DEPTH_WIDTH{1'b0}};
      raddr_q <= {DEPTH_WIDTH{1'b0}};
      out_valid_q <= 1'b0;
    end else begin
      taken_q <= taken_q + (burst_i ? BURST[DEPTH_WIDTH:0] : {DEPTH_WIDTH + 1{1'b0}}) - {{DEPTH_WIDTH{1'b0}}, asks};
      if (beat_valid_i != asks) level_q <= beat_valid_i ? level_q + 1'b1 : level_q - 1'b1;
      if (beat_valid_i) waddr_q <= waddr_q + 1'b1;
      if (asks) raddr_q <= raddr_q + 1'b1;
      out_valid_q <= asks || (out_valid_q && !out_ready);
    end
  end

  sdq_ram_1r1w #(
      .WORDS     (DEPTH),
      .ADDR_WIDTH(DEPTH_WIDTH),
      .BYTES     (1),
      .BYTE_WIDTH(16)
  ) u_ram (
      .clk_i  (clk_i),
      .wen_i  (beat_valid_i),
      .waddr_i(waddr_q),
      .wdata_i(beat_i),
      .ren_i  (asks),
      .raddr_i(raddr_q),
      .rdata_o(out)
  );

  // The word. A word that is taken while its last beat comes in is whole in the next cycle; in the cycle after its
  // transfer the register still holds it, and only then takes the next word's first beat.
  reg [2:0] skip_q;
  reg [BEAT_WIDTH-1:0] count_q;
  reg [16*WORD_BEATS-1:0] word_q;
  wire skips = skip_q != 3'd0;
  wire whole = count_q == WORD_BEATS[BEAT_WIDTH-1:0];
  wire moves = out_valid_q && out_ready;

  assign out_ready = !whole;
  assign word_valid_o = whole || (count_q == LAST_BEAT[BEAT_WIDTH-1:0] && out_valid_q);
  assign word_o = word_q;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      skip_q  <= 3'd0;
      count_q <= {BEAT_WIDTH{1'b0}};
    end else if (flush_i) begin
      skip_q  <= skip_i;
      count_q <= {BEAT_WIDTH{1'b0}};
    end else begin
      if (moves && skips) skip_q <= skip_q - 1'b1;
      if (word_valid_o && word_ready_i) count_q <= {BEAT_WIDTH{1'b0}};
      else if (moves && !skips) count_q <= count_q + 1'b1;
    end

    if (moves) word_q <= {out, word_q[16*WORD_BEATS-1:16]};
  end

`ifdef FORMAL
  `include "sdq_weight_stream_properties.vh"
`endif

endmodule
`default_nettype wire
