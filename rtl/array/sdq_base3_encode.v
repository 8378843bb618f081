`default_nettype none
// The inverse of sdq_base3_decode: byte_o = Σ_{i<5} (s_i + 1) · 3^i. negative_i[i] does not matter where nonzero_i[i] is 0.
module sdq_base3_encode (
    input  wire [4:0] nonzero_i,
    input  wire [4:0] negative_i,
    output wire [7:0] byte_o
);

  // Digits s + 1, two bits each.
  wire [9:0] digits;
  genvar i;
  generate
    for (i = 0; i < 5; i = i + 1) begin : g_digit
      assign digits[2*i]   = !nonzero_i[i];
      assign digits[2*i+1] = nonzero_i[i] && !negative_i[i];
    end
  endgenerate

  // Horner's rule; each step is 3x + d = x + 2x + d.
  wire [3:0] sum_4_3 = {2'b00, digits[9:8]} + {1'b0, digits[9:8], 1'b0} + {2'b00, digits[7:6]};
  wire [4:0] sum_4_2 = {1'b0, sum_4_3} + {sum_4_3, 1'b0} + {3'b000, digits[5:4]};
  wire [6:0] sum_4_1 = {2'b00, sum_4_2} + {1'b0, sum_4_2, 1'b0} + {5'b00000, digits[3:2]};
  assign byte_o = {1'b0, sum_4_1} + {sum_4_1, 1'b0} + {6'b000000, digits[1:0]};

endmodule
`default_nettype wire
