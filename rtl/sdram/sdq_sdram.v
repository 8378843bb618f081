`default_nettype none
// Controller of a ×16 SDRAM with four banks: one sequential stream of reads at a beat per cycle, and single bytes for
// the host. An address counts beats of 16 bits: row, bank, column from the high end, so that a stream leaves a bank for
// the next one at each row's end.
//
// Stream: while stream_i is set, bursts of 8 beats are read, from burst number stream_burst_i (address / 8) on, whenever
// room_i says that the reader has room for 8 beats; burst_o grants a burst. Beats come in order on data_o with
// beat_valid_o. A row's last burst closes its bank by itself, and the next bank is opened during that burst, so that
// streaming costs no cycles but those of refresh:
//
//   precharge, T_RP, refresh, T_RFC, activate, T_RCD, read: T_RP + T_RFC + T_RCD cycles every REFRESH_CYCLES
//
// Each stream begins with a refresh and a new refresh period: when its beats come depends on room_i alone. stream_i may
// be set, with stream_burst_i, when quiet_o is set, and cleared at any time.
//
// Host: host_valid_i, with address, byte and what to write, stays until host_ready_o; a row is opened and closed for each.
// The beat that was read is on data_o with host_data_valid_o. hold_i keeps a controller that is quiet from beginning
// anything but a stream.
//
// Pins: all are registered. The SDRAM's clock is the inverted clk_i, so that commands are stable around its edges; data
// are captured at these edges, too. T_* are cycles, rounded up from the data sheet by
// generator/sizing/sdram.ts. A refresh is due every REFRESH_CYCLES and comes at most 40 cycles later.
module sdq_sdram #(
    parameter ROW_WIDTH = 13,
    parameter COLUMN_WIDTH = 9,  // 4 or more, at most 10
    parameter CAS_LATENCY = 2,  // 2 or 3
    parameter T_RCD = 2,
    parameter T_RP = 2,
    parameter T_RAS = 5,
    parameter T_RFC = 7,
    parameter T_WR = 2,
    parameter T_MRD = 2,
    parameter WAIT_WIDTH = 3,  // index width of the largest T_*
    parameter REFRESH_CYCLES = 780,
    parameter TIMER_WIDTH = 10,  // index width of REFRESH_CYCLES
    parameter INIT_PERIODS = 26,  // refresh periods to wait after power-up, at most 63
    parameter ADDR_WIDTH = 24  // 2 + ROW_WIDTH + COLUMN_WIDTH
) (
    input wire clk_i,
    input wire rst_ni,

    output wire quiet_o,
    input  wire hold_i,

    input  wire                  stream_i,
    input  wire [ADDR_WIDTH-4:0] stream_burst_i,
    input  wire                  room_i,
    output wire                  burst_o,
    output wire                  beat_valid_o,

    input  wire                  host_valid_i,
    output wire                  host_ready_o,
    input  wire                  host_write_i,
    input  wire [ADDR_WIDTH-1:0] host_addr_i,
    input  wire                  host_byte_i,        // 1: the high byte
    input  wire [           7:0] host_wdata_i,
    output wire                  host_data_valid_o,

    output reg [15:0] data_o,

    output wire        sdram_cs_no,
    output wire        sdram_ras_no,
    output wire        sdram_cas_no,
    output wire        sdram_we_no,
    output reg  [ 1:0] sdram_ba_o,
    output reg  [12:0] sdram_addr_o,
    output reg  [ 1:0] sdram_dqm_o,
    output reg  [15:0] sdram_dq_o,
    output reg         sdram_dq_oe_o,
    input  wire [15:0] sdram_dq_i
);

  generate
    if (ROW_WIDTH < 11 || ROW_WIDTH > 13 || COLUMN_WIDTH < 4 || COLUMN_WIDTH > 10 ||
        ADDR_WIDTH != 2 + ROW_WIDTH + COLUMN_WIDTH || CAS_LATENCY < 2 || CAS_LATENCY > 3 ||
        T_RCD > 7 || T_RAS > T_RCD + 8 || T_RP + T_RCD < CAS_LATENCY || INIT_PERIODS > 63 ||
        REFRESH_CYCLES > (1 << TIMER_WIDTH)) begin : g_illegal
      initial begin
        $display("%m: ROW_WIDTH=%0d COLUMN_WIDTH=%0d ADDR_WIDTH=%0d CAS_LATENCY=%0d T_RCD=%0d T_RP=%0d T_RAS=%0d INIT_PERIODS=%0d REFRESH_CYCLES=%0d TIMER_WIDTH=%0d",
                 ROW_WIDTH, COLUMN_WIDTH, ADDR_WIDTH, CAS_LATENCY, T_RCD, T_RP, T_RAS, INIT_PERIODS,
                 REFRESH_CYCLES, TIMER_WIDTH);
        $finish;
      end
    end
  endgenerate

  // Commands: cs, ras, cas, we, all active low.
  localparam [3:0] NOP = 4'b0111;
  localparam [3:0] ACTIVATE = 4'b0011;
  localparam [3:0] READ = 4'b0101;
  localparam [3:0] WRITE = 4'b0100;
  localparam [3:0] PRECHARGE = 4'b0010;
  localparam [3:0] REFRESH = 4'b0001;
  localparam [3:0] LOAD_MODE = 4'b0000;

  // Writes of one beat; CAS latency; sequential bursts of 8.
  localparam [12:0] MODE = {6'b000100, CAS_LATENCY[2:0], 4'b0011};
  localparam [12:0] ALL_BANKS = 13'h0400;  // also: precharge after a burst

  localparam [2:0] S_POWER = 3'd0;
  localparam [2:0] S_REFRESH = 3'd1;
  localparam [2:0] S_MODE = 3'd2;
  localparam [2:0] S_IDLE = 3'd3;  // all banks are closed
  localparam [2:0] S_ACTIVATE = 3'd4;
  localparam [2:0] S_STREAM = 3'd5;
  localparam [2:0] S_HOST = 3'd6;
  localparam [2:0] S_CLOSE = 3'd7;

  localparam READ_CYCLES = CAS_LATENCY + 1;  // from a command at the pins to its first beat on data_o
  localparam INIT_REFRESHES = 7;  // after the first one
  localparam LAST_CYCLE = REFRESH_CYCLES - 1;
  localparam RCD = T_RCD - 1;
  localparam RP = T_RP - 1;
  localparam RAS = T_RAS - 1;
  localparam RFC = T_RFC - 1;
  localparam WR = T_WR - 1;
  localparam MRD = T_MRD - 1;

  reg [2:0] state_q;
  reg ready_q;  // initialised
  reg [5:0] init_q;  // periods to wait, then refreshes to do
  reg streaming_q;
  reg [WAIT_WIDTH-1:0] wait_q;  // cycles until the state may act
  reg [WAIT_WIDTH-1:0] ras_q;  // cycles until the open bank may be closed
  reg [2:0] burst_q;  // beats of the burst still to be read
  reg leaves_row_q;  // the burst in flight is the last of its row
  reg [TIMER_WIDTH-1:0] timer_q;
  reg due_q;
  reg [ADDR_WIDTH-1:0] addr_q;
  reg [15:0] captured_q;
  reg [READ_CYCLES:0] stream_pipe_q;
  reg [READ_CYCLES:0] host_pipe_q;

  wire [ROW_WIDTH-1:0] row = addr_q[ADDR_WIDTH-1-:ROW_WIDTH];
  wire [1:0] bank = addr_q[COLUMN_WIDTH+:2];
  wire [COLUMN_WIDTH-1:0] column = addr_q[COLUMN_WIDTH-1:0];
  wire row_ends = &addr_q[COLUMN_WIDTH-1:3];
  wire [12:0] row_pins = {{13 - ROW_WIDTH{1'b0}}, row};
  wire [12:0] column_pins = {{13 - COLUMN_WIDTH{1'b0}}, column};

  wire acts = wait_q == {WAIT_WIDTH{1'b0}};
  wire in_stream = state_q == S_STREAM && acts;
  wire between = in_stream && burst_q == 3'd0;
  wire leaves = !stream_i || due_q;
  wire closes = (state_q == S_CLOSE && acts || between && leaves) && ras_q == {WAIT_WIDTH{1'b0}};
  wire opens_next = leaves_row_q && burst_q == 3'd7;
  wire powers_up = state_q == S_POWER && due_q && init_q == 6'd0;
  wire refreshes = state_q == S_REFRESH && acts;
  wire activates = state_q == S_ACTIVATE && acts || in_stream && opens_next;
  wire idles = state_q == S_IDLE && acts;
  wire starts = idles && stream_i;
  wire takes_host = idles && !stream_i && !hold_i && !due_q && host_valid_i;

  assign burst_o = between && !leaves && room_i;
  assign host_ready_o = state_q == S_HOST && acts;
  assign quiet_o = idles && !due_q && !host_valid_i && stream_pipe_q == {READ_CYCLES + 1{1'b0}};
  assign beat_valid_o = stream_pipe_q[READ_CYCLES];
  assign host_data_valid_o = host_pipe_q[READ_CYCLES];

  // What is done next.
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_POWER;
      ready_q <= 1'b0;
      streaming_q <= 1'b0;
      init_q <= INIT_PERIODS[5:0];
      wait_q <= {WAIT_WIDTH{1'b0}};
      ras_q <= {WAIT_WIDTH{1'b0}};
      burst_q <= 3'd0;
      leaves_row_q <= 1'b0;
    end else begin
      if (!acts) wait_q <= wait_q - 1'b1;
      if (ras_q != {WAIT_WIDTH{1'b0}}) ras_q <= ras_q - 1'b1;
      if (burst_q != 3'd0) burst_q <= burst_q - 1'b1;

      if (activates) ras_q <= RAS[WAIT_WIDTH-1:0];
      if (burst_o) begin
        burst_q <= 3'd7;
        leaves_row_q <= row_ends;
      end

      case (state_q)
        S_POWER:
        if (due_q) begin
          init_q <= init_q == 6'd0 ? INIT_REFRESHES[5:0] : init_q - 6'd1;
          if (init_q == 6'd0) begin
            state_q <= S_REFRESH;
            wait_q  <= RP[WAIT_WIDTH-1:0];
          end
        end
        S_REFRESH:
        if (acts) begin
          wait_q <= RFC[WAIT_WIDTH-1:0];
          if (!ready_q) begin
            init_q <= init_q - 6'd1;
            if (init_q == 6'd0) state_q <= S_MODE;
          end else begin
            state_q <= streaming_q ? S_ACTIVATE : S_IDLE;
          end
        end
        S_MODE:
        if (acts) begin
          state_q <= S_IDLE;
          ready_q <= 1'b1;
          wait_q  <= MRD[WAIT_WIDTH-1:0];
        end
        S_IDLE: begin
          streaming_q <= starts;
          if (starts) state_q <= S_REFRESH;
          else if (acts && due_q && !hold_i) state_q <= S_REFRESH;
          else if (takes_host) state_q <= S_ACTIVATE;
        end
        S_ACTIVATE:
        if (acts) begin
          state_q <= streaming_q ? S_STREAM : S_HOST;
          wait_q  <= RCD[WAIT_WIDTH-1:0];
        end
        S_STREAM:
        if (closes) begin
          state_q <= stream_i ? S_REFRESH : S_IDLE;
          wait_q  <= RP[WAIT_WIDTH-1:0];
        end
        S_HOST:
        if (acts) begin
          state_q <= S_CLOSE;
          wait_q  <= WR[WAIT_WIDTH-1:0];
        end
        default:
        if (closes) begin
          state_q <= S_IDLE;
          wait_q  <= RP[WAIT_WIDTH-1:0];
        end
      endcase
    end
  end

  // Refresh periods; a stream begins one.
  always @(posedge clk_i) begin
    if (!rst_ni || starts || timer_q == {TIMER_WIDTH{1'b0}}) timer_q <= LAST_CYCLE[TIMER_WIDTH-1:0];
    else timer_q <= timer_q - 1'b1;

    if (!rst_ni) due_q <= 1'b0;
    else if (timer_q == {TIMER_WIDTH{1'b0}}) due_q <= 1'b1;
    else if (refreshes || state_q == S_POWER) due_q <= 1'b0;
  end

  // The beat that is asked for next.
  always @(posedge clk_i) begin
    if (state_q == S_IDLE) addr_q <= stream_i ? {stream_burst_i, 3'd0} : host_addr_i;
    else if (burst_o) addr_q[ADDR_WIDTH-1:3] <= addr_q[ADDR_WIDTH-1:3] + 1'b1;
  end

  // Pins.
  reg [3:0] command_q;
  assign {sdram_cs_no, sdram_ras_no, sdram_cas_no, sdram_we_no} = command_q;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      command_q <= NOP;
      sdram_dq_oe_o <= 1'b0;
    end else begin
      command_q <= NOP;
      if (powers_up || closes) command_q <= PRECHARGE;
      if (refreshes) command_q <= REFRESH;
      if (state_q == S_MODE && acts) command_q <= LOAD_MODE;
      if (activates) command_q <= ACTIVATE;
      if (burst_o) command_q <= READ;
      if (host_ready_o) command_q <= host_write_i ? WRITE : READ;
      sdram_dq_oe_o <= host_ready_o && host_write_i;
    end

    // A bank's number is ignored by commands to all banks.
    sdram_ba_o <= state_q == S_MODE ? 2'd0 : bank;
    sdram_addr_o <= column_pins;
    if (powers_up || closes) sdram_addr_o <= ALL_BANKS;
    if (burst_o && row_ends) sdram_addr_o <= column_pins | ALL_BANKS;
    if (activates) sdram_addr_o <= row_pins;
    if (state_q == S_MODE) sdram_addr_o <= MODE;

    sdram_dqm_o <= !ready_q ? 2'b11 : host_ready_o && host_write_i ? {!host_byte_i, host_byte_i} : 2'b00;
    sdram_dq_o  <= {host_wdata_i, host_wdata_i};
    data_o      <= captured_q;
  end

  always @(negedge clk_i) captured_q <= sdram_dq_i;

  // When data_o has a beat: READ_CYCLES after the command is at the pins.
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      stream_pipe_q <= {READ_CYCLES + 1{1'b0}};
      host_pipe_q   <= {READ_CYCLES + 1{1'b0}};
    end else begin
      stream_pipe_q <= {stream_pipe_q[READ_CYCLES-1:0], burst_o || burst_q != 3'd0};
      host_pipe_q   <= {host_pipe_q[READ_CYCLES-1:0], host_ready_o && !host_write_i};
    end
  end

endmodule
`default_nettype wire
