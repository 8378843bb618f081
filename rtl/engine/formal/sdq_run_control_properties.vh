// Properties of sdq_run_control: one request at a time, seen through in the order of the header; what it reports is stable
// and counts from the request to the first result. The array drains and the results end only when they are waited for.

reg f_started_q = 1'b0;  // a request was taken in the cycle before
reg [31:0] f_age_q;  // cycles since the request
reg [31:0] f_total_q;
reg [15:0] f_linear_q;
reg [7:0] f_shift_q;
reg f_resulted_q = 1'b0;
reg f_waits_q = 1'b0;  // the array was at work, and not drained
reg f_begun_q = 1'b0;
reg f_any_q = 1'b0;  // a request was taken

always @(posedge clk_i) begin
  f_begun_q <= 1'b1;
  assume (f_begun_q || !rst_ni);
  assume (!drained_i || state_q == S_COMPUTE);
  assume (!(read_done_i || result_valid_i) || state_q == S_RESULTS);

  f_started_q <= rst_ni && takes;
  f_age_q <= takes ? 32'd1 : f_age_q + 32'd1;
  f_any_q <= rst_ni && (f_any_q || takes);
  if (takes) begin
    f_linear_q <= run_linear_i;
    f_shift_q <= run_shift_i;
  end
  // The count that the first result shows.
  if (result_valid_i && !f_resulted_q) f_total_q <= cycles_o;
  f_waits_q <= rst_ni && computing_o && !drained_i;
  f_resulted_q <= rst_ni && !takes && (f_resulted_q || result_valid_i);

  if (rst_ni && f_begun_q) begin
    assert (run_ready_o == !busy_o);
    assert (start_o == f_started_q);
    if (start_o) assert (computing_o);
    if (computing_o) assert (busy_o);
    // The memories stay locked until the array is drained.
    if (f_waits_q) assert (computing_o);
    // The schedule looks up the request's linear while it is taken.
    if (takes) assert (linear_o == run_linear_i);
    // Its word stays until another is taken: its vector may still be framed.
    if (f_any_q) assert (linear_q == f_linear_q);
    if (f_any_q && !takes) assert (linear_o == f_linear_q);
    // Request and count are stable for those who read them.
    if (busy_o) assert (linear_o == f_linear_q && shift_o == f_shift_q);
    if (busy_o && !f_resulted_q) assert (counting_q && cycles_o == f_age_q);
    if (f_resulted_q) assert (!counting_q && cycles_o == f_total_q);
  end
end
