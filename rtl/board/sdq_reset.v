`default_nettype none
// Reset of a clock domain: asserted at once (without a clock) while the PLL is not locked or the button is pressed,
// released 2^COUNT_WIDTH cycles after that. The registers begin as 0, which is what a device has after configuration:
// power-on is a reset.
module sdq_reset #(
    parameter COUNT_WIDTH = 8  // block RAM of an iCE40 wants some microseconds after configuration
) (
    input wire clk_i,

    input  wire locked_i,   // asynchronous
    input  wire button_ni,  // asynchronous
    output wire rst_no
);

  localparam [COUNT_WIDTH-1:0] LAST = {COUNT_WIDTH{1'b1}};

  wire release_both = locked_i && button_ni;

  reg [1:0] release_q = 2'b00;
  reg [COUNT_WIDTH-1:0] count_q = {COUNT_WIDTH{1'b0}};
  reg released_q = 1'b0;

  always @(posedge clk_i or negedge release_both) begin
    if (!release_both) release_q <= 2'b00;
    else release_q <= {release_q[0], 1'b1};
  end

  always @(posedge clk_i or negedge release_both) begin
    if (!release_both) begin
      count_q    <= {COUNT_WIDTH{1'b0}};
      released_q <= 1'b0;
    end else if (release_q[1]) begin
      if (count_q != LAST) count_q <= count_q + 1'b1;
      released_q <= count_q == LAST;
    end
  end

  assign rst_no = released_q;

endmodule
`default_nettype wire
