// Properties of sdq_host_link: the claims of its parts hold together, each part's surroundings being the others instead of
// an assumption; and nothing happens that busy_o does not tell of.

reg f_begun_q = 1'b0;
always @(posedge clk_i) begin
  f_begun_q <= 1'b1;
  if (rst_ni && f_begun_q) begin
    if (tx_valid_o || mem_wvalid_o || mem_rvalid_o || run_valid_o || res_ready_o) assert (busy_o);
    if (step_valid_o || answer_ready_o || logit_ready_o) assert (busy_o);
  end
end
