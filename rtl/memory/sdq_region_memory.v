`default_nettype none
// One region of the host's address space: a memory of WORDS words of BYTES bytes, which the host writes and reads byte
// by byte, and the engine reads word by word.
//
//   host address = word · 2^BYTE_INDEX_WIDTH + byte;  bytes at or above BYTES read as 0 and are not stored
//
// A host request takes effect one cycle after it is given, in order, when the byte to write is on host_wdata_i; what is read
// comes 4 cycles after host_ren_i on host_rdata_o, and what the engine reads 1 cycle after run_ren_i. The engine must not
// read in the cycle in which a host read or, with one port, a host write takes effect. Within the memory a byte has
// STORED_WIDTH bits; what is stored of a byte, and how it is read back, is determined by the parent (host_wdata_i and
// host_rdata_o are in the stored form).
module sdq_region_memory #(
    parameter WORDS = 2,
    parameter ADDR_WIDTH = 1,  // index width of WORDS
    parameter BYTES = 4,
    parameter BYTE_INDEX_WIDTH = 2,  // index width of the stride; 1 or more
    parameter STORED_WIDTH = 8,
    parameter SINGLE_PORT = 0  // large memories with one port; STORED_WIDTH is 8
) (
    input wire clk_i,

    input  wire                                   host_wen_i,
    input  wire                                   host_ren_i,
    input  wire [ADDR_WIDTH+BYTE_INDEX_WIDTH-1:0] host_addr_i,
    input  wire [               STORED_WIDTH-1:0] host_wdata_i,  // one cycle after host_wen_i
    output wire [               STORED_WIDTH-1:0] host_rdata_o,
    output reg                                    host_padding_o, // the byte read does not exist

    input  wire                          run_ren_i,
    input  wire [        ADDR_WIDTH-1:0] run_raddr_i,
    output wire [BYTES*STORED_WIDTH-1:0] run_rdata_o
);

  localparam STRIDE = 1 << BYTE_INDEX_WIDTH;

  generate
    if (BYTE_INDEX_WIDTH < 1 || BYTES > STRIDE || 2 * BYTES <= STRIDE) begin : g_illegal
      initial begin
        $display("%m: BYTES=%0d BYTE_INDEX_WIDTH=%0d", BYTES, BYTE_INDEX_WIDTH);
        $finish;
      end
    end
  endgenerate

  // The byte's enable is the conjunction of two registered decoders: one small gate per byte.
  localparam LOW_WIDTH = BYTE_INDEX_WIDTH < 3 ? BYTE_INDEX_WIDTH : 3;
  localparam LOW = 1 << LOW_WIDTH;
  localparam HIGH = STRIDE >> LOW_WIDTH;

  // A byte is read from one of GROUPS groups.
  localparam GROUP_WIDTH = BYTE_INDEX_WIDTH < 2 ? BYTE_INDEX_WIDTH : 2;
  localparam GROUP = 1 << GROUP_WIDTH;
  localparam GROUPS = STRIDE >> GROUP_WIDTH;

  wire [BYTE_INDEX_WIDTH-1:0] host_byte = host_addr_i[BYTE_INDEX_WIDTH-1:0];
  wire [BYTE_INDEX_WIDTH-1:0] host_high = host_byte >> LOW_WIDTH;
  reg [LOW-1:0] write_low_q;
  reg [HIGH-1:0] write_high_q;
  reg ren_q;
  reg [ADDR_WIDTH-1:0] word_q;
  reg [BYTE_INDEX_WIDTH-1:0] byte_q;
  reg [BYTE_INDEX_WIDTH-1:0] ram_byte_q;
  reg [BYTE_INDEX_WIDTH-1:0] read_byte_q;
  // A deep memory has a multiplexer of its own behind its block RAMs.
  reg [BYTES*STORED_WIDTH-1:0] host_word_q;
  wire [BYTE_INDEX_WIDTH-1:0] read_high = read_byte_q >> GROUP_WIDTH;
  reg [GROUPS-1:0] read_group_q;  // one bit is set

  wire [BYTES-1:0] host_wen;
  wire [STRIDE-1:0] exists = {STRIDE{1'b1}} >> (STRIDE - BYTES);

  integer i;

  always @(posedge clk_i) begin
    for (i = 0; i < LOW; i = i + 1) write_low_q[i] <= host_byte[LOW_WIDTH-1:0] == i[LOW_WIDTH-1:0];
    for (i = 0; i < HIGH; i = i + 1) write_high_q[i] <= host_wen_i && host_high == i[BYTE_INDEX_WIDTH-1:0];
    for (i = 0; i < GROUPS; i = i + 1) read_group_q[i] <= read_high == i[BYTE_INDEX_WIDTH-1:0];
    ren_q   <= host_ren_i;
    word_q  <= host_addr_i[BYTE_INDEX_WIDTH+:ADDR_WIDTH];
    byte_q  <= host_byte;
  end

  genvar k;
  genvar bit_index;
  generate
    for (k = 0; k < STRIDE; k = k + 1) begin : g_byte
      if (k < BYTES) begin : g_stored
        assign host_wen[k] = write_low_q[k%LOW] && write_high_q[k/LOW];
      end
    end

    // Bit by bit, so that the selection of a byte is a multiplexer of single bits and no shift by k · STORED_WIDTH; in two
    // steps, so that little follows the memory within its cycle.
    for (bit_index = 0; bit_index < STORED_WIDTH; bit_index = bit_index + 1) begin : g_bit
      wire [STRIDE-1:0] column;
      reg  [GROUPS-1:0] column_q;
      for (k = 0; k < STRIDE; k = k + 1) begin : g_byte
        if (k < BYTES) begin : g_stored
          assign column[k] = host_word_q[k*STORED_WIDTH+bit_index];
        end else begin : g_padding
          assign column[k] = 1'b0;
        end
      end
      for (k = 0; k < GROUPS; k = k + 1) begin : g_group
        wire [GROUP-1:0] group = column[GROUP*k+:GROUP];
        always @(posedge clk_i) column_q[k] <= group[read_byte_q[GROUP_WIDTH-1:0]];
      end
      assign host_rdata_o[bit_index] = |(column_q & read_group_q);
    end
  endgenerate

  wire reads = ren_q || run_ren_i;
  wire [ADDR_WIDTH-1:0] read_addr = run_ren_i ? run_raddr_i : word_q;

  generate
    if (SINGLE_PORT != 0) begin : g_single_port
      sdq_spram #(
          .WORDS     (WORDS),
          .ADDR_WIDTH(ADDR_WIDTH),
          .BYTES     (BYTES)
      ) u_ram (
          .clk_i  (clk_i),
          .addr_i (read_addr),
          .wen_i  (host_wen),
          .wdata_i({BYTES{host_wdata_i}}),
          .ren_i  (reads),
          .rdata_o(run_rdata_o)
      );
    end else begin : g_two_ports
      sdq_ram_1r1w #(
          .WORDS     (WORDS),
          .ADDR_WIDTH(ADDR_WIDTH),
          .BYTES     (BYTES),
          .BYTE_WIDTH(STORED_WIDTH)
      ) u_ram (
          .clk_i  (clk_i),
          .wen_i  (host_wen),
          .waddr_i(word_q),
          .wdata_i({BYTES{host_wdata_i}}),
          .ren_i  (reads),
          .raddr_i(read_addr),
          .rdata_o(run_rdata_o)
      );
    end
    if (SINGLE_PORT != 0 && STORED_WIDTH != 8) begin : g_illegal_form
      initial begin
        $display("%m: SINGLE_PORT=%0d STORED_WIDTH=%0d", SINGLE_PORT, STORED_WIDTH);
        $finish;
      end
    end
  endgenerate

  always @(posedge clk_i) begin
    ram_byte_q     <= byte_q;
    read_byte_q    <= ram_byte_q;
    host_word_q    <= run_rdata_o;
    host_padding_o <= !exists[read_byte_q];
  end

endmodule
`default_nettype wire
