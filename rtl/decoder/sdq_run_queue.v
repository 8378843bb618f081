`default_nettype none
// Hands RUN instructions to the engine: one is under way there, one may wait here. Source: docs/decoder.md.
//
//   shift = clamp(final − reference, −16, 63)
//
// start_i is taken in a cycle of free_o; linear and final shift are those of that cycle, reference_i is stable from then until
// the engine takes the run, at the earliest in the next cycle. free_o is set again in the cycle after that. idle_o: all
// results of all runs are taken; result_last_i comes with the transfer of a run's last one. An engine has at most two banks of
// accumulators, so at most three runs are counted, the one that waits included.
module sdq_run_queue #(
    parameter INDEX_WIDTH = 5  // of linears; at most 16
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                   start_i,
    input  wire [INDEX_WIDTH-1:0] linear_i,
    input  wire [            7:0] final_i,
    input  wire [            4:0] reference_i,
    output wire                   free_o,
    output wire                   idle_o,

    output reg         run_valid_o,
    input  wire        run_ready_i,
    output wire [15:0] run_linear_o,
    output reg  [ 7:0] run_shift_o,
    input  wire        result_last_i
);

  generate
    if (INDEX_WIDTH < 1 || INDEX_WIDTH > 16) begin : g_illegal
      initial begin
        $display("%m: INDEX_WIDTH=%0d", INDEX_WIDTH);
        $finish;
      end
    end
  endgenerate

  localparam signed [8:0] LEAST = -9'sd16;
  localparam signed [8:0] MOST = 9'sd63;

  reg [INDEX_WIDTH-1:0] linear_q;
  reg [7:0] final_q;
  reg [1:0] runs_q;

  wire signed [8:0] shift = {final_q[7], final_q} - {4'd0, reference_i};

  assign free_o = !run_valid_o;
  assign idle_o = runs_q == 2'd0;

  generate
    if (INDEX_WIDTH < 16) begin : g_padded
      assign run_linear_o = {{16 - INDEX_WIDTH{1'b0}}, linear_q};
    end else begin : g_whole
      assign run_linear_o = linear_q;
    end
  endgenerate

  always @* begin
    run_shift_o = shift[7:0];
    if (shift < LEAST) run_shift_o = LEAST[7:0];
    if (shift > MOST) run_shift_o = MOST[7:0];
  end

  always @(posedge clk_i) begin
    if (!rst_ni) run_valid_o <= 1'b0;
    else if (start_i) run_valid_o <= 1'b1;
    else if (run_ready_i) run_valid_o <= 1'b0;

    if (!rst_ni) runs_q <= 2'd0;
    else if (start_i && !result_last_i) runs_q <= runs_q + 1'b1;
    else if (!start_i && result_last_i) runs_q <= runs_q - 1'b1;

    if (start_i) begin
      linear_q <= linear_i;
      final_q  <= final_i;
    end
  end

endmodule
`default_nettype wire
