#pragma once

#include <atomic>

namespace rondo::cli {

/// Decides what Ctrl-C (and SIGTERM) does. While something looks at the flag (`watch_stop(true)`), it is set,
/// so that work can stop at a good place; a second Ctrl-C ends the program at once. At all other times the
/// program ends at once: files that are being written are not there yet, and the next run removes what is
/// left of them. A limit on the size of files, and a pipe that nobody reads, become errors of the write
/// instead of signals.
void catch_interrupts();

/// The flag: who looks at it saves and throws Error(interrupted) when it is true.
const std::atomic<bool>& interrupted();
/// Says that from now on somebody looks at the flag, after every step, or that somebody has ended; they are
/// counted.
void watch_stop(bool watches);

}  // namespace rondo::cli
