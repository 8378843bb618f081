`default_nettype none
// Source of a transform's words: VALUES mantissas of 16 bits with their signs applied, or VALUES numbers of the work
// memory. One cycle.
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
      wire [15:0] signed_mantissa = (mantissa ^ {16{negative_i[n]}}) + {15'd0, negative_i[n]};

      always @(posedge clk_i) begin
        word_o[n*WIDTH+:WIDTH] <= load_i ? {{WIDTH - 16{signed_mantissa[15]}}, signed_mantissa} : work_i[n*WIDTH+:WIDTH];
      end
    end
  endgenerate

endmodule
`default_nettype wire
