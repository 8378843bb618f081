`default_nettype none
// A combinational table: output k of entry i is bit k · 2^INPUTS + i of TABLE.
//
// It is kept apart from the logic around it: with at most as many inputs as a LUT has, it is one LUT per output. Merged
// with the tables before it, synthesis would save levels and spend several times the LUTs.
(* keep_hierarchy *)
module sdq_lookup #(
    parameter INPUTS = 1,
    parameter OUTPUTS = 1,
    parameter [(OUTPUTS << INPUTS)-1:0] TABLE = 2'b10
) (
    input  wire [ INPUTS-1:0] entry_i,
    output wire [OUTPUTS-1:0] value_o
);

  genvar k;
  generate
    for (k = 0; k < OUTPUTS; k = k + 1) begin : g_output
      wire [(1<<INPUTS)-1:0] column = TABLE[(k<<INPUTS)+:(1<<INPUTS)];
      assign value_o[k] = column[entry_i];
    end
  endgenerate

endmodule
`default_nettype wire
