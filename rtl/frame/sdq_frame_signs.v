`default_nettype none
// Source of a transform's words: VALUES mantissas of 16 bits with their signs applied, or VALUES numbers of the work
// memory. One cycle. The choice comes before the sum, where it shares a LUT with the inversion: behind block RAM there is
// time for one LUT and a carry chain.
module sdq_frame_signs #(
    parameter VALUES = 2,
    parameter WIDTH = 22
) (
    input wire clk_i,

    input  wire                    load_i,      // take the mantissas
    input  wire [   VALUES*16-1:0] mantissas_i,
    input  wire [      VALUES-1:0] negative_i,
    input  wire [VALUES*WIDTH-1:0] work_i,
    output reg  [VALUES*WIDTH-1:0] word_o
);

  genvar n;
  generate
    for (n = 0; n < VALUES; n = n + 1) begin : g_value
      wire [15:0] mantissa = mantissas_i[16*n+:16];
      wire negates = load_i && negative_i[n];
      wire [WIDTH-1:0] number = load_i ? {{WIDTH - 16{mantissa[15]}}, mantissa} : work_i[n*WIDTH+:WIDTH];

      always @(posedge clk_i) begin
        word_o[n*WIDTH+:WIDTH] <= (number ^ {WIDTH{negates}}) + {{WIDTH - 1{1'b0}}, negates};
      end
    end
  endgenerate

endmodule
`default_nettype wire
