`default_nettype none
// Pins of a ×16 SDRAM on an ECP5: its clock is the inverted clk_i from an output register, and its data pins have three
// states.
module sdq_sdram_pins_ecp5 (
    input wire clk_i,

    input  wire [15:0] dq_i,
    input  wire        dq_oe_i,
    output wire [15:0] dq_o,

    output wire        sdram_clk_o,
    inout  wire [15:0] sdram_dq_io
);

  ODDRX1F u_clk (
      .D0  (1'b0),
      .D1  (1'b1),
      .SCLK(clk_i),
      .RST (1'b0),
      .Q   (sdram_clk_o)
  );

  genvar k;
  generate
    for (k = 0; k < 16; k = k + 1) begin : g_dq
      BB u_pin (
          .I(dq_i[k]),
          .T(!dq_oe_i),
          .O(dq_o[k]),
          .B(sdram_dq_io[k])
      );
    end
  endgenerate

endmodule
`default_nettype wire
