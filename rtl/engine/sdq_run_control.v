`default_nettype none
// Takes RUN requests one at a time and sees each through: look-up in the schedule, the array's work, the results.
//
//   cycle 0          run_valid_i and run_ready_o; the schedule looks linear_o up (one cycle)
//   cycle 1          start_o: the schedule's word is there and stays
//   ...              the last accumulator is written in the cycle of drained_i; results are read from the next on
//
// cycles_o counts from cycle 0 to the first result: it is 1 in cycle 1, and stands still from result_valid_i on.
module sdq_run_control (
    input wire clk_i,
    input wire rst_ni,

    input  wire        run_valid_i,
    output wire        run_ready_o,
    input  wire [15:0] run_linear_i,
    input  wire [ 7:0] run_shift_i,

    output wire [15:0] linear_o,
    output reg  [ 7:0] shift_o,
    output wire        start_o,
    input  wire        drained_i,
    input  wire        result_valid_i,
    input  wire        read_done_i,

    output wire        computing_o, // the memories are in use
    output wire        busy_o,
    output reg  [31:0] cycles_o
);

  localparam [1:0] S_IDLE = 2'd0;
  localparam [1:0] S_START = 2'd1;
  localparam [1:0] S_COMPUTE = 2'd2;
  localparam [1:0] S_RESULTS = 2'd3;

  reg [1:0] state_q;
  reg [15:0] linear_q;
  reg counting_q;
  wire takes = run_valid_i && run_ready_o;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_IDLE;
    end else begin
      case (state_q)
        S_IDLE: if (run_valid_i) state_q <= S_START;
        S_START: state_q <= S_COMPUTE;
        S_COMPUTE: if (drained_i) state_q <= S_RESULTS;
        default: if (read_done_i) state_q <= S_IDLE;
      endcase
    end
  end

  always @(posedge clk_i) begin
    if (!rst_ni || result_valid_i) counting_q <= 1'b0;
    else if (takes) counting_q <= 1'b1;

    if (takes) cycles_o <= 32'd1;
    else if (counting_q && !result_valid_i) cycles_o <= cycles_o + 32'd1;

    if (takes) begin
      linear_q <= run_linear_i;
      shift_o  <= run_shift_i;
    end
  end

  assign run_ready_o  = state_q == S_IDLE;
  assign linear_o     = takes ? run_linear_i : linear_q;
  assign start_o      = state_q == S_START;
  assign computing_o  = state_q == S_START || state_q == S_COMPUTE;
  assign busy_o       = state_q != S_IDLE;

`ifdef FORMAL
  `include "sdq_run_control_properties.vh"
`endif

endmodule
`default_nettype wire
