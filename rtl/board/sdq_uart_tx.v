`default_nettype none
// Transmitter of a serial line: one start bit (0), eight data bits (the lowest first), one stop bit (1).
//
//   STEP = 2^PHASE_WIDTH · baud / clock rate, rounded
//
// A phase that gains STEP per cycle overflows once per bit. A byte that is offered when a stop bit ends follows it
// without a gap.
module sdq_uart_tx #(
    parameter PHASE_WIDTH = 8,
    parameter STEP = 32
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire       valid_i,
    output wire       ready_o,
    input  wire [7:0] data_i,

    output wire tx_o
);

  localparam [PHASE_WIDTH-1:0] PER_CYCLE = STEP;

  generate
    if (PHASE_WIDTH < 2 || STEP < 1 || STEP >= (1 << PHASE_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: PHASE_WIDTH=%0d STEP=%0d", PHASE_WIDTH, STEP);
        $finish;
      end
    end
  endgenerate

  reg [PHASE_WIDTH-1:0] phase_q;
  reg [8:0] bits_q;  // what follows the bit on the line; ones come in from the high end
  reg [3:0] bits_left_q;  // of the byte, that on the line included; 0 when idle
  reg line_q;

  wire [PHASE_WIDTH:0] next_phase = {1'b0, phase_q} + {1'b0, PER_CYCLE};
  wire bit_ends = next_phase[PHASE_WIDTH];
  wire idle = bits_left_q == 4'd0;
  wire takes = valid_i && ready_o;

  always @(posedge clk_i) begin
    if (!rst_ni) bits_left_q <= 4'd0;
    else if (takes) bits_left_q <= 4'd10;
    else if (!idle && bit_ends) bits_left_q <= bits_left_q - 1'b1;

    if (!rst_ni) line_q <= 1'b1;
    else if (takes) line_q <= 1'b0;
    else if (!idle && bit_ends) line_q <= bits_q[0];
  end

  always @(posedge clk_i) begin
    // An idle line has no phase; between two bytes what is left of it stays, so that the rate is right on average.
    phase_q <= idle ? {PHASE_WIDTH{1'b0}} : next_phase[PHASE_WIDTH-1:0];
    if (takes) bits_q <= {1'b1, data_i};
    else if (bit_ends) bits_q <= {1'b1, bits_q[8:1]};
  end

  assign ready_o = idle || (bits_left_q == 4'd1 && bit_ends);
  assign tx_o = line_q;

endmodule
`default_nettype wire
