// One token through whole_design (test/rtl/decoder/whole_design.v.hbs): a decoder with memories that answer at once.
//
// Arguments: a file of chunks [u32 address][u32 length][bytes], little-endian, which are written through the byte port; position;
// token. The token is asked for twice, the second time with its logits, which may come more slowly. Prints a line
// "position token cycles beats" for each, then all logits, a line each, as 32-bit numbers without sign.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "Vwhole_design.h"
#include "verilated.h"

namespace {

constexpr std::uint64_t MOST_CYCLES = 10'000'000;

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

class Simulation {
 public:
  Simulation() : top_(&context_) {
    for (int i = 0; i < 4; ++i) clock();
    top_.rst_ni = 1;
    top_.answer_ready_i = 1;
    top_.logit_ready_i = 1;
  }

  void load(const std::vector<std::uint8_t>& chunks) {
    for (std::size_t at = 0; at < chunks.size();) {
      std::uint32_t head[2];
      std::memcpy(head, &chunks[at], sizeof head);
      at += sizeof head;
      for (std::uint32_t i = 0; i < head[1]; ++i) write(head[0] + i, chunks[at++]);
    }
  }

  // Whether the token was answered.
  bool step(unsigned position, unsigned token, bool wants_logits) {
    top_.step_position_i = position;
    top_.step_count_i = 1;
    top_.step_logits_i = wants_logits;
    top_.token_i = token;
    top_.token_last_i = 1;
    top_.step_valid_i = 1;
    top_.token_valid_i = 1;
    std::uint64_t beats = 0;
    for (std::uint64_t cycle = 0; cycle < MOST_CYCLES; ++cycle) {
      top_.eval();
      const bool step_taken = top_.step_valid_i && top_.step_ready_o;
      const bool token_taken = top_.token_valid_i && top_.token_ready_o;
      beats += top_.beat_o;
      if (top_.logit_valid_o) logits_.push_back(top_.logit_o);
      if (top_.answer_valid_o) {
        std::printf("%u %u %u %llu\n", static_cast<unsigned>(top_.answer_position_o), top_.answer_token_o,
                    top_.answer_cycles_o, static_cast<unsigned long long>(beats));
        for (const std::uint32_t logit : logits_) std::printf("%u\n", logit);
        clock();
        return true;
      }
      clock();
      if (step_taken) top_.step_valid_i = 0;
      if (token_taken) top_.token_valid_i = 0;
    }
    return false;
  }

 private:
  void clock() {
    top_.clk_i = 1;
    top_.eval();
    top_.clk_i = 0;
    top_.eval();
  }

  void write(std::uint32_t address, std::uint8_t byte) {
    top_.mem_wvalid_i = 1;
    top_.mem_addr_i = address;
    top_.mem_wdata_i = byte;
    top_.eval();
    while (!top_.mem_wready_o) clock();
    clock();
    top_.mem_wvalid_i = 0;
  }

  VerilatedContext context_;
  Vwhole_design top_;
  std::vector<std::uint32_t> logits_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  Simulation simulation;
  simulation.load(readFile(argv[1]));
  const unsigned position = std::strtoul(argv[2], nullptr, 10);
  const unsigned token = std::strtoul(argv[3], nullptr, 10);
  return simulation.step(position, token, false) && simulation.step(position, token, true) ? 0 : 1;
}
