`default_nettype none
// Decodes a byte that holds five ternary symbols in base 3:
//
//   byte = Σ_{i<5} (s_i + 1) · 3^i,  0 … 242;  nonzero_o[i] = (s_i != 0),  negative_o[i] = (s_i < 0)
//
// negative_o[i] is 0 for s_i = 0. The two high digits come from comparisons with constants; since 27 ≡ −5 modulo 32, what
// they leave is a sum of 5 bits, and each low digit is a function of these. Bytes above 242 give some symbols.
module sdq_base3_decode (
    input  wire [7:0] byte_i,
    output wire [4:0] nonzero_o,
    output wire [4:0] negative_o
);

  // high = byte / 27 as two digits, each as (digit 2, digit 1)
  reg [3:0] high;
  // 5 · (byte / 27) modulo 32
  reg [4:0] correction;

  always @* begin
    if (byte_i < 8'd27) {high, correction} = {4'b0000, 5'd0};
    else if (byte_i < 8'd54) {high, correction} = {4'b0001, 5'd5};
    else if (byte_i < 8'd81) {high, correction} = {4'b0010, 5'd10};
    else if (byte_i < 8'd108) {high, correction} = {4'b0100, 5'd15};
    else if (byte_i < 8'd135) {high, correction} = {4'b0101, 5'd20};
    else if (byte_i < 8'd162) {high, correction} = {4'b0110, 5'd25};
    else if (byte_i < 8'd189) {high, correction} = {4'b1000, 5'd30};
    else if (byte_i < 8'd216) {high, correction} = {4'b1001, 5'd3};
    else {high, correction} = {4'b1010, 5'd8};
  end

  // byte modulo 27
  wire [4:0] low = byte_i[4:0] + correction;

  // low as three digits, each as (digit 2, digit 1)
  reg  [5:0] digits;

  always @* begin
    case (low)
      5'd0: digits = 6'b00_00_00;
      5'd1: digits = 6'b00_00_01;
      5'd2: digits = 6'b00_00_10;
      5'd3: digits = 6'b00_01_00;
      5'd4: digits = 6'b00_01_01;
      5'd5: digits = 6'b00_01_10;
      5'd6: digits = 6'b00_10_00;
      5'd7: digits = 6'b00_10_01;
      5'd8: digits = 6'b00_10_10;
      5'd9: digits = 6'b01_00_00;
      5'd10: digits = 6'b01_00_01;
      5'd11: digits = 6'b01_00_10;
      5'd12: digits = 6'b01_01_00;
      5'd13: digits = 6'b01_01_01;
      5'd14: digits = 6'b01_01_10;
      5'd15: digits = 6'b01_10_00;
      5'd16: digits = 6'b01_10_01;
      5'd17: digits = 6'b01_10_10;
      5'd18: digits = 6'b10_00_00;
      5'd19: digits = 6'b10_00_01;
      5'd20: digits = 6'b10_00_10;
      5'd21: digits = 6'b10_01_00;
      5'd22: digits = 6'b10_01_01;
      5'd23: digits = 6'b10_01_10;
      5'd24: digits = 6'b10_10_00;
      5'd25: digits = 6'b10_10_01;
      default: digits = 6'b10_10_10;
    endcase
  end

  // Digit 0 is symbol −1, digit 1 symbol 0, digit 2 symbol +1.
  wire [9:0] all = {high, digits};
  genvar i;
  generate
    for (i = 0; i < 5; i = i + 1) begin : g_symbol
      assign nonzero_o[i]  = !all[2*i];
      assign negative_o[i] = !all[2*i] && !all[2*i+1];
    end
  endgenerate

endmodule
`default_nettype wire
