"""sdq_mac_array with the beats of a linear, laid out as the host would; the sums of each beat, the golden model says."""

import random

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from cocotb_bridge_oracle import connect
from link import start


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) else value


def sums_of(dut, rows, width, sign_tree):
    """The numbers that sums and signs stand for, as the module's header defines them."""
    sums = int(dut.sums_o.value)
    signs = int(dut.signs_o.value)
    numbers = []
    for row in range(rows):
        number = signed((sums >> (row * width)) & ((1 << width) - 1), width)
        sign = (signs >> row) & 1
        numbers.append((-number if sign else number) if sign_tree else number + sign)
    return numbers


@cocotb.test()
async def sums_are_those_of_the_golden_model(dut):
    dut.beat_i.value = 0
    dut.last_beat_i.value = 0
    await start(dut)
    with connect() as oracle:
        shape = oracle.call("shape")
        beats = oracle.call("beats")
    latency = 3 + shape["levels"]  # from the cycle of beat_i to the sums
    due = {}
    cycle = 0
    checked = 0
    announced = None
    waiting = list(beats)
    while waiting or announced or due:
        # A beat is announced a cycle before its words.
        if announced:
            dut.word_i.value = int(announced["word"], 16)
            dut.activations_i.value = int(announced["activations"], 16)
        announced = waiting.pop(0) if waiting and random.randrange(4) else None
        dut.beat_i.value = int(announced is not None)
        dut.last_beat_i.value = int(announced["last"]) if announced else random.randrange(2)
        dut.last_lane_i.value = announced["lastLane"] if announced else 0
        if announced:
            due[cycle + latency] = announced["sums"]
        await ReadOnly()
        if cycle in due:
            wanted = due.pop(cycle)
            found = sums_of(dut, shape["rows"], shape["sumWidth"], shape["signTree"])
            assert found == wanted, "beat {}: {}, not {}".format(checked, found, wanted)
            checked += 1
        await FallingEdge(dut.clk_i)
        cycle += 1
    assert checked == len(beats)
