`default_nettype none
// Takes RUN requests for an engine with two banks of accumulators: the array works on one linear while the results of the one
// before are taken.
//
//   cycle 0          run_valid_i and run_ready_o; the schedule looks linear_o up (one cycle)
//   cycle 1          start_o: the schedule's word is there, and stays until the next request is taken
//   ...              walked_i: the array has read its last operand; the next request can be taken in the next cycle
//   ...              read_done_i: its last result is taken, and its bank is free from the next cycle on
//
// Results come in the order of requests.
module sdq_run_overlap (
    input wire clk_i,
    input wire rst_ni,

    input  wire        run_valid_i,
    output wire        run_ready_o,
    input  wire [15:0] run_linear_i,
    input  wire [ 7:0] run_shift_i,

    output wire [15:0] linear_o,
    output reg  [ 7:0] shift_o,
    output reg         start_o,
    input  wire        walked_i,
    input  wire        read_done_i,

    output wire        computing_o, // the memories are in use
    output wire        busy_o
);

  reg walking_q;
  reg [1:0] runs_q;  // whose results are not all taken
  reg [15:0] linear_q;
  wire takes = run_valid_i && run_ready_o;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      start_o   <= 1'b0;
      walking_q <= 1'b0;
      runs_q    <= 2'd0;
    end else begin
      start_o <= takes;
      if (takes) walking_q <= 1'b1;
      else if (walked_i) walking_q <= 1'b0;
      runs_q <= runs_q + {1'b0, takes} - {1'b0, read_done_i};
    end

    if (takes) begin
      linear_q <= run_linear_i;
      shift_o  <= run_shift_i;
    end
  end

  assign run_ready_o = !walking_q && !runs_q[1];
  assign linear_o    = takes ? run_linear_i : linear_q;
  assign computing_o = walking_q;
  assign busy_o      = runs_q != 2'd0;

`ifdef FORMAL
  `include "sdq_run_overlap_properties.vh"
`endif

endmodule
`default_nettype wire
