`default_nettype none
// Stands in for sdq_engine in tests of the host link: four small memories, and linears whose outputs are easy to
// predict.
//
//   y[r] = (r + 1) * sum of the 16 bytes of activation word 0 + weights byte at address r + shift   (bytes signed)
//   rows of linear 0..3: 1, 60, 61, 150; cycles reported: 100 + linear
//
// With the highest bit of stall_seed_i set at reset, ready and data are held back at random, and reads are sometimes
// left unanswered for a while.
module fake_engine (
    input wire clk_i,
    input wire rst_ni,
    input wire [31:0] stall_seed_i,

    input  wire        mem_wvalid_i,
    output wire        mem_wready_o,
    input  wire        mem_rvalid_i,
    output wire        mem_rready_o,
    input  wire [31:0] mem_addr_i,
    input  wire [ 7:0] mem_wdata_i,
    output reg         mem_rdata_valid_o,
    output reg  [ 7:0] mem_rdata_o,

    input  wire        run_valid_i,
    output wire        run_ready_o,
    input  wire [15:0] run_linear_i,
    input  wire [ 7:0] run_shift_i,

    output wire        res_valid_o,
    input  wire        res_ready_i,
    output wire [31:0] res_data_o,
    output wire        res_last_o,
    output reg  [31:0] res_rows_o,
    output wire [31:0] res_cycles_o,

    output wire busy_o
);

  // Words of 5 bytes at a stride of 8, 4 at 4, 16 at 16, 4 at 4.
  reg [7:0] weights[0:4095];
  reg [7:0] scales[0:255];
  reg [7:0] activations[0:127];
  reg [7:0] blocks[0:15];

  reg [31:0] random_q;
  wire stall = random_q[0] || random_q[7];
  always @(posedge clk_i) begin
    if (!rst_ni) random_q <= stall_seed_i[31] ? stall_seed_i : 32'd0;
    else random_q <= {random_q[30:0], 1'b0} ^ (random_q[31] ? 32'h04C11DB7 : 32'd0);
  end

  // Stalls must not depend on the requests' own timing, so a held-back request is answered in a later cycle.
  assign mem_wready_o = !stall;
  reg [6:0] time_q;
  wire hoards = random_q != 32'd0 && time_q[6];
  always @(posedge clk_i) time_q <= rst_ni ? time_q + 7'd1 : 7'd0;
  assign mem_rready_o = !stall || hoards;

  integer i;
  initial begin
    for (i = 0; i < 4096; i = i + 1) weights[i] = 8'd0;
    for (i = 0; i < 256; i = i + 1) scales[i] = 8'd0;
    for (i = 0; i < 128; i = i + 1) activations[i] = 8'd0;
    for (i = 0; i < 16; i = i + 1) blocks[i] = 8'd0;
  end

  wire writes = mem_wvalid_i && mem_wready_o;
  wire [27:0] offset = mem_addr_i[27:0];
  always @(posedge clk_i) begin
    if (writes) begin
      case (mem_addr_i[31:28])
        4'd0: if (offset[2:0] < 3'd5) weights[offset[11:0]] <= mem_wdata_i;
        4'd1: scales[offset[7:0]] <= mem_wdata_i;
        4'd2: activations[offset[6:0]] <= mem_wdata_i;
        default: blocks[offset[3:0]] <= mem_wdata_i;
      endcase
    end
  end

  // The link must not let an address pass that lies outside: here it would meet other bytes.
  wire outside =
      mem_addr_i[31:30] != 2'd0 || offset[27:12] != 16'd0 ||
      (mem_addr_i[29:28] == 2'd1 && offset[11:8] != 4'd0) ||
      (mem_addr_i[29:28] == 2'd2 && offset[11:7] != 5'd0) ||
      (mem_addr_i[29:28] == 2'd3 && offset[11:4] != 8'd0);
  always @(posedge clk_i) begin
    if (rst_ni && (mem_wvalid_i || mem_rvalid_i) && outside) begin
      $display("fake_engine: address %h is outside", mem_addr_i);
      $finish;
    end
  end

  // Reads: a queue between memory and answer, emptied at random.
  reg [7:0] queue[0:31];
  reg [4:0] put_q;
  reg [4:0] get_q;
  wire reads = mem_rvalid_i && mem_rready_o;
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      put_q <= 5'd0;
      get_q <= 5'd0;
      mem_rdata_valid_o <= 1'b0;
    end else begin
      if (reads) put_q <= put_q + 5'd1;
      mem_rdata_valid_o <= put_q != get_q && !random_q[13] && !hoards;
      if (put_q != get_q && !random_q[13] && !hoards) get_q <= get_q + 5'd1;
    end
  end
  always @(posedge clk_i) begin
    mem_rdata_o <= queue[get_q];
    if (reads) begin
      case (mem_addr_i[31:28])
        4'd0: queue[put_q] <= offset[2:0] < 3'd5 ? weights[offset[11:0]] : 8'd0;
        4'd1: queue[put_q] <= scales[offset[7:0]];
        4'd2: queue[put_q] <= activations[offset[6:0]];
        default: queue[put_q] <= blocks[offset[3:0]];
      endcase
    end
  end

  // Runs
  reg running_q;
  reg [6:0] wait_q;
  reg [15:0] linear_q;
  reg [31:0] shift_q;
  reg [31:0] row_q;
  reg shown_q;  // a result once shown stays
  reg [31:0] sum;

  always @* begin
    sum = 32'd0;
    for (i = 0; i < 16; i = i + 1) sum = sum + {{24{activations[i][7]}}, activations[i]};
    case (linear_q)
      16'd0: res_rows_o = 32'd1;
      16'd1: res_rows_o = 32'd60;
      16'd2: res_rows_o = 32'd61;
      default: res_rows_o = 32'd150;
    endcase
  end

  wire [7:0] weight = weights[row_q[11:0]];
  assign run_ready_o = !running_q && !stall;
  assign res_valid_o = running_q && wait_q == 7'd0 && (shown_q || !random_q[5]);
  assign res_data_o = (row_q + 32'd1) * sum + {{24{weight[7]}}, weight} + shift_q;
  assign res_last_o = row_q + 32'd1 == res_rows_o;
  assign res_cycles_o = 32'd100 + {16'd0, linear_q};
  assign busy_o = running_q || put_q != get_q || mem_rdata_valid_o;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      running_q <= 1'b0;
      shown_q   <= 1'b0;
    end else if (!running_q) begin
      running_q <= run_valid_i && run_ready_o;
      linear_q <= run_linear_i;
      shift_q <= {{24{run_shift_i[7]}}, run_shift_i};
      row_q <= 32'd0;
      wait_q <= 7'd100;
    end else begin
      if (wait_q != 7'd0) wait_q <= wait_q - 7'd1;
      shown_q <= res_valid_o && !res_ready_i;
      if (res_valid_o && res_ready_i) begin
        row_q <= row_q + 32'd1;
        running_q <= !res_last_o;
      end
    end
  end

endmodule
`default_nettype wire
