`default_nettype none
// The accumulators of all rows, UNITS per word, in block RAM.
//
//   item k of a block:  A[k] += (addend >> 1) + (addend & 1);  in a linear's first block A[k] = instead of A[k] +=
//
// Items come in order of rows; item_block_end_i marks the last of a block, after which the order begins again, and
// item_final_i that of a linear. item_valid_i and its marks come two cycles before addends_i. An item is in memory 4 cycles
// after its item_valid_i; with FORWARD a word may be added to again in any later cycle, else after 4 cycles.
//
// With two BANKS linears take turns in them. SLICES words are read at once, from word read_addr_i · SLICES of bank read_bank_i
// on (one cycle of latency), while that bank gets no items.
module sdq_accumulator #(
    parameter WORDS = 2,
    parameter ADDR_WIDTH = 1,  // index width of WORDS
    parameter UNITS = 1,
    parameter ACC_WIDTH = 40,
    parameter FORWARD = 1,
    parameter BANKS = 1,  // 1 or 2
    parameter SLICES = 1,
    parameter SLICE_WIDTH = 0  // log2(SLICES)
) (
    input wire clk_i,
    input wire rst_ni,

    input wire                           item_valid_i,
    input wire                           item_block_end_i,
    input wire                           item_final_i,
    input wire [UNITS*(ACC_WIDTH+1)-1:0] addends_i,

    input  wire                              read_en_i,
    input  wire                              read_bank_i,
    input  wire [            ADDR_WIDTH-1:0] read_addr_i,
    output wire [SLICES*UNITS*ACC_WIDTH-1:0] read_data_o
);

  reg bank_q;
  reg first_block_q;
  reg [ADDR_WIDTH-1:0] item_q;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      bank_q        <= 1'b0;
      first_block_q <= 1'b1;
      item_q        <= {ADDR_WIDTH{1'b0}};
    end else if (item_valid_i) begin
      if (item_block_end_i) first_block_q <= item_final_i;
      item_q <= item_block_end_i ? {ADDR_WIDTH{1'b0}} : item_q + 1'b1;
      bank_q <= BANKS == 2 && bank_q != item_final_i;
    end
  end

  // Cycle 1: the word is on item_data. Cycle 2: it is in word_q, and added to. Cycle 3: its sum is written.
  reg word_valid_q;
  reg word_bank_q;
  reg word_first_q;
  reg [ADDR_WIDTH-1:0] word_addr_q;
  reg add_valid_q;
  reg add_bank_q;
  reg add_first_q;
  reg [ADDR_WIDTH-1:0] add_addr_q;
  reg [UNITS*ACC_WIDTH-1:0] word_q;
  reg write_valid_q;
  reg write_bank_q;
  reg [ADDR_WIDTH-1:0] write_addr_q;
  reg [UNITS*ACC_WIDTH-1:0] write_data_q;

  wire [UNITS*ACC_WIDTH-1:0] item_data;
  wire [UNITS*ACC_WIDTH-1:0] word;
  wire [UNITS*ACC_WIDTH-1:0] old;
  wire [UNITS*ACC_WIDTH-1:0] sum;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      word_valid_q  <= 1'b0;
      add_valid_q   <= 1'b0;
      write_valid_q <= 1'b0;
    end else begin
      word_valid_q  <= item_valid_i;
      add_valid_q   <= word_valid_q;
      write_valid_q <= add_valid_q;
    end
    word_bank_q  <= bank_q;
    word_first_q <= first_block_q;
    word_addr_q  <= item_q;
    add_bank_q   <= word_bank_q;
    add_first_q  <= word_first_q;
    add_addr_q   <= word_addr_q;
    word_q       <= word;
    write_bank_q <= add_bank_q;
    write_addr_q <= add_addr_q;
    write_data_q <= sum;
  end

  generate
    if (FORWARD != 0) begin : g_forward
      // The three items before may have changed this word after it was read: which did is known as it is read, and their
      // sums are taken as they are written, or a cycle later. A word of the other bank has the same address only before the
      // first block, which takes no sum, has gone through.
      reg from_third_q;
      reg from_second_q;
      reg [1:0] from_first_q;
      reg [UNITS*ACC_WIDTH-1:0] written_data_q;
      always @(posedge clk_i) begin
        from_third_q   <= write_valid_q && write_addr_q == item_q;
        from_second_q  <= add_valid_q && add_addr_q == item_q;
        from_first_q   <= {from_first_q[0], word_valid_q && word_addr_q == item_q};
        written_data_q <= write_data_q;
      end
      assign word = from_second_q ? write_data_q : from_third_q ? written_data_q : item_data;
      assign old  = from_first_q[1] ? write_data_q : word_q;
    end else begin : g_no_forward
      assign word = item_data;
      assign old  = word_q;
    end
  endgenerate

  genvar n;
  generate
    for (n = 0; n < UNITS; n = n + 1) begin : g_unit
      wire [ACC_WIDTH:0] addend = addends_i[n*(ACC_WIDTH+1)+:ACC_WIDTH+1];
      wire [ACC_WIDTH-1:0] base = old[n*ACC_WIDTH+:ACC_WIDTH] & {ACC_WIDTH{!add_first_q}};
      // addend / 2 + base + (addend & 1), as a difference so that what enters the carry chain unchanged is the addend and
      // the mask of `old` shares its LUT: x − ~base − 1 + (addend & 1), the last two as a borrow-in.
      wire [ACC_WIDTH:0] difference = addend - {~base, 1'b1};
      assign sum[n*ACC_WIDTH+:ACC_WIDTH] = difference[ACC_WIDTH:1];
      wire unused = difference[0];
    end
  endgenerate

  sdq_accumulator_memory #(
      .WORDS      (WORDS),
      .ADDR_WIDTH (ADDR_WIDTH),
      .WIDTH      (UNITS * ACC_WIDTH),
      .BANKS      (BANKS),
      .SLICES     (SLICES),
      .SLICE_WIDTH(SLICE_WIDTH)
  ) u_memory (
      .clk_i       (clk_i),
      .item_en_i   (item_valid_i),
      .item_bank_i (bank_q),
      .item_addr_i (item_q),
      .item_data_o (item_data),
      .write_en_i  (write_valid_q),
      .write_bank_i(write_bank_q),
      .write_addr_i(write_addr_q),
      .write_data_i(write_data_q),
      .read_en_i   (read_en_i),
      .read_bank_i (read_bank_i),
      .read_addr_i (read_addr_i),
      .read_data_o (read_data_o)
  );

endmodule
`default_nettype wire
