`default_nettype none
// Clock of an iCE40 from its PLL, whose reference is the pin itself:
//
//   clk_o = clk_i · (DIVF + 1) / (2^DIVQ · (DIVR + 1))
//
// The parameters are computed in generator/boards/pll.ts.
module sdq_pll_ice40 #(
    parameter [3:0] DIVR = 0,
    parameter [6:0] DIVF = 0,
    parameter [2:0] DIVQ = 1,
    parameter [2:0] FILTER_RANGE = 1
) (
    input wire clk_i,

    output wire clk_o,
    output wire locked_o
);

  wire unused_core;
  wire unused_sdo;

  SB_PLL40_PAD #(
      .FEEDBACK_PATH("SIMPLE"),
      .DIVR         (DIVR),
      .DIVF         (DIVF),
      .DIVQ         (DIVQ),
      .FILTER_RANGE (FILTER_RANGE)
  ) u_pll (
      .PACKAGEPIN     (clk_i),
      .PLLOUTGLOBAL   (clk_o),
      .PLLOUTCORE     (unused_core),
      .EXTFEEDBACK    (1'b0),
      .DYNAMICDELAY   (8'd0),
      .LOCK           (locked_o),
      .BYPASS         (1'b0),
      .RESETB         (1'b1),
      .SDI            (1'b0),
      .SDO            (unused_sdo),
      .SCLK           (1'b0),
      .LATCHINPUTVALUE(1'b0)
  );

endmodule
`default_nettype wire
