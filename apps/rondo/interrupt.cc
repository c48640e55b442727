#include "interrupt.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction is POSIX, not <csignal>
#include <unistd.h>

#include "rondo/base/error.h"

namespace rondo::cli {
namespace {

// A signal handler reaches nothing but what lives as long as the program.
std::atomic<bool> interrupt_flag{false};
std::atomic<int> watchers{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

extern "C" void on_interrupt(int) {
  if (!interrupt_flag.exchange(true) && watchers.load() > 0) return;
  constexpr char kMessage[] = "\nerror: interrupted\n";
  if (::write(STDERR_FILENO, kMessage, sizeof kMessage - 1) < 0) {
    // Nobody reads it.
  }
  ::_exit(static_cast<int>(ErrorKind::interrupted));
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
}

const std::atomic<bool>& interrupted() { return interrupt_flag; }

void watch_stop(bool watches) { watchers.fetch_add(watches ? 1 : -1); }

}  // namespace rondo::cli
