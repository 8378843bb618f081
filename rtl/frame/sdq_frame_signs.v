`default_nettype none
// Source of a transform's words: VALUES mantissas of 16 bits with their signs applied, or VALUES numbers of the work
// memory. One cycle from a number, two from a mantissa, which is registered before it is negated: behind block RAM there is
// time for a multiplexer, and not for a carry chain too. Mantissas are −32767 … 32767.
module sdq_frame_signs #(
    parameter VALUES = 2,
    parameter WIDTH = 22
) (
    input wire clk_i,

    input  wire [   VALUES*16-1:0] mantissas_i,
    input  wire [      VALUES-1:0] negative_i,
    input  wire                    load_i,       // take the mantissas of the cycle before
    input  wire [VALUES*WIDTH-1:0] work_i,
    output reg  [VALUES*WIDTH-1:0] word_o
);

  genvar n;
  generate
    for (n = 0; n < VALUES; n = n + 1) begin : g_value
      reg [15:0] mantissa_q;
      reg negative_q;
      wire [15:0] mantissa = (mantissa_q ^ {16{negative_q}}) + {15'd0, negative_q};

      always @(posedge clk_i) begin
        mantissa_q <= mantissas_i[16*n+:16];
        negative_q <= negative_i[n];
        word_o[n*WIDTH+:WIDTH] <= load_i ? {{WIDTH - 16{mantissa[15]}}, mantissa} : work_i[n*WIDTH+:WIDTH];
      end
    end
  endgenerate

endmodule
`default_nettype wire
