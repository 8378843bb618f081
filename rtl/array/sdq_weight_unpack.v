`default_nettype none
// The symbols of one word of the weight memory, combinationally, ordered by row.
//
//   word: ternary  unit l · (ROWS / 5) + g holds rows 5g … 5g + 4 of lane l. Its form: STORED_WIDTH = 8: base 3, see
//                  sdq_base3_decode; STORED_WIDTH = 9: see sdq_symbol_unpack
//         binary   bit l · ROWS + r: 1 = +1, 0 = −1 (STORED_WIDTH = 8)
//   out:  bit r · LANES + l, as sdq_mac_row takes them
module sdq_weight_unpack #(
    parameter LANES = 8,
    parameter ROWS = 5,  // a multiple of 5 if TERNARY
    parameter TERNARY = 1,
    parameter BYTES = 8,  // of a word
    parameter STORED_WIDTH = 8
) (
    input  wire [BYTES*STORED_WIDTH-1:0] word_i,
    output wire [        LANES*ROWS-1:0] nonzero_o,
    output wire [        LANES*ROWS-1:0] negative_o
);

  localparam ROW_UNITS = ROWS / 5;
  localparam LEGAL = TERNARY != 0 ?
      (ROWS % 5 == 0 && BYTES == LANES * ROW_UNITS && (STORED_WIDTH == 8 || STORED_WIDTH == 9)) :
      (BYTES * 8 == LANES * ROWS && STORED_WIDTH == 8);

  genvar l;
  genvar r;
  generate
    if (!LEGAL) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d ROWS=%0d TERNARY=%0d BYTES=%0d STORED_WIDTH=%0d", LANES, ROWS, TERNARY, BYTES,
                 STORED_WIDTH);
        $finish;
      end
    end

    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      if (TERNARY != 0) begin : g_ternary
        for (r = 0; r < ROW_UNITS; r = r + 1) begin : g_unit
          wire [STORED_WIDTH-1:0] stored = word_i[(l*ROW_UNITS+r)*STORED_WIDTH+:STORED_WIDTH];
          wire [4:0] nonzero;
          wire [4:0] negative;
          if (STORED_WIDTH == 9) begin : g_packed
            sdq_symbol_unpack u_unpack (
                .code_i    (stored),
                .nonzero_o (nonzero),
                .negative_o(negative)
            );
          end else begin : g_base3
            sdq_base3_decode u_decode (
                .byte_i    (stored),
                .nonzero_o (nonzero),
                .negative_o(negative)
            );
          end
          assign nonzero_o[(5*r+0)*LANES+l]  = nonzero[0];
          assign nonzero_o[(5*r+1)*LANES+l]  = nonzero[1];
          assign nonzero_o[(5*r+2)*LANES+l]  = nonzero[2];
          assign nonzero_o[(5*r+3)*LANES+l]  = nonzero[3];
          assign nonzero_o[(5*r+4)*LANES+l]  = nonzero[4];
          assign negative_o[(5*r+0)*LANES+l] = negative[0];
          assign negative_o[(5*r+1)*LANES+l] = negative[1];
          assign negative_o[(5*r+2)*LANES+l] = negative[2];
          assign negative_o[(5*r+3)*LANES+l] = negative[3];
          assign negative_o[(5*r+4)*LANES+l] = negative[4];
        end
      end else begin : g_binary
        for (r = 0; r < ROWS; r = r + 1) begin : g_row
          assign nonzero_o[r*LANES+l]  = 1'b1;
          assign negative_o[r*LANES+l] = !word_i[l*ROWS+r];
        end
      end
    end
  endgenerate

endmodule
`default_nettype wire
