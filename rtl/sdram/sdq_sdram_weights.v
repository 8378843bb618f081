`default_nettype none
// The weights region in SDRAM: bytes for the host, words in order of the engine's walk for the array.
//
//   byte b of word w lies in beat w · WORD_BEATS + b / 2, in its low byte if b is even
//
// Host: address = w · 2^BYTE_INDEX_WIDTH + b, as in sdq_region_memory: bytes at or above 2 · WORD_BEATS read as 0 and are
// not stored. Requests are taken one at a time with host_ready_o; what is read comes with host_rdata_valid_o.
//
// Array: start_i begins a stream at word start_word_i, while locked_i is set; the stream ends when locked_i falls. Words come
// by word_valid_o and word_ready_i, each on word_o in the cycle after its transfer. locked_i may rise in the
// cycle after one in which quiet_o is set and no host request is offered; from then on, what is transferred when
// is the same for each run of a linear, refresh included.
//
// sdram_*: see sdq_sdram.
module sdq_sdram_weights #(
    parameter WORD_WIDTH = 8,  // of word numbers
    parameter WORD_BEATS = 4,  // 2 or more
    parameter BEAT_WIDTH = 3,  // count width of WORD_BEATS
    parameter BYTE_INDEX_WIDTH = 3,  // of bytes of a word with its padding
    parameter DEPTH = 256,  // of the FIFO, beats
    parameter DEPTH_WIDTH = 8,
    parameter ROW_WIDTH = 13,
    parameter COLUMN_WIDTH = 9,
    parameter CAS_LATENCY = 2,
    parameter T_RCD = 2,
    parameter T_RP = 2,
    parameter T_RAS = 5,
    parameter T_RFC = 7,
    parameter T_WR = 2,
    parameter T_MRD = 2,
    parameter WAIT_WIDTH = 3,
    parameter REFRESH_CYCLES = 780,
    parameter TIMER_WIDTH = 10,
    parameter INIT_PERIODS = 26,
    parameter ADDR_WIDTH = 24
) (
    input wire clk_i,
    input wire rst_ni,

    output wire quiet_o,
    input  wire locked_i,

    input  wire                                   host_wvalid_i,
    input  wire                                   host_rvalid_i,
    output wire                                   host_ready_o,
    input  wire [WORD_WIDTH+BYTE_INDEX_WIDTH-1:0] host_addr_i,
    input  wire [                            7:0] host_wdata_i,
    output reg                                    host_rdata_valid_o,
    output reg  [                            7:0] host_rdata_o,

    input  wire                     start_i,
    input  wire [   WORD_WIDTH-1:0] start_word_i,
    output wire                     word_valid_o,
    input  wire                     word_ready_i,
    output wire [16*WORD_BEATS-1:0] word_o,

    output wire        sdram_cs_no,
    output wire        sdram_ras_no,
    output wire        sdram_cas_no,
    output wire        sdram_we_no,
    output wire [ 1:0] sdram_ba_o,
    output wire [12:0] sdram_addr_o,
    output wire [ 1:0] sdram_dqm_o,
    output wire [15:0] sdram_dq_o,
    output wire        sdram_dq_oe_o,
    input  wire [15:0] sdram_dq_i
);

  localparam BYTES = 2 * WORD_BEATS;
  localparam STRIDE = 1 << BYTE_INDEX_WIDTH;

  generate
    if (BYTES > STRIDE || BYTE_INDEX_WIDTH < 2 || ADDR_WIDTH < WORD_WIDTH) begin : g_illegal
      initial begin
        $display("%m: WORD_BEATS=%0d BYTE_INDEX_WIDTH=%0d ADDR_WIDTH=%0d WORD_WIDTH=%0d", WORD_BEATS, BYTE_INDEX_WIDTH,
                 ADDR_WIDTH, WORD_WIDTH);
        $finish;
      end
    end
  endgenerate

  // A host request, from its transfer until it is done.
  reg pending_q;
  reg asked_q;  // the controller has taken it
  reg write_q;
  reg [BYTE_INDEX_WIDTH-1:0] byte_q;
  reg [7:0] wdata_q;
  wire [BYTE_INDEX_WIDTH-1:0] host_byte = host_addr_i[BYTE_INDEX_WIDTH-1:0];
  wire [STRIDE-1:0] exists = {STRIDE{1'b1}} >> (STRIDE - BYTES);
  reg exists_q;
  wire takes = (host_wvalid_i || host_rvalid_i) && host_ready_o;
  wire controller_ready;
  wire controller_data;
  wire [15:0] data;
  wire done = !exists_q || (write_q ? controller_ready : controller_data);

  assign host_ready_o = !pending_q && !locked_i;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      pending_q <= 1'b0;
      asked_q <= 1'b0;
      host_rdata_valid_o <= 1'b0;
    end else begin
      if (takes) pending_q <= 1'b1;
      else if (done) pending_q <= 1'b0;
      if (takes) asked_q <= 1'b0;
      else if (controller_ready) asked_q <= 1'b1;
      host_rdata_valid_o <= pending_q && done && !write_q;
    end

    if (takes) begin
      write_q  <= host_wvalid_i;
      byte_q   <= host_byte;
      wdata_q  <= host_wdata_i;
      exists_q <= exists[host_byte];
    end
    host_rdata_o <= !exists_q ? 8'd0 : byte_q[0] ? data[15:8] : data[7:0];
  end

  // A stream, from the cycle after its start, when the address is known.
  reg stream_q;

  always @(posedge clk_i) begin
    if (!rst_ni || !locked_i) stream_q <= 1'b0;
    else if (start_i) stream_q <= 1'b1;
  end

  // First beat of a word: a product by a constant, as the sum of a few shifted terms.
  function [ADDR_WIDTH-1:0] beat_of(input [ADDR_WIDTH-1:0] word);
    integer n;
    begin
      beat_of = {ADDR_WIDTH{1'b0}};
      for (n = 0; n < BEAT_WIDTH; n = n + 1) if (WORD_BEATS[n]) beat_of = beat_of + (word << n);
    end
  endfunction

  wire [WORD_WIDTH-1:0] word = locked_i ? start_word_i : host_addr_i[BYTE_INDEX_WIDTH+:WORD_WIDTH];
  wire [ADDR_WIDTH-1:0] beat = beat_of({{ADDR_WIDTH - WORD_WIDTH{1'b0}}, word});
  reg [ADDR_WIDTH-1:0] beat_q;
  wire [ADDR_WIDTH-1:0] host_beat = beat_q + {{ADDR_WIDTH - BYTE_INDEX_WIDTH + 1{1'b0}}, byte_q[BYTE_INDEX_WIDTH-1:1]};

  always @(posedge clk_i) if (start_i || takes) beat_q <= beat;

  wire room;
  wire burst;
  wire beat_valid;
  wire quiet;

  assign quiet_o = quiet && !pending_q;

  sdq_sdram #(
      .ROW_WIDTH     (ROW_WIDTH),
      .COLUMN_WIDTH  (COLUMN_WIDTH),
      .CAS_LATENCY   (CAS_LATENCY),
      .T_RCD         (T_RCD),
      .T_RP          (T_RP),
      .T_RAS         (T_RAS),
      .T_RFC         (T_RFC),
      .T_WR          (T_WR),
      .T_MRD         (T_MRD),
      .WAIT_WIDTH    (WAIT_WIDTH),
      .REFRESH_CYCLES(REFRESH_CYCLES),
      .TIMER_WIDTH   (TIMER_WIDTH),
      .INIT_PERIODS  (INIT_PERIODS),
      .ADDR_WIDTH    (ADDR_WIDTH)
  ) u_sdram (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .quiet_o          (quiet),
      .hold_i           (locked_i),
      .stream_i         (stream_q && locked_i),
      .stream_burst_i   (beat_q[ADDR_WIDTH-1:3]),
      .room_i           (room),
      .burst_o          (burst),
      .beat_valid_o     (beat_valid),
      .host_valid_i     (pending_q && exists_q && !asked_q),
      .host_ready_o     (controller_ready),
      .host_write_i     (write_q),
      .host_addr_i      (host_beat),
      .host_byte_i      (byte_q[0]),
      .host_wdata_i     (wdata_q),
      .host_data_valid_o(controller_data),
      .data_o           (data),
      .sdram_cs_no      (sdram_cs_no),
      .sdram_ras_no     (sdram_ras_no),
      .sdram_cas_no     (sdram_cas_no),
      .sdram_we_no      (sdram_we_no),
      .sdram_ba_o       (sdram_ba_o),
      .sdram_addr_o     (sdram_addr_o),
      .sdram_dqm_o      (sdram_dqm_o),
      .sdram_dq_o       (sdram_dq_o),
      .sdram_dq_oe_o    (sdram_dq_oe_o),
      .sdram_dq_i       (sdram_dq_i)
  );

  // Empty until the cycle after a start: then the address is known.
  reg fresh_q;

  always @(posedge clk_i) fresh_q <= start_i;

  sdq_weight_stream #(
      .DEPTH      (DEPTH),
      .DEPTH_WIDTH(DEPTH_WIDTH),
      .WORD_BEATS (WORD_BEATS),
      .BEAT_WIDTH (BEAT_WIDTH)
  ) u_stream (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .flush_i     (!stream_q || fresh_q),
      .skip_i      (beat_q[2:0]),
      .room_o      (room),
      .burst_i     (burst),
      .beat_valid_i(beat_valid),
      .beat_i      (data),
      .word_valid_o(word_valid_o),
      .word_ready_i(word_ready_i),
      .word_o      (word_o)
  );

endmodule
`default_nettype wire
