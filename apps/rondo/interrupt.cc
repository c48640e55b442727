#include "interrupt.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction is POSIX, not <csignal>
#include <unistd.h>

#include "rondo/base/error.h"

namespace rondo::cli {
namespace {

// A signal handler reaches nothing but what lives as long as the program: this flag is the one such thing.
std::atomic<bool> interrupt_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_interrupt(int) {
  if (interrupt_flag.exchange(true)) ::_exit(static_cast<int>(ErrorKind::interrupted));
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error of the write, with a message
}

const std::atomic<bool>& interrupted() { return interrupt_flag; }

}  // namespace rondo::cli
