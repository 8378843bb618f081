`default_nettype none
// Stretches activity so that it can be seen: the lamp is lit for 2^COUNT_WIDTH cycles after busy_i.
module sdq_activity_led #(
    parameter COUNT_WIDTH = 20,
    parameter ACTIVE_LOW = 0  // the pin is 0 when the lamp is lit
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire busy_i,
    output wire led_o
);

  reg lit_q;
  reg [COUNT_WIDTH-1:0] count_q;
  wire ends = &count_q;

  always @(posedge clk_i) begin
    if (!rst_ni) lit_q <= 1'b0;
    else if (busy_i) lit_q <= 1'b1;
    else if (ends) lit_q <= 1'b0;
  end

  always @(posedge clk_i) count_q <= busy_i ? {COUNT_WIDTH{1'b0}} : count_q + 1'b1;

  assign led_o = lit_q != (ACTIVE_LOW != 0);

endmodule
`default_nettype wire
