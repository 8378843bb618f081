`default_nettype none
// Gathers results that come RESULTS at a time, first in the low bits, to words of VALUES for the vector unit.
//
// start_i, with count_i transfers to come, begins; a transfer can take place in the same cycle. ready_o says that a transfer is
// awaited; full_o that word_o holds VALUES results, or the last ones, until take_i. A word is full in the cycle after its last
// transfer; while one is taken the next one's first transfer can take place.
module sdq_result_words #(
    parameter VALUES = 4,
    parameter RESULTS = 1,  // divides VALUES
    parameter SLOT_WIDTH = 2,  // index width of VALUES / RESULTS
    parameter COUNT_WIDTH = 8
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                   start_i,
    input  wire [COUNT_WIDTH-1:0] count_i,
    input  wire                   valid_i,
    input  wire [ 32*RESULTS-1:0] results_i,
    output wire                   ready_o,
    output wire                   full_o,
    output wire [  32*VALUES-1:0] word_o,
    input  wire                   take_i
);

  localparam SLOTS = VALUES / RESULTS;
  localparam LAST_SLOT_INDEX = SLOTS - 1;
  localparam [SLOT_WIDTH-1:0] LAST_SLOT = LAST_SLOT_INDEX[SLOT_WIDTH-1:0];

  generate
    if (RESULTS < 1 || SLOTS * RESULTS != VALUES || SLOTS > (1 << SLOT_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: VALUES=%0d RESULTS=%0d SLOT_WIDTH=%0d", VALUES, RESULTS, SLOT_WIDTH);
        $finish;
      end
    end
  endgenerate

  reg [COUNT_WIDTH-1:0] left_q;
  reg [SLOT_WIDTH-1:0] slot_q;
  reg full_q;

  wire [COUNT_WIDTH-1:0] left = start_i ? count_i : left_q;
  wire [SLOT_WIDTH-1:0] slot = start_i ? {SLOT_WIDTH{1'b0}} : slot_q;
  wire transfer = valid_i && ready_o;
  wire last = slot == LAST_SLOT || left == {{COUNT_WIDTH - 1{1'b0}}, 1'b1};

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= {COUNT_WIDTH{1'b0}};
      full_q <= 1'b0;
    end else begin
      left_q <= left - {{COUNT_WIDTH - 1{1'b0}}, transfer};
      full_q <= transfer ? last : full_q && !take_i && !start_i;
    end

    slot_q <= !transfer ? slot : last ? {SLOT_WIDTH{1'b0}} : slot + 1'b1;
  end

  genvar s;
  generate
    for (s = 0; s < SLOTS; s = s + 1) begin : g_slot
      localparam [SLOT_WIDTH-1:0] SLOT = s;
      reg [32*RESULTS-1:0] results_q;
      always @(posedge clk_i) if (transfer && slot == SLOT) results_q <= results_i;
      assign word_o[32*RESULTS*s+:32*RESULTS] = results_q;
    end
  endgenerate

  assign ready_o = left != {COUNT_WIDTH{1'b0}} && (start_i || !full_q || take_i);
  assign full_o  = full_q;

endmodule
`default_nettype wire
