`default_nettype none
// Decodes a byte that holds five ternary symbols in base 3:
//
//   byte = Σ_{i<5} (s_i + 1) · 3^i,  0 … 242;  nonzero_o[i] = (s_i != 0),  negative_o[i] = (s_i < 0)
//
// negative_o[i] is 0 for s_i = 0. Bytes above 242 give some symbols.
//
// Every step is a table of at most six bits, one 6-input LUT per output. With byte = 8·j + x and m = j mod 9,
//
//   byte = 9·(j − ⌊j / 9⌋) + (x − m),  x − m = 3·(d − ⌊m / 3⌋) + e  with  x − (m mod 3) = 3·d + e,  e = 0 … 2
//
// so e is digit 0, d − ⌊m / 3⌋ modulo 3 is digit 1, its sign says whether x − m borrows a nine, and the borrow with j gives
// the digits of byte / 9.
module sdq_base3_decode (
    input  wire [7:0] byte_i,
    output wire [4:0] nonzero_o,
    output wire [4:0] negative_o
);

  wire [4:0] j = byte_i[7:3];
  wire [2:0] x = byte_i[2:0];

  // The symbol of a number's digit at 1, 3 or 9: digit 0 is symbol −1, digit 1 is symbol 0.
  function nonzero(input integer number, input integer power);
    nonzero = number / power % 3 != 1;
  endfunction

  function negative(input integer number, input integer power);
    negative = number / power % 3 == 0;
  endfunction

  // By j: m / 3, m mod 3.
  function [4*32-1:0] columns(input integer entries);
    integer i;
    for (i = 0; i < entries; i = i + 1) begin
      columns[3*32+i] = i % 9 / 3 == 2;
      columns[2*32+i] = i % 9 / 3 == 1;
      columns[1*32+i] = i % 3 == 2;
      columns[0*32+i] = i % 3 == 1;
    end
  endfunction

  // By (m mod 3, x): d + 1, symbol 0.
  function [4*32-1:0] differences(input integer entries);
    integer i;
    integer n;
    for (i = 0; i < entries; i = i + 1) begin
      n = i % 8 - i / 8 + 3;
      differences[3*32+i] = n / 6 == 1;
      differences[2*32+i] = n / 3 % 2 == 1;
      differences[1*32+i] = negative(n, 1);
      differences[0*32+i] = nonzero(n, 1);
    end
  endfunction

  // By (m / 3, d + 1): borrow, symbol 1.
  function [3*16-1:0] borrows(input integer entries);
    integer i;
    integer n;
    for (i = 0; i < entries; i = i + 1) begin
      n = i % 4 - i / 4 + 5;
      borrows[2*16+i] = n < 6;
      borrows[1*16+i] = negative(n, 1);
      borrows[0*16+i] = nonzero(n, 1);
    end
  endfunction

  // By (borrow, j): symbols 4, 3, 2.
  function [6*64-1:0] nines(input integer entries);
    integer i;
    integer n;
    for (i = 0; i < entries; i = i + 1) begin
      n = i % 32 - i % 32 / 9 - i / 32 + 27;
      nines[5*64+i] = negative(n, 9);
      nines[4*64+i] = negative(n, 3);
      nines[3*64+i] = negative(n, 1);
      nines[2*64+i] = nonzero(n, 9);
      nines[1*64+i] = nonzero(n, 3);
      nines[0*64+i] = nonzero(n, 1);
    end
  endfunction

  wire [1:0] third;
  wire [1:0] rest;
  wire [1:0] d;
  wire borrow;

  sdq_lookup #(
      .INPUTS (5),
      .OUTPUTS(4),
      .TABLE  (columns(32))
  ) u_columns (
      .entry_i(j),
      .value_o({third, rest})
  );

  sdq_lookup #(
      .INPUTS (5),
      .OUTPUTS(4),
      .TABLE  (differences(32))
  ) u_differences (
      .entry_i({rest, x}),
      .value_o({d, negative_o[0], nonzero_o[0]})
  );

  sdq_lookup #(
      .INPUTS (4),
      .OUTPUTS(3),
      .TABLE  (borrows(16))
  ) u_borrows (
      .entry_i({third, d}),
      .value_o({borrow, negative_o[1], nonzero_o[1]})
  );

  sdq_lookup #(
      .INPUTS (6),
      .OUTPUTS(6),
      .TABLE  (nines(64))
  ) u_nines (
      .entry_i({borrow, j}),
      .value_o({negative_o[4:2], nonzero_o[4:2]})
  );

endmodule
`default_nettype wire
