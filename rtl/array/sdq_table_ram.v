`default_nettype none
// A small memory with one write port and PORTS read ports without latency, for LUT-RAM: one 6-input LUT per 1.5 bits and
// port where the ports come in threes (four LUTs hold 32 words of 2 bits with three read ports).
module sdq_table_ram #(
    parameter WIDTH = 10,
    parameter ADDR_WIDTH = 5,
    parameter PORTS = 3
) (
    input  wire                        clk_i,
    input  wire                        wen_i,
    input  wire [      ADDR_WIDTH-1:0] waddr_i,
    input  wire [           WIDTH-1:0] wdata_i,
    input  wire [PORTS*ADDR_WIDTH-1:0] raddr_i,
    output wire [     PORTS*WIDTH-1:0] rdata_o
);

  (* ram_style = "distributed" *)
  reg [WIDTH-1:0] memory[0:(1<<ADDR_WIDTH)-1];

  always @(posedge clk_i) begin
    if (wen_i) memory[waddr_i] <= wdata_i;
  end

  genvar p;
  generate
    for (p = 0; p < PORTS; p = p + 1) begin : g_port
      assign rdata_o[p*WIDTH+:WIDTH] = memory[raddr_i[p*ADDR_WIDTH+:ADDR_WIDTH]];
    end
  endgenerate

endmodule
`default_nettype wire
