`default_nettype none
// A number that tells one start of the device from another: the cycles from configuration to the first byte that the host
// sends after a reset. The counter stands still from there to the next reset, which it survives; the host's timing owes
// nothing to the device's clock.
module sdq_boot_nonce (
    input wire clk_i,
    input wire rst_ni,

    input  wire        byte_i,  // a byte has come
    output wire [31:0] nonce_o
);

  reg [31:0] cycles_q = 32'd0;
  reg taken_q;

  always @(posedge clk_i) begin
    if (!rst_ni) taken_q <= 1'b0;
    else if (byte_i) taken_q <= 1'b1;
  end

  always @(posedge clk_i) if (!taken_q) cycles_q <= cycles_q + 1'b1;

  assign nonce_o = cycles_q;

endmodule
`default_nettype wire
