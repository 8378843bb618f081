`default_nettype none
// Adds up what the lanes of the vector unit have summed, one lane per cycle. start_i: the lanes' sums are final, and stay
// so until done_o, VALUES − 1 cycles later; the results are there in the cycle after it, and stay until the next start.
module sdq_vector_moments #(
    parameter VALUES = 4,
    parameter LANE_WIDTH = 2,  // index width of VALUES
    parameter SUM_WIDTH = 31,
    parameter SQUARES_WIDTH = 45
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                        start_i,
    input  wire [VALUES*SUM_WIDTH-1:0] totals_i,
    input  wire [       54*VALUES-1:0] sums_i,     // of squares
    output wire                        done_o,
    output reg  [       SUM_WIDTH-1:0] sum_o,
    output reg  [   SQUARES_WIDTH-1:0] squares_o
);

  generate
    if (VALUES < 1 || VALUES > (1 << LANE_WIDTH) || SUM_WIDTH < 1 || SQUARES_WIDTH < 1 || SQUARES_WIDTH > 54) begin : g_illegal
      initial begin
        $display("%m: VALUES=%0d LANE_WIDTH=%0d SUM_WIDTH=%0d SQUARES_WIDTH=%0d", VALUES, LANE_WIDTH, SUM_WIDTH, SQUARES_WIDTH);
        $finish;
      end
    end
  endgenerate

  localparam LAST_LANE_INDEX = VALUES - 1;
  localparam [LANE_WIDTH-1:0] LAST_LANE = LAST_LANE_INDEX[LANE_WIDTH-1:0];

  reg active_q;
  reg [LANE_WIDTH-1:0] lane_q;  // 0 between the sums, so that start_i selects nothing

  wire adds = start_i || active_q;
  reg [SUM_WIDTH-1:0] total;
  reg [SQUARES_WIDTH-1:0] squares;
  integer n;

  always @* begin
    total   = {SUM_WIDTH{1'b0}};
    squares = {SQUARES_WIDTH{1'b0}};
    for (n = 0; n < VALUES; n = n + 1) begin
      if (lane_q == n[LANE_WIDTH-1:0]) begin
        total   = total | totals_i[n*SUM_WIDTH+:SUM_WIDTH];
        squares = squares | sums_i[n*54+:SQUARES_WIDTH];
      end
    end
  end

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      lane_q   <= {LANE_WIDTH{1'b0}};
    end else begin
      active_q <= adds && !done_o;
      if (adds) lane_q <= done_o ? {LANE_WIDTH{1'b0}} : lane_q + 1'b1;
    end

    if (adds) begin
      sum_o     <= (start_i ? {SUM_WIDTH{1'b0}} : sum_o) + total;
      squares_o <= (start_i ? {SQUARES_WIDTH{1'b0}} : squares_o) + squares;
    end
  end

  assign done_o = adds && lane_q == LAST_LANE;

endmodule
`default_nettype wire
