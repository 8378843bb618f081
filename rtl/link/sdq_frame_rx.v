`default_nettype none
// Receives frames, and hands on only those whose CRC is right.
//
//   in:  the byte stream of the link: COBS(type, seq, body, crc32) 0x00 ...
//   out: per frame: length (2 bytes, low byte first) of the body, type, seq, body;
//        or, for a damaged or overlong one, the length FFFF and nothing else
//
// One ring of RX_BYTES is both the receive FIFO and the store in which a frame waits for its CRC:
//
//   read_q ..... accepted frames ..... commit_q [length][type, seq, body of the frame being received] write_q ..... free
//
// A frame that proves good has its length written and is committed; a damaged one is replaced by FFFF. A frame takes
// no more bytes here than on the link (which adds CRC and COBS), so a host that has at most RX_BYTES encoded bytes
// unanswered never meets a full ring. A byte is taken every cycle while the ring is not full: the last four bytes of
// a frame, its CRC, are never stored, which leaves the write port free when the length is written.
//
// MAX_BODY: most bytes of a body, below FFFF. RX_BYTES: a power of two that holds the largest frame.
module sdq_frame_rx #(
    parameter MAX_BODY = 1024,
    parameter RX_BYTES = 4096
) (
    input  wire       clk_i,
    input  wire       rst_ni,
    input  wire       rx_valid_i,
    output wire       rx_ready_o,
    input  wire [7:0] rx_data_i,
    output wire       out_valid_o,
    input  wire       out_ready_i,
    output wire [7:0] out_data_o,
    output wire       busy_o        // some of an accepted frame has not been handed on
);

  localparam INDEX_WIDTH = $clog2(RX_BYTES);
  localparam COUNT_WIDTH = $clog2(MAX_BODY + 3);
  // An encoded frame: type, seq, body, CRC, a code per 254 bytes, and the delimiter.
  localparam LARGEST_FRAME = MAX_BODY + 6 + (MAX_BODY + 6 + 253) / 254 + 1;
  // The CRC of any message followed by its own CRC.
  localparam [31:0] CRC_RESIDUE = 32'h2144DF1C;
  localparam [INDEX_WIDTH:0] LENGTH_BYTES = 2;

  generate
    if (RX_BYTES != (1 << INDEX_WIDTH) || RX_BYTES < LARGEST_FRAME) begin : g_reject_rx_bytes
      sdq_reject_RX_BYTES_must_be_a_power_of_two_that_holds_a_frame reject ();
    end
    if (MAX_BODY < 8 || MAX_BODY > 65534) begin : g_reject_max_body
      sdq_reject_MAX_BODY_must_be_8_to_65534 reject ();
    end
  endgenerate

  wire item_valid;
  wire item_ready;
  wire [7:0] item_data;
  wire item_end;
  wire item_error;

  sdq_cobs_decode u_decode (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_valid_i (rx_valid_i),
      .in_ready_o (rx_ready_o),
      .in_data_i  (rx_data_i),
      .out_valid_o(item_valid),
      .out_ready_i(item_ready),
      .out_data_o (item_data),
      .out_end_o  (item_end),
      .out_error_o(item_error)
  );

  reg [INDEX_WIDTH:0] read_q;  // one bit more than an index, to tell full from empty
  reg [INDEX_WIDTH:0] commit_q;
  reg [INDEX_WIDTH:0] write_q;
  reg [COUNT_WIDTH-1:0] count_q;  // bytes stored of the frame being received: type, seq, body
  reg [3:0] held_q;  // which of the last four bytes exist, oldest in bit 3
  reg [31:0] hold_q;  // the last four bytes, oldest first: the CRC, if the frame ends here
  reg overlong_q;
  reg closing_q;  // second of two cycles that write the length
  reg damaged_q;

  wire [31:0] crc;
  wire [INDEX_WIDTH:0] used = write_q - read_q;
  wire full = used[INDEX_WIDTH];
  wire takes_byte = item_valid && item_ready && !item_end;
  wire takes_end = item_valid && item_ready && item_end;
  wire body_full = count_q == MAX_BODY[COUNT_WIDTH-1:0] + 2;
  wire stores = takes_byte && held_q[3] && !body_full;
  wire damaged = item_error || overlong_q || count_q < 2 || crc != CRC_RESIDUE;
  wire [INDEX_WIDTH:0] next_commit = damaged_q ? commit_q + LENGTH_BYTES : write_q;
  wire [15:0] length = {{16 - COUNT_WIDTH{1'b0}}, count_q} - 16'd2;

  assign item_ready = !full && !closing_q;

  sdq_crc32 u_crc (
      .clk_i  (clk_i),
      .init_i (closing_q || !rst_ni),
      .valid_i(takes_byte),
      .data_i (item_data),
      .crc_o  (crc)
  );

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      commit_q <= {INDEX_WIDTH + 1{1'b0}};
      write_q <= LENGTH_BYTES;
      count_q <= {COUNT_WIDTH{1'b0}};
      held_q <= 4'd0;
      overlong_q <= 1'b0;
      closing_q <= 1'b0;
    end else begin
      closing_q <= takes_end;
      if (closing_q) begin
        commit_q <= next_commit;
        write_q <= next_commit + LENGTH_BYTES;
        count_q <= {COUNT_WIDTH{1'b0}};
        held_q <= 4'd0;
        overlong_q <= 1'b0;
      end else if (takes_byte) begin
        held_q <= {held_q[2:0], 1'b1};
        if (held_q[3] && body_full) overlong_q <= 1'b1;
        if (stores) begin
          write_q <= write_q + 1'b1;
          count_q <= count_q + 1'b1;
        end
      end
    end
  end

  always @(posedge clk_i) begin
    if (takes_byte) hold_q <= {hold_q[23:0], item_data};
    if (takes_end) damaged_q <= damaged;
  end

  // One write port: a byte of the frame, or one of the two bytes of its length.
  reg [INDEX_WIDTH-1:0] write_index;
  reg [7:0] write_data;

  always @* begin
    if (closing_q) begin
      write_index = commit_q[INDEX_WIDTH-1:0] + 1'b1;
      write_data  = damaged_q ? 8'hFF : length[15:8];
    end else if (item_end) begin
      write_index = commit_q[INDEX_WIDTH-1:0];
      write_data  = damaged ? 8'hFF : length[7:0];
    end else begin
      write_index = write_q[INDEX_WIDTH-1:0];
      write_data  = hold_q[31:24];
    end
  end

  (* no_rw_check *)  // the reader stays below commit_q, the writer does not
  reg [7:0] ring[0:RX_BYTES-1];
  reg [7:0] data_q;
  reg valid_q;

  always @(posedge clk_i) begin
    if (stores || takes_end || closing_q) ring[write_index] <= write_data;
  end

  // Reader: the ring's output register, and behind it the output stream's, because block RAM is slow.
  reg out_valid_q;
  reg [7:0] out_data_q;
  wire moves = !out_valid_q || out_ready_i;
  wire reads = read_q != commit_q && (!valid_q || moves);

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      read_q      <= {INDEX_WIDTH + 1{1'b0}};
      valid_q     <= 1'b0;
      out_valid_q <= 1'b0;
    end else begin
      if (reads) read_q <= read_q + 1'b1;
      valid_q <= reads || (valid_q && !moves);
      if (moves) out_valid_q <= valid_q;
    end
  end

  always @(posedge clk_i) begin
    if (reads) data_q <= ring[read_q[INDEX_WIDTH-1:0]];
    if (moves) out_data_q <= data_q;
  end

  assign out_valid_o = out_valid_q;
  assign out_data_o = out_data_q;
  assign busy_o = read_q != commit_q || valid_q || out_valid_q;

`ifdef FORMAL
  `include "sdq_frame_rx_properties.vh"
`endif

endmodule
`default_nettype wire
