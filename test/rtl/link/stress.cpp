// Feeds stdin into a link and writes what it answers to stdout, with random gaps on both streams.
//
//   stress SEED IDLE STALL NONCE [PACE]    IDLE, STALL: share of cycles without input, without readiness, in percent
//
// PACE: a byte comes every PACE cycles, and one that has not been taken by then is lost, as on a serial line; one is sent
// in as many cycles.
//
// Ends when everything is fed and the design has been quiet for a while. The last line on stderr is the cycles.
// Checks the stream rules on tx (once valid, a byte stays until it is taken), and that `busy_o` is high while there is
// an answer to come: a design that has been quiet for SETTLE cycles stays so until the next byte.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "Vsdq_top.h"
#include "verilated.h"

constexpr unsigned SETTLE = 16;

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) return 2;
  std::mt19937 random(static_cast<unsigned>(std::strtoul(argv[1], nullptr, 0)));
  const unsigned idle = static_cast<unsigned>(std::atoi(argv[2]));
  const unsigned stall = static_cast<unsigned>(std::atoi(argv[3]));
  const unsigned long pace = argc == 6 ? std::strtoul(argv[5], nullptr, 0) : 0;
  std::vector<std::uint8_t> in;
  std::vector<std::uint8_t> out;
  for (int byte; (byte = std::getchar()) != EOF;) in.push_back(static_cast<std::uint8_t>(byte));

  Vsdq_top top;
  top.nonce_i = static_cast<std::uint32_t>(std::strtoul(argv[4], nullptr, 0));
  std::size_t fed = 0;
  bool offers = false;
  bool held = false;
  std::uint8_t heldData = 0;
  unsigned long cycles = 0;
  unsigned calm = 0;
  for (unsigned quiet = 0; quiet < 64 + 2 * pace; ++cycles) {
    if (Verilated::gotFinish()) return 5;
    if (cycles > 20000000) {
      std::fprintf(stderr, "still busy\n");
      return 3;
    }
    top.rst_ni = cycles >= 4;
    const bool slot = pace != 0 && cycles % pace == 0;
    if (slot && offers) ++fed;  // lost
    if (pace != 0) offers = cycles >= 4 && fed < in.size() && (slot || offers);
    else offers = cycles >= 4 && fed < in.size() && (offers || random() % 100 >= idle);
    top.clk_i = 0;
    top.rx_valid_i = offers;
    top.rx_data_i = offers ? in[fed] : static_cast<std::uint8_t>(random());
    top.tx_ready_i = pace != 0 ? slot : random() % 100 >= stall;
    top.eval();
    const bool took = offers && top.rx_ready_o;
    const bool gave = top.tx_valid_o && top.tx_ready_i && cycles >= 4;
    if (held && (!top.tx_valid_o || top.tx_data_o != heldData)) {
      std::fprintf(stderr, "tx changed before its transfer, cycle %lu\n", cycles);
      return 4;
    }
    if (top.tx_valid_o && cycles >= 4 && (!top.busy_o || calm >= SETTLE)) {
      std::fprintf(stderr, "an answer without busy, cycle %lu\n", cycles);
      return 6;
    }
    calm = took || top.busy_o ? 0 : calm + 1;
    held = top.tx_valid_o && !top.tx_ready_i && cycles >= 4;
    heldData = top.tx_data_o;
    if (took) {
      ++fed;
      offers = false;
    }
    if (gave) out.push_back(top.tx_data_o);
    quiet = cycles < 4 || took || gave || top.busy_o || fed < in.size() ? 0 : quiet + 1;
    top.clk_i = 1;
    top.eval();
  }
  top.final();
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fprintf(stderr, "%lu\n", cycles);
  return 0;
}
