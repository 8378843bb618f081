// Properties of sdq_run_overlap: one linear in the array and at most two whose results are not all taken; each request is started
// once, with its linear and shift. The array ends only a linear that was started, and results end only of one that is under way,
// in the order of requests: no more than have walked.

reg f_started_q = 1'b0;  // a request was taken in the cycle before
reg f_begun_q = 1'b0;
reg [1:0] f_walked_q = 2'd0;  // linears whose operands are read, and whose results are not all taken
reg [15:0] f_linear_q;
reg [7:0] f_shift_q;

always @(posedge clk_i) begin
  f_begun_q <= 1'b1;
  assume (f_begun_q || !rst_ni);
  assume (!walked_i || (walking_q && !start_o));
  assume (!read_done_i || f_walked_q != 2'd0);

  f_started_q <= rst_ni && takes;
  f_walked_q <= !rst_ni ? 2'd0 : f_walked_q + {1'b0, walked_i} - {1'b0, read_done_i};
  if (takes) begin
    f_linear_q <= run_linear_i;
    f_shift_q <= run_shift_i;
  end

  if (rst_ni && f_begun_q) begin
    assert (start_o == f_started_q);
    if (start_o) assert (computing_o);
    assert (runs_q == f_walked_q + {1'b0, walking_q});
    assert (runs_q <= 2'd2);
    assert (busy_o == (f_walked_q != 2'd0 || computing_o));
    // A linear is taken only when the array is free, and one of the two banks is.
    if (takes) assert (!computing_o && f_walked_q < 2'd2);
    // The schedule looks up the request's linear while it is taken, and stays there.
    if (takes) assert (linear_o == run_linear_i);
    else if (busy_o) assert (linear_o == f_linear_q);
    if (busy_o) assert (shift_o == f_shift_q);
  end
end
