// The ports of Lattice's primitive, to lint around it: a black box, which uses and drives none of them.
// verilator lint_off UNUSED
// verilator lint_off UNDRIVEN
module ODDRX1F (
    input  wire D0,
    input  wire D1,
    input  wire SCLK,
    input  wire RST,
    output wire Q
);
endmodule
