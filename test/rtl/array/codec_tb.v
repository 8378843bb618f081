`default_nettype none
// All bytes of five ternary symbols through decoder, nine-bit form and encoder, compared with division by 3.
module codec_tb;

  reg  [7:0] byte_in;
  wire [4:0] nonzero;
  wire [4:0] negative;
  wire [8:0] code;
  wire [4:0] unpacked_nonzero;
  wire [4:0] unpacked_negative;
  wire [7:0] byte_direct;
  wire [7:0] byte_packed;

  sdq_base3_decode u_decode (
      .byte_i    (byte_in),
      .nonzero_o (nonzero),
      .negative_o(negative)
  );

  sdq_symbol_pack u_pack (
      .nonzero_i (nonzero),
      .negative_i(negative),
      .code_o    (code)
  );

  sdq_symbol_unpack u_unpack (
      .code_i    (code),
      .nonzero_o (unpacked_nonzero),
      .negative_o(unpacked_negative)
  );

  sdq_base3_encode u_encode_direct (
      .nonzero_i (nonzero),
      .negative_i(negative),
      .byte_o    (byte_direct)
  );

  sdq_base3_encode u_encode_packed (
      .nonzero_i (unpacked_nonzero),
      .negative_i(unpacked_negative),
      .byte_o    (byte_packed)
  );

  integer value;
  integer rest;
  integer i;
  integer symbol;
  integer errors;

  initial begin
    errors = 0;
    for (value = 0; value < 243; value = value + 1) begin
      byte_in = value;
      #1 rest = value;
      for (i = 0; i < 5; i = i + 1) begin
        symbol = rest % 3 - 1;
        rest   = rest / 3;
        if (nonzero[i] !== (symbol != 0) || negative[i] !== (symbol < 0)) begin
          errors = errors + 1;
          $display("byte %0d: symbol %0d is decoded as %b %b, not %0d", value, i, nonzero[i], negative[i], symbol);
        end
        if (unpacked_nonzero[i] !== (symbol != 0) || (symbol != 0 && unpacked_negative[i] !== (symbol < 0))) begin
          errors = errors + 1;
          $display("byte %0d: symbol %0d is unpacked as %b %b, not %0d", value, i, unpacked_nonzero[i],
                   unpacked_negative[i], symbol);
        end
      end
      if (byte_direct !== value || byte_packed !== value) begin
        errors = errors + 1;
        $display("byte %0d is encoded as %0d and, by way of nine bits, as %0d", value, byte_direct, byte_packed);
      end
    end
    if (errors == 0) $display("PASS");
    else $display("FAIL");
    $finish;
  end

endmodule
`default_nettype wire
