#include "data/table/stream_bytes.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "data/table/text_source.h"
#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"

namespace rondo::detail {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 15;

bool is_ordinary(const std::string& path) {
  struct stat info {};
  // What is not there at all gets the usual message of files.
  return path != "-" && (::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
}

}  // namespace

struct StreamBytes::State {
  State(const std::string& path, const std::atomic<bool>* stop_flag) : stop(stop_flag) {
    if (is_ordinary(path)) {
      file.emplace(std::filesystem::path(path));
      name = path;
      return;
    }
    name = path == "-" ? "standard input" : path;
    descriptor = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw_unreadable(name, errno);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (descriptor >= 0) ::close(descriptor);
  }

  bool stopped() const { return stop != nullptr && stop->load(std::memory_order_relaxed); }

  /// poll() is interrupted by signals where read() would begin again, so that Ctrl-C ends a wait.
  bool wait() const {
    for (;;) {
      if (stopped()) return false;
      pollfd wanted{.fd = descriptor, .events = POLLIN, .revents = 0};
      // Now and then it looks by itself: the signal may have come between the look at the flag and the wait.
      const int ready = ::poll(&wanted, 1, 200);
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) throw_unreadable(name, errno);
    }
  }

  bool read(std::string& to) {
    if (!wait()) return false;
    const std::size_t old = to.size();
    to.resize(old + kBlockBytes);
    ssize_t count = 0;
    do {
      count = ::read(descriptor, to.data() + old, kBlockBytes);
    } while (count < 0 && errno == EINTR && !stopped());
    const int failed = count < 0 ? errno : 0;
    to.resize(old + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (failed != 0 && failed != EINTR) throw_unreadable(name, failed);
    check(std::string_view(to).substr(old));
    if (!started && to.substr(old).starts_with("\xEF\xBB\xBF")) to.erase(old, 3);
    started = true;
    return count > 0;
  }

  void check(std::string_view bytes) const {
    const bool gzip = !started && bytes.starts_with("\x1F\x8B");
    if (!gzip && bytes.find('\0') == std::string_view::npos) return;
    throw Error(ErrorKind::data, "the stream is no text")
        .where(name)
        .seen(gzip ? "gzip" : "a byte of value 0")
        .expected("CSV text in UTF-8")
        .fix(gzip ? "unpack it on the way: zcat FILE | rondo online - …" : "send the table as CSV");
  }

  std::string name;
  const std::atomic<bool>* stop;
  std::optional<TextSource> file;
  int descriptor = -1;
  bool started = false;
};

StreamBytes::StreamBytes(const std::string& path, const std::atomic<bool>* stop)
    : state_(std::make_unique<State>(path, stop)) {}
StreamBytes::~StreamBytes() = default;

bool StreamBytes::append(std::string& to) {
  return state_->file ? !state_->stopped() && state_->file->append(to, kBlockBytes) : state_->read(to);
}
const std::string& StreamBytes::name() const { return state_->name; }
bool StreamBytes::live() const { return !state_->file; }

}  // namespace rondo::detail
