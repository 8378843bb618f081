"""The generated sdq_top through its byte link; what it must answer, the golden model says."""

import cocotb
from cocotb_bridge_oracle import connect
from link import Link, start


async def play(dut, idle, stall):
    await start(dut)
    dut.nonce_i.value = 1
    link = Link(dut, idle, stall)
    with connect() as oracle:
        for index in range(oracle.call("count")):
            request = bytes.fromhex(oracle.call("request", index=index))
            wanted = bytes.fromhex(oracle.call("answer", index=index))
            answer = await link.exchange(request, len(wanted))
            assert answer == wanted, "request {}: {}, not {}".format(index, answer.hex(), wanted.hex())
    assert await link.is_quiet()


@cocotb.test()
async def answers_at_full_speed(dut):
    await play(dut, 0, 0)


@cocotb.test()
async def answers_with_gaps_and_back_pressure(dut):
    await play(dut, 30, 40)
