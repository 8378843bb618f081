// Runs a generated accelerator (module sdq_top, board `sim`) and speaks with a host through its byte-wide link.
//
//   --pipe          lock-step over stdin and stdout: a chunk [u32 length][bytes] in, then [u32 length][u64 cycles]
//                   [u64 beats][u64 stalls][bytes] out, once the accelerator is idle again. No clock runs in between,
//                   so cycles are reproducible. Numbers are little-endian and count from the end of reset: cycles,
//                   those in which the array took a beat, and those in which it waited for an operand. The length
//                   FFFFFFFF alone resets the accelerator, with the next boot nonce and what its memories hold.
//   --pty           behind a pseudo-terminal, whose path is the first line on stdout; clients may come and go
//   --relay         no accelerator, but a pseudo-terminal for one that is elsewhere: stdin goes to the clients, and what
//                   they write goes to stdout, behind the line with the path; ends when stdin ends
//   --preload FILE  a stream of request frames that is fed first; the responses are dropped
//   --max-cycles N  most cycles for one chunk, or for the preload; then exit code 3 (default 2000000000)
//   --trace FILE    what the decoder's trace ports show, as events: a byte that says which, then little-endian
//                   1 an instruction is issued: u16 place, u8 layer, u16 position
//                   2 a word of the vector RAM is written: u16 address, i32 elements
//                   3 mantissas are written: u8 space, i16 mantissas
//                   4 results of the array are taken: i32 each
//                   The file is complete up to the end of a chunk when the chunk is answered
//   --nonce N       the boot nonce that the accelerator reports (default 1 with --pipe, else arbitrary)
//   --follow-stdin  with --pty: ends when stdin ends, so that the board does not outlive its parent
//
// Exit code 1: input or output failed. 2: wrong arguments. 3: the accelerator stayed busy.

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "Vsdq_top.h"
#include "verilated.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

// Quiet cycles after which nothing more can happen: more than the link takes from a byte to `busy_o`.
constexpr unsigned kSettleCycles = 16;
constexpr unsigned kResetCycles = 4;

[[noreturn]] void fail(int code, const std::string& message) {
  std::fprintf(stderr, "sdq-simulator: %s\n", message.c_str());
  std::exit(code);
}

[[noreturn]] void failSystem(const char* what) { fail(1, std::string(what) + ": " + std::strerror(errno)); }

// What has happened since the end of reset.
struct Counts {
  std::uint64_t cycles = 0;
  std::uint64_t beats = 0;
  std::uint64_t stalls = 0;
};

// The events of the decoder's trace ports.
template <typename Top, typename = void>
struct HasTrace : std::false_type {};
template <typename Top>
struct HasTrace<Top, std::void_t<decltype(std::declval<Top&>().trace_issue_o)>> : std::true_type {};

class Trace {
 public:
  explicit Trace(const std::string& path) : file_(std::fopen(path.c_str(), "wb")) {
    if (file_ == nullptr) failSystem(path.c_str());
    if (!HasTrace<Vsdq_top>::value) fail(2, "the accelerator has no trace ports");
  }
  Trace(const Trace&) = delete;
  ~Trace() { std::fclose(file_); }

  void flush() {
    if (std::fflush(file_) != 0) failSystem("writing the trace");
  }

  // The values of a cycle, before its rising edge.
  template <typename Top>
  void record(const Top& top) {
    if constexpr (HasTrace<Top>::value) {
      if (top.trace_issue_o) put(1, top.trace_entry_o, top.trace_layer_o, top.trace_position_o);
      if (top.trace_write_o) put(2, top.trace_addr_o, top.trace_data_o);
      if (top.trace_cut_o) put(3, top.trace_space_o, top.trace_mantissas_o);
      if (top.trace_result_o) put(4, top.trace_result_data_o);
      if (top.trace_score_o) put(5, top.trace_score_data_o);
    }
  }

 private:
  // Verilator's types are as wide as the events' fields.
  template <typename... Fields>
  void put(std::uint8_t kind, const Fields&... fields) {
    std::fputc(kind, file_);
    (std::fwrite(&fields, sizeof fields, 1, file_), ...);
  }

  std::FILE* file_;
};

// The accelerator, its clock, and the two byte streams.
class Accelerator {
 public:
  Accelerator(std::uint32_t nonce, Trace* trace)
      : top_(std::make_unique<Vsdq_top>(&context_)), trace_(trace), nonce_(nonce) {
    reset();
  }

  ~Accelerator() { top_->final(); }

  // Begins anew, but for what the memories hold; each time with another boot nonce.
  void reset() {
    top_->nonce_i = nonce_++;
    top_->rst_ni = 0;
    for (unsigned i = 0; i < kResetCycles; ++i) cycle(nullptr, false);
    top_->rst_ni = 1;
    counts_ = {};
  }

  const Counts& counts() const { return counts_; }
  bool idle() const { return quiet_ >= kSettleCycles; }

  // Feeds bytes [at, end) and collects responses until everything is fed and the accelerator is idle, for `limit`
  // cycles at most, or until `out` has `room` bytes. Returns the position of the first byte not fed.
  const std::uint8_t* run(const std::uint8_t* at, const std::uint8_t* end, Bytes& out, std::uint64_t limit,
                          std::size_t room = SIZE_MAX) {
    quiet_ = 0;
    for (; limit > 0 && out.size() < room && (at != end || !idle()); --limit) {
      cycle(at != end ? at : nullptr, true);
      if (took_) ++at;
      if (gave_) out.push_back(data_);
      quiet_ = took_ || gave_ || busy_ ? 0 : quiet_ + 1;
    }
    if (context_.gotFinish()) fail(1, "the design called $finish");
    if (trace_ != nullptr) trace_->flush();
    return at;
  }

 private:
  // One clock cycle: inputs settle while the clock is low, transfers happen at its rising edge.
  void cycle(const std::uint8_t* rx, bool txReady) {
    top_->clk_i = 0;
    top_->rx_valid_i = rx != nullptr;
    if (rx != nullptr) top_->rx_data_i = *rx;
    top_->tx_ready_i = txReady;
    top_->eval();
    took_ = rx != nullptr && top_->rx_ready_o;
    gave_ = txReady && top_->tx_valid_o;
    data_ = top_->tx_data_o;
    busy_ = top_->busy_o;
    if (trace_ != nullptr) trace_->record(*top_);
    counts_.beats += top_->beat_o;
    counts_.stalls += top_->stall_o;
    top_->clk_i = 1;
    top_->eval();
    ++counts_.cycles;
  }

  VerilatedContext context_;
  std::unique_ptr<Vsdq_top> top_;
  Trace* trace_;
  std::uint32_t nonce_;
  Counts counts_;
  unsigned quiet_ = 0;
  bool took_ = false;
  bool gave_ = false;
  bool busy_ = false;
  std::uint8_t data_ = 0;
};

struct Options {
  enum class Mode { kNone, kPipe, kPty, kRelay } mode = Mode::kNone;
  bool followStdin = false;
  std::uint64_t maxCycles = 2000000000;
  std::optional<std::uint32_t> nonce;
  std::string preload;
  std::string trace;
};

// Feeds a whole chunk; ends the process if the accelerator does not become idle.
void runToIdle(Accelerator& accelerator, const Bytes& in, Bytes& out, std::uint64_t maxCycles) {
  const std::uint8_t* end = in.data() + in.size();
  const std::uint8_t* at = accelerator.run(in.data(), end, out, maxCycles);
  if (at == end && accelerator.idle()) return;
  fail(3, "the accelerator is still busy after " + std::to_string(maxCycles) + " cycles (" +
              std::to_string(end - at) + " of " + std::to_string(in.size()) + " bytes not taken)");
}

// Reads exactly `size` bytes. Returns false at the end of the input if nothing was read.
bool readExactly(std::uint8_t* to, std::size_t size) {
  for (std::size_t have = 0; have < size;) {
    const ssize_t count = read(STDIN_FILENO, to + have, size - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) failSystem("reading stdin");
    if (count == 0 && have == 0) return false;
    if (count == 0) fail(1, "stdin ended inside a chunk");
    have += static_cast<std::size_t>(count);
  }
  return true;
}

void writeAll(const Bytes& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = write(STDOUT_FILENO, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) failSystem("writing stdout");
    done += static_cast<std::size_t>(count);
  }
}

void putNumber(std::uint8_t* to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void servePipe(Accelerator& accelerator, const Options& options) {
  constexpr std::size_t kHeader = 28;
  constexpr std::size_t kReset = 0xffffffff;
  std::uint8_t length[4];
  Bytes in;
  Bytes out;
  while (readExactly(length, sizeof length)) {
    const std::size_t size = length[0] | length[1] << 8 | length[2] << 16 | static_cast<std::size_t>(length[3]) << 24;
    if (size == kReset) accelerator.reset();
    in.resize(size == kReset ? 0 : size);
    if (!in.empty() && !readExactly(in.data(), in.size())) fail(1, "stdin ended inside a chunk");
    out.assign(kHeader, 0);
    runToIdle(accelerator, in, out, options.maxCycles);
    putNumber(out.data(), out.size() - kHeader, 4);
    const Counts& counts = accelerator.counts();
    putNumber(out.data() + 4, counts.cycles, 8);
    putNumber(out.data() + 12, counts.beats, 8);
    putNumber(out.data() + 20, counts.stalls, 8);
    writeAll(out);
  }
}

// The board's end of a pseudo-terminal. It keeps the clients' end open, too: the line then survives a client.
class Terminal {
 public:
  Terminal() {
    master_ = posix_openpt(O_RDWR | O_NOCTTY);
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) failSystem("opening a pseudo-terminal");
    fcntl(master_, F_SETFL, O_NONBLOCK);
    path_ = ptsname(master_);
    slave_ = open(path_.c_str(), O_RDWR | O_NOCTTY);
    if (slave_ < 0) failSystem(path_.c_str());
    makeRaw();
#ifdef __linux__
    leaving_ = inotify_init1(IN_NONBLOCK);
    if (leaving_ >= 0) inotify_add_watch(leaving_, path_.c_str(), IN_CLOSE);
#endif
  }

  // Says where clients find it.
  void announce() const {
    std::printf("%s\n", path_.c_str());
    std::fflush(stdout);
  }

  void receive(Bytes& in) {
    std::uint8_t buffer[65536];
    const ssize_t count = read(master_, buffer, sizeof buffer);
    if (count > 0) in.insert(in.end(), buffer, buffer + count);
  }

  // Whether a client has left since the last call. What it did not read is dropped: it must not meet the next one.
  // To be called after `receive`: a client whose bytes were received there came after the one that left.
  bool clientLeft() {
    char events[4096];
    if (leaving_ < 0 || read(leaving_, events, sizeof events) <= 0) return false;
    tcflush(slave_, TCIFLUSH);
    ioctl(slave_, TIOCNXCL);
    makeRaw();
    return true;
  }

  void send(Bytes& out) {
    if (out.empty()) return;
    const ssize_t count = write(master_, out.data(), out.size());
    if (count > 0) out.erase(out.begin(), out.begin() + count);
  }

  // Blocks until there is input or room for output, as far as wanted, or a client leaves, or, if it is followed, stdin
  // has something or ends. Returns what poll says of stdin.
  int wait(bool forInput, bool forOutput, bool followStdin, bool readStdin) const {
    const int wanted = (forInput ? POLLIN : 0) | (forOutput ? POLLOUT : 0);
    pollfd events[] = {{master_, static_cast<short>(wanted), 0},
                       {leaving_, POLLIN, 0},
                       {followStdin ? STDIN_FILENO : -1, static_cast<short>(readStdin ? POLLIN : 0), 0}};
    if (poll(events, 3, -1) < 0 && errno != EINTR) failSystem("poll");
    return events[2].revents;
  }

 private:
  void makeRaw() const {
    termios settings{};
    tcgetattr(slave_, &settings);
    cfmakeraw(&settings);
    tcsetattr(slave_, TCSANOW, &settings);
  }

  int master_ = -1;
  int slave_ = -1;
  int leaving_ = -1;
  std::string path_;
};

constexpr std::size_t kOutput = 65536;  // a client that does not read stops the board, not its memory

void serveTerminal(Accelerator& accelerator, const Options& options) {
  constexpr std::uint64_t kSlice = 4096;  // cycles between two looks at the line
  Terminal terminal;
  terminal.announce();
  Bytes in;
  Bytes out;
  std::size_t fed = 0;
  bool idle = true;
  for (;;) {
    const bool blocked = out.size() >= kOutput;
    if (blocked || idle) {
      char ignored[256];
      if (terminal.wait(!blocked, !out.empty(), options.followStdin, true) != 0 &&
          read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
        return;
      }
    }
    if (fed == in.size()) {
      in.clear();
      fed = 0;
      terminal.receive(in);
    }
    if (terminal.clientLeft()) out.clear();
    if (fed != in.size() || !idle) {
      const std::uint8_t* begin = in.data();
      fed = static_cast<std::size_t>(accelerator.run(begin + fed, begin + in.size(), out, kSlice, kOutput) - begin);
      idle = fed == in.size() && accelerator.idle();
    }
    terminal.send(out);
  }
}

void relayTerminal() {
  Terminal terminal;
  terminal.announce();
  Bytes in;
  Bytes out;
  for (;;) {
    const bool blocked = out.size() >= kOutput;
    if (terminal.wait(true, !out.empty(), true, !blocked) != 0) {
      std::uint8_t buffer[4096];
      const ssize_t count = blocked ? 0 : read(STDIN_FILENO, buffer, sizeof buffer);
      if (count <= 0) return;
      out.insert(out.end(), buffer, buffer + count);
    }
    terminal.receive(in);
    if (terminal.clientLeft()) out.clear();
    writeAll(in);
    in.clear();
    terminal.send(out);
  }
}

Bytes readFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) failSystem(path.c_str());
  Bytes bytes;
  std::uint8_t buffer[65536];
  for (std::size_t count; (count = std::fread(buffer, 1, sizeof buffer, file)) > 0;) {
    bytes.insert(bytes.end(), buffer, buffer + count);
  }
  std::fclose(file);
  return bytes;
}

std::uint64_t number(const char* option, const char* text) {
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text, &end, 0);
  if (*text == '\0' || *end != '\0') fail(2, std::string(option) + " takes a number, not '" + text + "'");
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  const auto choose = [&](Options::Mode mode) {
    if (options.mode != Options::Mode::kNone) fail(2, "only one of --pipe, --pty and --relay can be chosen");
    options.mode = mode;
  };
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> const char* {
      if (i + 1 == argc) fail(2, option + " takes a value");
      return argv[++i];
    };
    if (option == "--pipe") choose(Options::Mode::kPipe);
    else if (option == "--pty") choose(Options::Mode::kPty);
    else if (option == "--relay") choose(Options::Mode::kRelay);
    else if (option == "--follow-stdin") options.followStdin = true;
    else if (option == "--preload") options.preload = value();
    else if (option == "--trace") options.trace = value();
    else if (option == "--max-cycles") options.maxCycles = number("--max-cycles", value());
    else if (option == "--nonce") options.nonce = static_cast<std::uint32_t>(number("--nonce", value()));
    else fail(2, "unknown option '" + option + "'");
  }
  if (options.mode == Options::Mode::kNone) fail(2, "one of --pipe, --pty and --relay is needed");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (options.mode == Options::Mode::kRelay) {
    relayTerminal();
    return 0;
  }
  const bool pty = options.mode == Options::Mode::kPty;
  const auto arbitrary = static_cast<std::uint32_t>(std::time(nullptr)) * 2654435761U + static_cast<std::uint32_t>(getpid());
  std::optional<Trace> trace;
  if (!options.trace.empty()) trace.emplace(options.trace);
  Accelerator accelerator(options.nonce.value_or(pty ? arbitrary : 1), trace ? &*trace : nullptr);
  if (!options.preload.empty()) {
    Bytes dropped;
    runToIdle(accelerator, readFile(options.preload), dropped, options.maxCycles);
  }
  if (pty) serveTerminal(accelerator, options);
  else servePipe(accelerator, options);
  return 0;
}
