`default_nettype none
// The table of the logistic function, Q15: entry min(2047, rs(|x|, 13)) of docs/numerics.md is value_o one cycle after its
// address. It is written entry by entry before it is used.
module sdq_sigmoid (
    input wire clk_i,

    input  wire        wen_i,
    input  wire [10:0] waddr_i,
    input  wire [15:0] wdata_i,
    input  wire        ren_i,
    input  wire [10:0] addr_i,
    output wire [15:0] value_o
);

  sdq_ram_1r1w #(
      .WORDS     (2048),
      .ADDR_WIDTH(11),
      .BYTES     (1),
      .BYTE_WIDTH(16)
  ) table_ram (
      .clk_i  (clk_i),
      .wen_i  (wen_i),
      .waddr_i(waddr_i),
      .wdata_i(wdata_i),
      .ren_i  (ren_i),
      .raddr_i(addr_i),
      .rdata_o(value_o)
  );

endmodule
`default_nettype wire
