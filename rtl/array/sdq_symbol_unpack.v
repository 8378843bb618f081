`default_nettype none
// Five ternary symbols from nine bits, with three small functions. What makes it cheap is that the sign of a zero does
// not matter, so the spare sign bits of the first three symbols (a, b, c; signs are bits 0, 1, 2) tell patterns apart:
//
//   bits 4:3   sign bits        nonzero a b c
//   11         any              1 1 1
//   00         c = 0            1 1 0
//   00         c = 1, b = 0     1 0 0
//   00         c = 1, b = 1     0 0 0
//   01         b = 0            1 0 1
//   01         b = 1            0 0 1
//   10         a = 0            0 1 1
//   10         a = 1            0 1 0
//
// Symbols 3 and 4: bits 5 and 7 nonzero, bits 6 and 8 negative. negative_o[i] is arbitrary where nonzero_o[i] is 0.
module sdq_symbol_unpack (
    input  wire [8:0] code_i,
    output wire [4:0] nonzero_o,
    output wire [4:0] negative_o
);

  wire [1:0] pattern = code_i[4:3];
  wire sign_a = code_i[0];
  wire sign_b = code_i[1];
  wire sign_c = code_i[2];

  assign nonzero_o[0] = pattern == 2'b11 || (pattern == 2'b00 && !(sign_c && sign_b)) || (pattern == 2'b01 && !sign_b);
  assign nonzero_o[1] = pattern == 2'b11 || (pattern == 2'b00 && !sign_c) || pattern == 2'b10;
  assign nonzero_o[2] = pattern == 2'b11 || pattern == 2'b01 || (pattern == 2'b10 && !sign_a);
  assign nonzero_o[4:3] = {code_i[7], code_i[5]};
  assign negative_o = {code_i[8], code_i[6], code_i[2:0]};

endmodule
`default_nettype wire
