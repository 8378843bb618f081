`default_nettype none
// CRC-32 of IEEE 802.3 (as in zlib), one byte per cycle.
//
//   state' = eight steps of  s = (s >> 1) ^ (s[0] ? 0xEDB88320 : 0)  from  s = state ^ byte
//   crc    = ~state, with state = 0xFFFFFFFF before the first byte
//
// The CRC of a message followed by its own CRC, least significant byte first, is 0x2144DF1C for every message: a
// receiver compares with that constant instead of with a CRC that it would have to store.
//
// `init_i` starts a new message and wins over `valid_i`. The state is a datapath register: it is not reset, the user
// raises `init_i` before the first byte.
module sdq_crc32 (
    input  wire        clk_i,
    input  wire        init_i,
    input  wire        valid_i,
    input  wire [ 7:0] data_i,
    output wire [31:0] crc_o
);

  localparam [31:0] POLYNOMIAL = 32'hEDB88320;

  reg [31:0] state_q;

  function [31:0] step(input [31:0] state, input [7:0] data);
    integer i;
    begin
      step = state ^ {24'd0, data};
      for (i = 0; i < 8; i = i + 1) step = {1'b0, step[31:1]} ^ (step[0] ? POLYNOMIAL : 32'd0);
    end
  endfunction

  always @(posedge clk_i) begin
    if (init_i) state_q <= 32'hFFFFFFFF;
    else if (valid_i) state_q <= step(state_q, data_i);
  end

  assign crc_o = ~state_q;

endmodule
`default_nettype wire
