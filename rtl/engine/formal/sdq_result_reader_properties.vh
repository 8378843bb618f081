// Properties of sdq_result_reader: its stream, and that a start gives exactly the transfers that hold the asked number of
// results. A start comes when the results of the one before have been taken; rows and shift stay until the end.

sdq_stream_check #(
    .WIDTH(32 * RESULTS + 1)
) f_result (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (result_valid_o),
    .ready_i  (result_ready_i),
    .payload_i({result_data_o, result_last_o})
);

reg [ROW_WIDTH-1:0] f_given_q = {ROW_WIDTH{1'b0}};  // transfers since the start
reg [ROW_WIDTH-1:0] f_wanted_q = {ROW_WIDTH{1'b0}};
wire [ROW_WIDTH-1:0] f_left = (rows_left_q + RESULTS - 1) / RESULTS;
wire f_pending = active_q || valid_q != 5'b00000;
wire [ROW_WIDTH+3:0] f_under_way = valid_q[0] + valid_q[1] + valid_q[2] + valid_q[3] + valid_q[4];
wire [ROW_WIDTH+3:0] f_all = f_given_q + f_under_way + (active_q ? f_left : {ROW_WIDTH{1'b0}});
integer f_stage;

always @(posedge clk_i) begin
  assume (!start_i || (!f_pending && rows_i != {ROW_WIDTH{1'b0}}));
  assume (rst_ni || !start_i);
  if (!rst_ni || start_i) f_given_q <= {ROW_WIDTH{1'b0}};
  else if (result_valid_o && result_ready_i) f_given_q <= f_given_q + 1'b1;
  if (!rst_ni) f_wanted_q <= {ROW_WIDTH{1'b0}};
  else if (start_i) f_wanted_q <= (rows_i + RESULTS - 1) / RESULTS;

  if (rst_ni) begin
    if (active_q) assert (rows_left_q != {ROW_WIDTH{1'b0}});
    if (f_pending) assert (f_all == f_wanted_q);
    // The last one is marked, and none else: nothing follows it.
    for (f_stage = 0; f_stage < 5; f_stage = f_stage + 1) begin
      if (valid_q[f_stage]) begin
        assert (last_q[f_stage] == (!active_q && (valid_q & ((5'd1 << f_stage) - 5'd1)) == 5'd0));
      end
    end
    if (done_o) assert (f_given_q + 1'b1 == f_wanted_q);
    if (!f_pending) assert (!read_en_o && !done_o);
  end
end
