// Properties of sdq_command: its streams, that no memory access leaves the region that was checked, and that nothing is
// executed between reset and HELLO.

`ifdef PROVE_SDQ_COMMAND
localparam ALONE = 1;
`else
localparam ALONE = 0;
`endif
sdq_stream_check #(
    .WIDTH (8),
    .ASSUME(ALONE)
) f_frame (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (frame_valid_i),
    .ready_i  (frame_ready_o),
    .payload_i(frame_data_i)
);
sdq_stream_check #(
    .WIDTH(40)
) f_write (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (mem_wvalid_o),
    .ready_i  (mem_wready_i),
    .payload_i({mem_addr_o, mem_wdata_o})
);
sdq_stream_check #(
    .WIDTH(32)
) f_read (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (mem_rvalid_o),
    .ready_i  (mem_rready_i),
    .payload_i(mem_addr_o)
);
sdq_stream_check #(
    .WIDTH(24)
) f_run (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (run_valid_o),
    .ready_i  (run_ready_i),
    .payload_i({run_linear_o, run_shift_o})
);
sdq_stream_check #(
    .WIDTH(66)
) f_step (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (step_valid_o),
    .ready_i  (step_ready_i),
    .payload_i({step_position_o, step_count_o, step_logits_o, step_stops_o, step_stop_o})
);

// The memory answers only what it was asked.
reg [5:0] f_asked = 6'd0;
always @(posedge clk_i) begin
  assume (!mem_rdata_valid_i || f_asked != 6'd0);
  if (!rst_ni) f_asked <= 6'd0;
  else f_asked <= f_asked + {5'd0, asks} - {5'd0, mem_rdata_valid_i};
  if (rst_ni) assert (f_asked == (state_q == S_CHECK ? {1'b0, reading_q} : 6'd0));
end

wire [31:0] f_left = end_q - address_q;
wire f_accesses = state_q == S_WRITE || state_q == S_CHECK;
wire f_prepares = state_q == S_SPAN || state_q == S_RANGE;
always @(posedge clk_i) begin
  if (rst_ni) begin
    assert (state_q <= (STEPS != 0 ? S_STEP : S_RESPOND));
    if (state_q == S_ARGUMENTS) assert (is_known && !is_step && argument_q <= last_argument);
    if (state_q == S_STEP) assert (is_step && length_q != 16'd0);
    if (state_q == S_ARGUMENTS && is_write) assert (length_q + {13'd0, argument_q} >= 16'd5);
    if (f_prepares) assert (is_write || is_check || executes);
    if (state_q == S_ARGUMENTS || state_q == S_STEP) assert (is_allowed);
    if (f_prepares || f_accesses || run_valid_o || step_valid_o) assert (greeted_q);
    if (f_prepares && is_write) assert (length_q != 16'd0);
    if (state_q == S_RANGE && !executes) assert (f_left == span_bytes);
    if (state_q == S_WRITE) assert (f_left == {16'd0, length_q} && length_q != 16'd0);
    if (f_accesses) assert (f_left < REGION_LIMIT);
    if (f_accesses && f_left != 32'd0) begin
      assert (has_region && end_offset <= region_bytes && {1'b0, address_q[27:0]} < region_bytes);
    end
    if (run_valid_o) assert (run_linear_o < LINEARS);
    if (STEPS != 0 && state_q == S_RESPOND) assert (type_q != 8'h84);
    assert (STEPS != 0 ? !run_valid_o && !res_ready_o : !step_valid_o && !token_valid_o);
    if (step_valid_o) assert (fits_step && step_position_o + step_count_o <= CONTEXT);
  end
end
