`default_nettype none
// Logits on their way to a host that wants them, one by one: words of LANES logits, those of keep_i from the low end on.
//
// The units that give logits never wait in their midst: they begin with none while pause_o is set, and what is under way
// then, MARGIN words at most, has room. Without wanted_i logits go nowhere, and there is no pause. wanted_i changes only
// while no logits come and busy_o is clear. busy_o: a logit is not yet taken.
module sdq_logit_stream #(
    parameter LANES = 1,
    parameter DEPTH = 64,  // words, a power of two
    parameter DEPTH_WIDTH = 6,  // log2(DEPTH)
    parameter MARGIN = 32  // less than DEPTH
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire                wanted_i,
    input  wire                valid_i,
    input  wire [   LANES-1:0] keep_i,
    input  wire [32*LANES-1:0] values_i,
    output reg                 pause_o,

    output wire        logit_valid_o,
    input  wire        logit_ready_i,
    output wire [31:0] logit_o,
    output wire        busy_o
);

  generate
    if (LANES < 1 || DEPTH != (1 << DEPTH_WIDTH) || DEPTH_WIDTH < 1 || MARGIN < 1 || MARGIN >= DEPTH) begin : g_illegal
      initial begin
        $display("%m: LANES=%0d DEPTH=%0d DEPTH_WIDTH=%0d MARGIN=%0d", LANES, DEPTH, DEPTH_WIDTH, MARGIN);
        $finish;
      end
    end
  endgenerate

  // A word may come between a pause's cause and its effect.
  localparam integer FULL = DEPTH - MARGIN - 1;

  reg [DEPTH_WIDTH:0] words_q;  // in the memory
  reg [DEPTH_WIDTH-1:0] write_q;
  reg [DEPTH_WIDTH-1:0] read_q;
  reg loads_q;  // the memory reads a word for the registers below
  reg [LANES-1:0] keep_q;
  reg [32*LANES-1:0] values_q;

  wire writes = valid_i && wanted_i;
  wire reads = words_q != {DEPTH_WIDTH + 1{1'b0}} && !keep_q[0] && !loads_q;
  wire [LANES-1:0] keep;
  wire [32*LANES-1:0] values;

  sdq_ram_1r1w #(
      .WORDS     (DEPTH),
      .ADDR_WIDTH(DEPTH_WIDTH),
      .BYTES     (1),
      .BYTE_WIDTH(33 * LANES)
  ) u_ram (
      .clk_i  (clk_i),
      .wen_i  (writes),
      .waddr_i(write_q),
      .wdata_i({keep_i, values_i}),
      .ren_i  (reads),
      .raddr_i(read_q),
      .rdata_o({keep, values})
  );

  assign logit_valid_o = keep_q[0];
  assign logit_o       = values_q[31:0];
  assign busy_o        = words_q != {DEPTH_WIDTH + 1{1'b0}} || loads_q || keep_q[0];

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      words_q <= {DEPTH_WIDTH + 1{1'b0}};
      write_q <= {DEPTH_WIDTH{1'b0}};
      read_q  <= {DEPTH_WIDTH{1'b0}};
      loads_q <= 1'b0;
      keep_q  <= {LANES{1'b0}};
      pause_o <= 1'b0;
    end else begin
      if (writes && !reads) words_q <= words_q + 1'b1;
      else if (!writes && reads) words_q <= words_q - 1'b1;
      if (writes) write_q <= write_q + 1'b1;
      if (reads) read_q <= read_q + 1'b1;
      loads_q <= reads;
      if (loads_q) keep_q <= keep;
      else if (logit_ready_i) keep_q <= keep_q >> 1;
      pause_o <= words_q >= FULL[DEPTH_WIDTH:0];
    end
  end

  always @(posedge clk_i) begin
    if (loads_q) values_q <= values;
    else if (logit_ready_i) values_q <= values_q >> 32;
  end

endmodule
`default_nettype wire
