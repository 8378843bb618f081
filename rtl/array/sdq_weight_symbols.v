`default_nettype none
// Five ternary symbols from a stored byte, combinationally. STORED_WIDTH = 8: base 3, see sdq_base3_decode;
// STORED_WIDTH = 9: see sdq_symbol_unpack. negative_o[i] does not matter where nonzero_o[i] is 0.
module sdq_weight_symbols #(
    parameter STORED_WIDTH = 8
) (
    input  wire [STORED_WIDTH-1:0] stored_i,
    output wire [             4:0] nonzero_o,
    output wire [             4:0] negative_o
);

  generate
    if (STORED_WIDTH != 8 && STORED_WIDTH != 9) begin : g_illegal
      initial begin
        $display("%m: STORED_WIDTH=%0d is neither 8 nor 9", STORED_WIDTH);
        $finish;
      end
    end

    if (STORED_WIDTH == 9) begin : g_packed
      sdq_symbol_unpack u_unpack (
          .code_i    (stored_i),
          .nonzero_o (nonzero_o),
          .negative_o(negative_o)
      );
    end else begin : g_base3
      sdq_base3_decode u_decode (
          .byte_i    (stored_i),
          .nonzero_o (nonzero_o),
          .negative_o(negative_o)
      );
    end
  endgenerate

endmodule
`default_nettype wire
