`default_nettype none
// Receiver of a serial line: one start bit (0), eight data bits (the lowest first), one stop bit (1).
//
//   STEP = 2^PHASE_WIDTH · baud / clock rate, rounded
//
// A phase that gains STEP per cycle overflows once per bit, in its middle. The line passes two synchronising registers
// and a majority of three samples, so that a disturbance of one cycle changes nothing; a start bit that is over at its
// middle is none; a byte without its stop bit is dropped, and the next one begins after the line has been 1.
//
// What was received stays offered until it is taken. A byte that ends while the one before it still waits is lost: the
// host's credit (docs/protocol.md) sees to it that there is room.
module sdq_uart_rx #(
    parameter PHASE_WIDTH = 8,
    parameter STEP = 32
) (
    input wire clk_i,
    input wire rst_ni,

    input wire rx_i,

    output reg        valid_o,
    input  wire       ready_i,
    output reg  [7:0] data_o
);

  // The level is seen as late as the edge that starts a byte: half a bit after one is the middle of the other.
  localparam [PHASE_WIDTH-1:0] HALF = 1 << (PHASE_WIDTH - 1);
  localparam [PHASE_WIDTH-1:0] PER_CYCLE = STEP;

  generate
    // At least 8 cycles per bit.
    if (PHASE_WIDTH < 4 || STEP < 1 || 8 * STEP > (1 << PHASE_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: PHASE_WIDTH=%0d STEP=%0d", PHASE_WIDTH, STEP);
        $finish;
      end
    end
  endgenerate

  reg [3:0] line_q;  // the newest sample is at the low end
  reg level_q;
  wire majority = (line_q[1] && line_q[2]) || (line_q[1] && line_q[3]) || (line_q[2] && line_q[3]);

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      line_q  <= 4'b1111;
      level_q <= 1'b1;
    end else begin
      line_q  <= {line_q[2:0], rx_i};
      level_q <= majority;
    end
  end

  reg active_q;
  reg [PHASE_WIDTH-1:0] phase_q;
  reg [3:0] bits_left_q;  // data bits and stop bit; 9 while the start bit lasts
  reg [7:0] data_q;
  wire [PHASE_WIDTH:0] next_phase = {1'b0, phase_q} + {1'b0, PER_CYCLE};
  wire middle = active_q && next_phase[PHASE_WIDTH];
  wire starting = bits_left_q == 4'd9;
  wire stopping = bits_left_q == 4'd0;
  wire received = middle && stopping && level_q;

  always @(posedge clk_i) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (!active_q) active_q <= level_q && !majority;
    else if (middle && (stopping || (starting && level_q))) active_q <= 1'b0;

    if (!rst_ni) valid_o <= 1'b0;
    else if (received) valid_o <= 1'b1;
    else if (ready_i) valid_o <= 1'b0;
  end

  always @(posedge clk_i) begin
    phase_q <= active_q ? next_phase[PHASE_WIDTH-1:0] : HALF;
    if (!active_q) bits_left_q <= 4'd9;
    else if (middle) bits_left_q <= bits_left_q - 1'b1;
    if (middle) data_q <= {level_q, data_q[7:1]};
    if (received && !(valid_o && !ready_i)) data_o <= data_q;
  end

endmodule
`default_nettype wire
