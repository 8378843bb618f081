"""A clock, a reset, and a byte stream with gaps on both sides."""

import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly


async def start(dut):
    """Starts the clock and leaves reset. Inputs are to change after falling edges."""
    cocotb.start_soon(Clock(dut.clk_i, 10, "ns").start())
    dut.rst_ni.value = 0
    for _ in range(3):
        await FallingEdge(dut.clk_i)
    dut.rst_ni.value = 1


class Link:
    """The host's end of sdq_top: sends bytes and collects the answer, with idle cycles and back-pressure (percent)."""

    def __init__(self, dut, idle, stall):
        self.dut = dut
        self.idle = idle
        self.stall = stall
        dut.rx_valid_i.value = 0
        dut.tx_ready_i.value = 0

    async def exchange(self, request, wanted, most_cycles=100000):
        """Sends a request and returns as many bytes as are wanted; fewer if they do not come in time."""
        dut = self.dut
        waiting = list(request)
        answer = bytearray()
        offers = False
        for _ in range(most_cycles):
            if not waiting and len(answer) >= wanted:
                break
            offers = bool(waiting) and (offers or random.randrange(100) >= self.idle)
            takes = random.randrange(100) >= self.stall
            dut.rx_valid_i.value = int(offers)
            dut.rx_data_i.value = waiting[0] if offers else random.randrange(256)
            dut.tx_ready_i.value = int(takes)
            await ReadOnly()
            given = offers and int(dut.rx_ready_o.value) == 1
            if takes and int(dut.tx_valid_o.value) == 1:
                answer.append(int(dut.tx_data_o.value))
            await FallingEdge(dut.clk_i)
            if given:
                waiting.pop(0)
                offers = False
        return bytes(answer)

    async def is_quiet(self, cycles=40):
        """Whether nothing more comes and the accelerator says that it is idle."""
        self.dut.rx_valid_i.value = 0
        self.dut.tx_ready_i.value = 1
        for _ in range(cycles):
            await ReadOnly()
            if int(self.dut.tx_valid_o.value) == 1:
                return False
            await FallingEdge(self.dut.clk_i)
        return int(self.dut.busy_o.value) == 0
