`default_nettype none
// Walks through an int8 matrix in the parameter memory, row by row, LANES values per cycle:
//
//   cycle 2: the scales of the first SCALES rows; then ⌈cols / LANES⌉ cycles for each row; after SCALES rows the next scales
//
// A row begins at a word. value_part_o and query_part_o say which LANES of the word that is read, and of the query memory's,
// take part; both are for the words at parameter_addr_o and query_addr_o of the same cycle. While pause_i is set the walk stands still.
module sdq_matrix_walk #(
    parameter LANES = 4,
    parameter VALUE_PARTS = 2,  // LANES · VALUE_PARTS bytes are a word
    parameter QUERY_PARTS = 1,  // LANES · QUERY_PARTS mantissas are a word of the query memory
    parameter VALUE_PART_WIDTH = 1,
    parameter QUERY_PART_WIDTH = 1,
    parameter SCALES = 4,  // scales in a word, a power of two
    parameter SCALE_WIDTH = 2,
    parameter ROW_WIDTH = 8,  // of a number of rows
    parameter LENGTH_WIDTH = 8,  // of a number of columns
    parameter LANE_WIDTH = 2,  // log2(LANES)
    parameter ADDR_WIDTH = 10,
    parameter QUERY_ADDR_WIDTH = 4
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                    start_i,
    input  wire                    pause_i,
    output wire                    ready_o,
    output wire                    busy_o,
    input  wire [  ADDR_WIDTH-1:0] values_i,  // first words of values
    input  wire [  ADDR_WIDTH-1:0] scales_i,  // and scales
    input  wire [   ROW_WIDTH-1:0] rows_i,    // 1 or more
    input  wire [LENGTH_WIDTH-1:0] cols_i,    // 1 or more

    output reg                         valid_o,         // values, not scales
    output reg                         scales_o,
    output reg                         row_first_o,
    output reg                         row_last_o,
    output reg                         first_o,         // the first row
    output reg                         last_o,          // the last row
    output wire                        read_o,
    output reg  [      ADDR_WIDTH-1:0] parameter_addr_o,
    output reg  [QUERY_ADDR_WIDTH-1:0] query_addr_o,
    output reg  [VALUE_PART_WIDTH-1:0] value_part_o,
    output reg  [QUERY_PART_WIDTH-1:0] query_part_o
);

  localparam LAST_VALUE_PART = VALUE_PARTS - 1;
  localparam LAST_QUERY_PART = QUERY_PARTS - 1;

  generate
    if (LANES != (1 << LANE_WIDTH) || SCALES != (1 << SCALE_WIDTH) || 2 * SCALES != LANES * VALUE_PARTS ||
        QUERY_PARTS < 1 || VALUE_PARTS > (1 << VALUE_PART_WIDTH) || QUERY_PARTS > (1 << QUERY_PART_WIDTH) ||
        LENGTH_WIDTH <= LANE_WIDTH) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d LANE_WIDTH=%0d VALUE_PARTS=%0d QUERY_PARTS=%0d SCALES=%0d SCALE_WIDTH=%0d LENGTH_WIDTH=%0d",
                 LANES, LANE_WIDTH, VALUE_PARTS, QUERY_PARTS, SCALES, SCALE_WIDTH, LENGTH_WIDTH);
        $finish;
      end
    end
  endgenerate

  reg busy_q;
  reg fetch_q;
  reg first_q;
  reg [ROW_WIDTH-1:0] rows_q;  // after this one
  reg [SCALE_WIDTH-1:0] scale_q;
  reg [LENGTH_WIDTH-1:LANE_WIDTH] chunk_q;
  reg [LENGTH_WIDTH-1:LANE_WIDTH] last_chunk_q;
  reg [ADDR_WIDTH-1:0] values_q;
  reg [ADDR_WIDTH-1:0] scales_q;
  reg [QUERY_ADDR_WIDTH-1:0] query_q;
  reg [VALUE_PART_WIDTH-1:0] value_part_q;
  reg [QUERY_PART_WIDTH-1:0] query_part_q;

  wire [LENGTH_WIDTH-1:0] before_last = cols_i - 1'b1;
  wire row_last = chunk_q == last_chunk_q;
  wire last = rows_q == {ROW_WIDTH{1'b0}};
  wire value_word_last = row_last || value_part_q == LAST_VALUE_PART[VALUE_PART_WIDTH-1:0];
  wire query_word_last = query_part_q == LAST_QUERY_PART[QUERY_PART_WIDTH-1:0];
  wire unused_lane = &before_last;

  assign busy_o  = busy_q;
  assign ready_o = !busy_q || (!pause_i && !fetch_q && row_last && last);
  assign read_o  = valid_o || scales_o;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q   <= 1'b0;
      valid_o  <= 1'b0;
      scales_o <= 1'b0;
    end else begin
      busy_q   <= start_i || !ready_o;
      valid_o  <= busy_q && !pause_i && !fetch_q;
      scales_o <= busy_q && !pause_i && fetch_q;
    end

    if (start_i) begin
      fetch_q      <= 1'b1;
      first_q      <= 1'b1;
      rows_q       <= rows_i - 1'b1;
      scale_q      <= {SCALE_WIDTH{1'b0}};
      last_chunk_q <= before_last[LENGTH_WIDTH-1:LANE_WIDTH];
      values_q     <= values_i;
      scales_q     <= scales_i;
    end else if (!pause_i) begin
      if (fetch_q) begin
        fetch_q  <= 1'b0;
        scales_q <= scales_q + 1'b1;
      end else begin
        if (value_word_last) values_q <= values_q + 1'b1;
        if (row_last) begin
          first_q <= 1'b0;
          rows_q  <= rows_q - 1'b1;
          scale_q <= scale_q + 1'b1;
          fetch_q <= scale_q == {SCALE_WIDTH{1'b1}};
        end
      end
    end

    if (start_i || (!pause_i && !fetch_q && row_last)) begin
      chunk_q      <= {LENGTH_WIDTH - LANE_WIDTH{1'b0}};
      query_q      <= {QUERY_ADDR_WIDTH{1'b0}};
      value_part_q <= {VALUE_PART_WIDTH{1'b0}};
      query_part_q <= {QUERY_PART_WIDTH{1'b0}};
    end else if (!pause_i && !fetch_q) begin
      chunk_q      <= chunk_q + 1'b1;
      value_part_q <= value_word_last ? {VALUE_PART_WIDTH{1'b0}} : value_part_q + 1'b1;
      query_part_q <= query_word_last ? {QUERY_PART_WIDTH{1'b0}} : query_part_q + 1'b1;
      if (query_word_last) query_q <= query_q + 1'b1;
    end

    row_first_o      <= chunk_q == {LENGTH_WIDTH - LANE_WIDTH{1'b0}};
    row_last_o       <= row_last;
    first_o          <= first_q;
    last_o           <= last;
    parameter_addr_o <= fetch_q ? scales_q : values_q;
    query_addr_o     <= query_q;
    value_part_o     <= value_part_q;
    query_part_o     <= query_part_q;
  end

endmodule
`default_nettype wire
