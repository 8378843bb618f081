`default_nettype none
// Mantissas of one element: a number x of docs/numerics.md's rs(x, e), |x| ≤ 2^15, saturated to ±(2^15 − 1), or with byte_i
// |x| ≤ 2^7, to ±(2^7 − 1); 0 without counts_i. No latency.
module sdq_vector_cut (
    input  wire        byte_i,
    input  wire        counts_i,
    input  wire [16:0] x_i,
    output wire [15:0] mantissa_o
);

  wire beyond = byte_i ? x_i[8] != x_i[7] || x_i[7:0] == 8'h80 : x_i[16] != x_i[15] || x_i[15:0] == 16'h8000;
  wire [15:0] most = byte_i ? 16'd127 : 16'd32767;
  wire [15:0] limited = !beyond ? x_i[15:0] : x_i[16] ? 16'd0 - most : most;

  assign mantissa_o = limited & {16{counts_i}};

endmodule
`default_nettype wire
