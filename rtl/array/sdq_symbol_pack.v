`default_nettype none
// Five ternary symbols as nine bits: the form in which weights lie in block RAMs with 9-bit bytes. See sdq_symbol_unpack.
// negative_i[i] must be 0 where nonzero_i[i] is 0.
module sdq_symbol_pack (
    input  wire [4:0] nonzero_i,
    input  wire [4:0] negative_i,
    output wire [8:0] code_o
);

  reg [1:0] pattern;
  reg [2:0] signs;

  always @* begin
    signs = negative_i[2:0];
    case (nonzero_i[2:0])
      3'b111: pattern = 2'b11;
      3'b011: pattern = 2'b00;
      3'b001: begin
        pattern  = 2'b00;
        signs[2] = 1'b1;
      end
      3'b000: begin
        pattern = 2'b00;
        signs   = 3'b110;
      end
      3'b101: pattern = 2'b01;
      3'b100: begin
        pattern  = 2'b01;
        signs[1] = 1'b1;
      end
      3'b110: pattern = 2'b10;
      default: begin
        pattern  = 2'b10;
        signs[0] = 1'b1;
      end
    endcase
  end

  assign code_o = {negative_i[4], nonzero_i[4], negative_i[3], nonzero_i[3], pattern, signs};

endmodule
`default_nettype wire
