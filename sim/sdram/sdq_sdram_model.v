`default_nettype none
// A ×16 SDRAM with four banks for simulation: it holds data, and ends the simulation with a message on stderr when the
// protocol or a minimal time is violated.
//
// All is sampled at the rising edge of clk_i, the SDRAM's own clock. dq_o has what a read gives CAS_LATENCY edges after its
// command and POISON otherwise; bursts of 8, sequential; writes of one beat. memory[] is in the order of row, bank,
// column. T_* are cycles, taken from the data sheet of the part that is simulated and not from the controller's parameters;
// a refresh is wanted every T_REFI cycles, on average over 8 of them, 64 cycles late at most.
module sdq_sdram_model #(
    parameter ROW_WIDTH = 13,
    parameter COLUMN_WIDTH = 9,
    parameter T_RCD = 2,
    parameter T_RP = 2,
    parameter T_RAS = 5,
    parameter T_RC = 7,
    parameter T_RRD = 2,
    parameter T_RFC = 7,
    parameter T_WR = 2,
    parameter T_MRD = 2,
    parameter T_REFI = 781,
    parameter T_POWER_UP = 20000
) (
    input wire clk_i,

    input  wire        cs_ni,
    input  wire        ras_ni,
    input  wire        cas_ni,
    input  wire        we_ni,
    input  wire [ 1:0] ba_i,
    input  wire [12:0] addr_i,
    input  wire [ 1:0] dqm_i,
    input  wire [15:0] dq_i,
    input  wire        dq_driven_i,
    output wire [15:0] dq_o
);

  localparam WIDTH = ROW_WIDTH + 2 + COLUMN_WIDTH;
  localparam [15:0] POISON = 16'hDEAD;
  localparam [31:0] STDERR = 32'h80000002;
  localparam NEVER = 64;

  reg [15:0] memory[0:(1<<WIDTH)-1];

  // Cycles since something happened, up to NEVER; per bank: since it was activated, since its precharge began, since it was
  // last written.
  reg [6:0] since_activate[0:3];
  reg [6:0] since_precharge[0:3];
  reg [6:0] since_write[0:3];
  reg [6:0] since_any_activate = NEVER;
  reg [6:0] since_refresh = NEVER;
  reg [6:0] since_mode = NEVER;
  reg [3:0] open = 4'b0000;
  reg [ROW_WIDTH-1:0] open_row[0:3];
  reg [3:0] seen_precharge = 4'b0000;
  reg [31:0] cycle = 0;
  reg [7:0] refreshes = 0;
  reg moded = 1'b0;
  reg latency_3 = 1'b0;

  // The last 8 refreshes, the oldest in the high end.
  reg [8*32-1:0] refresh_times = 0;
  wire [31:0] refresh_age = cycle - refresh_times[7*32+:32];

  // The burst that is read.
  reg burst = 1'b0;
  reg [2:0] burst_left = 3'd0;
  reg [1:0] burst_bank = 2'd0;
  reg [COLUMN_WIDTH-1:0] burst_column = 0;
  reg burst_closes = 1'b0;

  // What is on its way to the pins, the oldest in the high end; a beat at bit 16 of each.
  reg [16:0] out_0 = {1'b0, POISON};
  reg [16:0] out_1 = {1'b0, POISON};
  reg [16:0] out_2 = {1'b0, POISON};
  reg dq_busy = 1'b0;
  assign dq_o = latency_3 ? out_2[15:0] : out_1[15:0];

  wire [3:0] command = {cs_ni, ras_ni, cas_ni, we_ni};
  wire activates = command == 4'b0011;
  wire reads = command == 4'b0101;
  wire writes = command == 4'b0100;
  wire precharges = command == 4'b0010;
  wire refreshes_now = command == 4'b0001;
  wire modes = command == 4'b0000;
  wire stops = command == 4'b0110;
  wire any = !cs_ni && command != 4'b0111;
  wire [3:0] named = addr_i[10] ? 4'b1111 : 4'b0001 << ba_i;
  wire [WIDTH-1:0] at = {open_row[ba_i], ba_i, addr_i[COLUMN_WIDTH-1:0]};
  wire [WIDTH-1:0] burst_at = {open_row[burst_bank], burst_bank, burst_column};

  integer k;

  initial begin
    for (k = 0; k < 4; k = k + 1) begin
      since_activate[k] = NEVER;
      since_precharge[k] = NEVER;
      since_write[k] = NEVER;
      open_row[k] = 0;
    end
  end

  task violation(input [8*48-1:0] what);
    begin
      $fdisplay(STDERR, "sdq_sdram_model: %0s, cycle %0d, command %b, bank %0d, address %h", what, cycle, command, ba_i, addr_i);
      $finish;
    end
  endtask

  function [6:0] later(input [6:0] since);
    later = since == NEVER ? since : since + 7'd1;
  endfunction

  always @(posedge clk_i) begin
    // What is wrong, before anything changes.
    if (cycle >= T_POWER_UP && ^command === 1'bx) violation("unknown command");
    if ((activates || reads || writes || modes) && ^{ba_i, addr_i} === 1'bx) violation("unknown bank or address");
    if (precharges && (addr_i[10] === 1'bx || (!addr_i[10] && ^ba_i === 1'bx))) violation("unknown bank");
    if (any && cycle < T_POWER_UP) violation("command before the power-up time");
    if (any && since_refresh < T_RFC) violation("T_RFC: command too soon after a refresh");
    if (any && since_mode < T_MRD) violation("T_MRD: command too soon after a mode");
    if (any && stops) violation("burst stop is not used");
    if ((activates || reads || writes) && !moded) violation("access before a mode was loaded");
    if (refreshes_now || modes) begin
      if (seen_precharge != 4'b1111) violation("refresh or mode before all banks were precharged");
      if (open != 4'b0000) violation("refresh or mode with an open bank");
      for (k = 0; k < 4; k = k + 1) if (since_precharge[k] < T_RP) violation("T_RP: refresh or mode too soon");
    end
    if (modes && refreshes < 8'd2) violation("mode before two refreshes");
    if (modes && (addr_i[2:0] != 3'd3 || addr_i[3] || !addr_i[9] || addr_i[6:5] != 2'b01)) violation("mode is not supported");
    if (activates) begin
      if (open[ba_i]) violation("activation of an open bank");
      if (since_precharge[ba_i] < T_RP) violation("T_RP: activation too soon after precharge");
      if (since_activate[ba_i] < T_RC) violation("T_RC: activation too soon after the last");
      if (since_any_activate < T_RRD) violation("T_RRD: activation too soon after another bank's");
    end
    if (reads || writes) begin
      if (!open[ba_i]) violation("access to a closed bank");
      if (since_activate[ba_i] < T_RCD) violation("T_RCD: access too soon after activation");
      if (burst && burst_closes) violation("a burst that closes its bank is interrupted");
    end
    if (reads && dqm_i != 2'b00) violation("read with masks");
    if (writes && !dq_driven_i) violation("write without data");
    if (writes && addr_i[10]) violation("write that closes its bank");
    if (dq_driven_i && !writes) violation("data pins are driven without a write");
    if (dq_driven_i && (dq_busy || out_0[16] || out_1[16] || out_2[16])) violation("both sides drive the data pins");
    if (precharges) begin
      for (k = 0; k < 4; k = k + 1) begin
        if (named[k] && open[k] && since_activate[k] < T_RAS) violation("T_RAS: precharge too soon after activation");
        if (named[k] && open[k] && since_write[k] < T_WR) violation("T_WR: precharge too soon after a write");
      end
    end
    if (moded && refresh_age > 8 * T_REFI + 64) violation("T_REFI: refreshes are late");

    // What happens.
    cycle <= cycle + 1;
    since_any_activate <= activates ? 7'd1 : later(since_any_activate);
    since_refresh <= refreshes_now ? 7'd1 : later(since_refresh);
    since_mode <= modes ? 7'd1 : later(since_mode);
    for (k = 0; k < 4; k = k + 1) begin
      since_activate[k] <= later(since_activate[k]);
      since_precharge[k] <= later(since_precharge[k]);
      since_write[k] <= later(since_write[k]);
    end

    out_0 <= {1'b0, POISON};
    out_1 <= out_0;
    out_2 <= out_1;
    dq_busy <= latency_3 ? out_1[16] : out_0[16];
    if (burst) begin
      out_0 <= {1'b1, memory[burst_at]};
      burst_column[2:0] <= burst_column[2:0] + 3'd1;
      burst_left <= burst_left - 3'd1;
      if (burst_left == 3'd1) burst <= 1'b0;
    end
    // The precharge of such a burst begins 8 cycles after its command.
    if (burst_closes && !burst) begin
      burst_closes <= 1'b0;
      open[burst_bank] <= 1'b0;
      since_precharge[burst_bank] <= 7'd1;
    end

    if (activates) begin
      open[ba_i] <= 1'b1;
      open_row[ba_i] <= addr_i[ROW_WIDTH-1:0];
      since_activate[ba_i] <= 7'd1;
    end
    if (reads) begin
      out_0 <= {1'b1, memory[at]};
      burst <= 1'b1;
      burst_left <= 3'd7;
      burst_bank <= ba_i;
      burst_column <= {addr_i[COLUMN_WIDTH-1:3], addr_i[2:0] + 3'd1};
      burst_closes <= addr_i[10];
    end
    if (writes) begin
      burst <= 1'b0;
      if (!dqm_i[0]) memory[at][7:0] <= dq_i[7:0];
      if (!dqm_i[1]) memory[at][15:8] <= dq_i[15:8];
      since_write[ba_i] <= 7'd1;
    end
    if (precharges) begin
      for (k = 0; k < 4; k = k + 1) begin
        if (named[k]) begin
          open[k] <= 1'b0;
          seen_precharge[k] <= 1'b1;
          if (open[k]) since_precharge[k] <= 7'd1;
        end
      end
      if (burst && !burst_closes && named[burst_bank]) begin
        burst <= 1'b0;
        out_0 <= {1'b0, POISON};
      end
    end
    if (refreshes_now) begin
      if (refreshes != 8'hFF) refreshes <= refreshes + 8'd1;
      refresh_times <= {refresh_times[7*32-1:0], cycle};
    end
    if (modes) begin
      moded <= 1'b1;
      latency_3 <= addr_i[4];
      refresh_times <= {8{cycle}};
    end
  end

endmodule
`default_nettype wire
