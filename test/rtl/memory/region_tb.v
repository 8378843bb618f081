`default_nettype none
// sdq_region_memory against an array of bytes: the host writes and reads bytes, those that do not exist included, and
// the engine reads words (with SINGLE_PORT not while the host writes). What is read must come in the cycle that the module promises. +seed=N.
module region_tb #(
    parameter WORDS = 11,
    parameter ADDR_WIDTH = 4,
    parameter BYTES = 5,
    parameter BYTE_INDEX_WIDTH = 3,
    parameter STORED_WIDTH = 8,
    parameter SINGLE_PORT = 0
);

  localparam STEPS = 4000;
  localparam STRIDE = 1 << BYTE_INDEX_WIDTH;
  localparam FILL = WORDS * STRIDE;
  localparam WIDTH = BYTES * STORED_WIDTH;

  reg clk = 1'b0;
  reg wen;
  reg ren;
  reg [ADDR_WIDTH+BYTE_INDEX_WIDTH-1:0] addr;
  reg [STORED_WIDTH-1:0] wdata;
  reg [STORED_WIDTH-1:0] written;  // follows its request by a cycle
  wire [STORED_WIDTH-1:0] rdata;
  wire padding;
  reg run_ren;
  reg [ADDR_WIDTH-1:0] run_raddr;
  wire [WIDTH-1:0] run_rdata;

  reg [WIDTH-1:0] model[0:WORDS-1];
  // What the host must see, by cycles since its request.
  reg [3:0] due;
  reg [STORED_WIDTH-1:0] byte_1, byte_2, byte_3, byte_4;
  reg padding_1, padding_2, padding_3, padding_4;
  reg run_due;
  reg [WIDTH-1:0] run_wanted;
  reg before_ren;
  reg before_wen;
  reg [ADDR_WIDTH-1:0] before_word;
  integer seed;
  integer step;
  integer word;
  integer index;
  integer errors;

  always #5 clk = !clk;

  sdq_region_memory #(
      .WORDS           (WORDS),
      .ADDR_WIDTH      (ADDR_WIDTH),
      .BYTES           (BYTES),
      .BYTE_INDEX_WIDTH(BYTE_INDEX_WIDTH),
      .STORED_WIDTH    (STORED_WIDTH),
      .SINGLE_PORT     (SINGLE_PORT)
  ) dut (
      .clk_i         (clk),
      .host_wen_i    (wen),
      .host_ren_i    (ren),
      .host_addr_i   (addr),
      .host_wdata_i  (wdata),
      .host_rdata_o  (rdata),
      .host_padding_o(padding),
      .run_ren_i     (run_ren),
      .run_raddr_i   (run_raddr),
      .run_rdata_o   (run_rdata)
  );

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    errors = 0;
    due = 4'd0;
    run_due = 1'b0;
    ren = 1'b0;
    wen = 1'b0;
    addr = 0;
    for (step = 0; step < STEPS; step = step + 1) begin
      @(negedge clk);
      if (due[3] && (padding !== padding_4 || (!padding && rdata !== byte_4))) errors = errors + 1;
      if (run_due && run_rdata !== run_wanted) errors = errors + 1;
      before_ren = ren;
      before_wen = wen;
      before_word = addr >> BYTE_INDEX_WIDTH;

      // All bytes are written first; then mostly reads, and idle cycles.
      word = step < FILL ? step >> BYTE_INDEX_WIDTH : $unsigned($random(seed)) % WORDS;
      index = step < FILL ? step & (STRIDE - 1) : $random(seed) & (STRIDE - 1);
      addr = (word << BYTE_INDEX_WIDTH) | index;
      wdata = written;
      written = $random(seed);
      wen = step < FILL || ($random(seed) & 3) == 0;
      ren = !wen && ($random(seed) & 1);
      run_raddr = $random(seed) & 1 ? word : $unsigned($random(seed)) % WORDS;
      run_ren = step > FILL && !before_ren && !(before_wen && (SINGLE_PORT != 0 || before_word == run_raddr)) && ($random(seed) & 1);

      // What the engine has read stays until something else is read.
      run_due = run_ren || (run_due && !before_ren);
      if (run_ren) run_wanted = model[run_raddr];
      due = {due[2:0], ren};
      byte_4 = byte_3;
      byte_3 = byte_2;
      byte_2 = byte_1;
      byte_1 = model[word] >> (index * STORED_WIDTH);
      padding_4 = padding_3;
      padding_3 = padding_2;
      padding_2 = padding_1;
      padding_1 = index >= BYTES;
      if (wen && index < BYTES) model[word][index*STORED_WIDTH+:STORED_WIDTH] = written;
    end
    if (errors == 0) $display("PASS %0d cycles", STEPS);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end

endmodule
`default_nettype wire
