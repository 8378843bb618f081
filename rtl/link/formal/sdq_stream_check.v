`default_nettype none
// The stream rules as properties: once valid, an item stays valid and the same until it is taken. Reset comes first.
//
// ASSUME = 1 makes them an assumption about the module's surroundings, 0 a claim about the module.
module sdq_stream_check #(
    parameter WIDTH  = 8,
    parameter ASSUME = 0
) (
    input wire             clk_i,
    input wire             rst_ni,
    input wire             valid_i,
    input wire             ready_i,
    input wire [WIDTH-1:0] payload_i
);

  reg started_q = 1'b0;
  reg waits_q = 1'b0;
  reg [WIDTH-1:0] payload_q;

  wire holds = !waits_q || (valid_i && payload_i == payload_q);

  always @(posedge clk_i) begin
    started_q <= 1'b1;
    waits_q   <= rst_ni && valid_i && !ready_i;
    payload_q <= payload_i;
    assume (started_q || !rst_ni);
    if (rst_ni) begin
      if (ASSUME) assume (holds);
      else assert (holds);
    end
  end

endmodule
`default_nettype wire
