`default_nettype none
// Clock of an ECP5 from a PLL, whose feedback is its own output:
//
//   clk_o = clk_i · CLKFB_DIV / CLKI_DIV,  oscillator = clk_o · CLKOP_DIV
//
// The parameters are computed in generator/boards/pll.ts.
module sdq_pll_ecp5 #(
    parameter CLKI_DIV = 1,
    parameter CLKFB_DIV = 1,
    parameter CLKOP_DIV = 8
) (
    input wire clk_i,

    output wire clk_o,
    output wire locked_o
);

  // Charge pump and loop filter, for every rate of the phase detector.
  (* ICP_CURRENT = "12", LPF_RESISTOR = "8", MFG_ENABLE_FILTEROPAMP = "1", MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
      .PLLRST_ENA      ("DISABLED"),
      .INTFB_WAKE      ("DISABLED"),
      .STDBY_ENABLE    ("DISABLED"),
      .DPHASE_SOURCE   ("DISABLED"),
      .OUTDIVIDER_MUXA ("DIVA"),
      .CLKOP_ENABLE    ("ENABLED"),
      .CLKOP_CPHASE    (CLKOP_DIV - 1),
      .CLKOP_FPHASE    (0),
      .FEEDBK_PATH     ("CLKOP"),
      .CLKI_DIV        (CLKI_DIV),
      .CLKFB_DIV       (CLKFB_DIV),
      .CLKOP_DIV       (CLKOP_DIV)
  ) u_pll (
      .CLKI        (clk_i),
      .CLKFB       (clk_o),
      .CLKOP       (clk_o),
      .LOCK        (locked_o),
      .RST         (1'b0),
      .STDBY       (1'b0),
      .PHASESEL0   (1'b0),
      .PHASESEL1   (1'b0),
      .PHASEDIR    (1'b1),
      .PHASESTEP   (1'b1),
      .PHASELOADREG(1'b1),
      .PLLWAKESYNC (1'b0),
      .ENCLKOP     (1'b1)
  );

endmodule
`default_nettype wire
