`default_nettype none
// Walks over the words of a vector for one instruction of the vector unit: one step per word, or two with double_i. With
// waits_i a word's first step comes when full_i says that its results are there, with take_o.
//
// Words are ⌈length / VALUES⌉, given as last_word_i, less 1; with whole_i the last segment is completed. A segment has
// segment_last_i + 1 words, or is the whole vector with one_segment_i. The first step can be in the cycle after start_i. All
// outputs belong to the step of the same cycle; operands must be stable until end_o.
module sdq_vector_walk #(
    parameter WORD_WIDTH = 8,
    parameter SEGMENT_WIDTH = 3  // index width of segments
) (
    input wire clk_i,
    input wire rst_ni,

    input wire                  start_i,
    input wire                  double_i,
    input wire                  waits_i,
    input wire                  whole_i,
    input wire                  one_segment_i,
    input wire [WORD_WIDTH-1:0] last_word_i,
    input wire [WORD_WIDTH-1:0] segment_last_i,
    input wire                  full_i,

    output wire                     take_o,
    output wire                     step_o,
    output wire                     second_o,         // of two steps
    output wire [              1:0] group_o,          // low bits of the word's index
    output wire                     first_o,          // first word
    output wire                     final_o,          // the last word that has elements
    output wire                     beyond_o,         // a word without elements
    output reg  [SEGMENT_WIDTH-1:0] segment_o,
    output wire                     segment_first_o,
    output wire                     segment_end_o,
    output wire                     end_o             // last step
);

  generate
    if (WORD_WIDTH < 2 || SEGMENT_WIDTH < 1) begin : g_illegal
      initial begin
        $display("%m: WORD_WIDTH=%0d SEGMENT_WIDTH=%0d", WORD_WIDTH, SEGMENT_WIDTH);
        $finish;
      end
    end
  endgenerate

  reg active_q;
  reg second_q;
  reg beyond_q;
  reg [WORD_WIDTH-1:0] word_q;
  reg [WORD_WIDTH-1:0] within_q;  // of the segment

  wire word_end = step_o && (second_q || !double_i);
  wire last = beyond_q || final_o;
  wire full_segment = !one_segment_i && within_q == segment_last_i;

  always @(posedge clk_i) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (start_i) active_q <= 1'b1;
    else if (end_o) active_q <= 1'b0;

    if (start_i) begin
      second_q  <= 1'b0;
      beyond_q  <= 1'b0;
      word_q    <= {WORD_WIDTH{1'b0}};
      within_q  <= {WORD_WIDTH{1'b0}};
      segment_o <= {SEGMENT_WIDTH{1'b0}};
    end else begin
      if (step_o) second_q <= double_i && !second_q;
      if (word_end) begin
        word_q   <= word_q + 1'b1;
        beyond_q <= last;
        within_q <= full_segment ? {WORD_WIDTH{1'b0}} : within_q + 1'b1;
        if (full_segment) segment_o <= segment_o + 1'b1;
      end
    end
  end

  assign step_o          = active_q && (second_q || full_i || !waits_i);
  assign second_o        = second_q;
  assign group_o         = word_q[1:0];
  assign first_o         = word_q == {WORD_WIDTH{1'b0}};
  assign final_o         = !beyond_q && word_q == last_word_i;
  assign beyond_o        = beyond_q;
  assign segment_first_o = within_q == {WORD_WIDTH{1'b0}};
  assign segment_end_o   = full_segment || last;
  assign end_o           = word_end && last && (full_segment || !whole_i);
  assign take_o          = step_o && waits_i && !second_q;

endmodule
`default_nettype wire
