// The least that simulates a recorded session: no host, no pipe, no look at whether the accelerator is idle.
//
// The argument is a file of chunks [u32 length][u64 cycles][bytes], little-endian; each is fed for as many cycles as it
// took in the harness. Prints cycles, response bytes, and the seconds and the seconds of processor time from the end of reset.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "Vsdq_top.h"
#include "verilated.h"

namespace {

std::vector<std::uint8_t> readFile(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) std::exit(1);
  std::vector<std::uint8_t> bytes;
  std::uint8_t buffer[65536];
  for (std::size_t count; (count = std::fread(buffer, 1, sizeof buffer, file)) > 0;) {
    bytes.insert(bytes.end(), buffer, buffer + count);
  }
  std::fclose(file);
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::vector<std::uint8_t> session = readFile(argv[1]);
  VerilatedContext context;
  Vsdq_top top(&context);
  const auto clock = [&] {
    top.clk_i = 1;
    top.eval();
    top.clk_i = 0;
  };
  top.nonce_i = 1;
  for (int i = 0; i < 4; ++i) {
    top.eval();
    clock();
  }
  top.rst_ni = 1;
  top.tx_ready_i = 1;
  std::uint64_t total = 0;
  std::uint64_t answered = 0;
  const std::clock_t startedCpu = std::clock();
  const auto started = std::chrono::steady_clock::now();
  const std::uint8_t* at = session.data();
  const std::uint8_t* const sessionEnd = at + session.size();
  while (at != sessionEnd) {
    std::uint32_t length;
    std::uint64_t cycles;
    std::memcpy(&length, at, sizeof length);
    std::memcpy(&cycles, at + sizeof length, sizeof cycles);
    at += sizeof length + sizeof cycles;
    const std::uint8_t* const end = at + length;
    for (std::uint64_t i = 0; i < cycles; ++i) {
      top.rx_valid_i = at != end;
      if (at != end) top.rx_data_i = *at;
      top.eval();
      at += top.rx_valid_i & top.rx_ready_o;
      answered += top.tx_valid_o;
      clock();
    }
    total += cycles;
    if (at != end) return 1;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  const double cpuSeconds = static_cast<double>(std::clock() - startedCpu) / CLOCKS_PER_SEC;
  std::printf("%llu %llu %.6f %.6f\n", static_cast<unsigned long long>(total),
              static_cast<unsigned long long>(answered), seconds.count(), cpuSeconds);
  top.final();
  return 0;
}
