// The ports of Lattice's primitive, to lint around it: a black box, which uses and drives none of them.
// verilator lint_off UNUSED
// verilator lint_off UNDRIVEN
module BB (
    input  wire I,
    input  wire T,
    output wire O,
    inout  wire B
);
endmodule
