#pragma once

#include <atomic>

namespace rondo::cli {

/// Makes Ctrl-C (and SIGTERM) set a flag instead of ending the program, so that work can stop at a good
/// place. A second Ctrl-C ends it at once. A limit on the size of files becomes an error of the write instead
/// of a signal.
void catch_interrupts();

/// The flag: what runs long looks at it and, when true, saves and throws Error(interrupted).
const std::atomic<bool>& interrupted();

}  // namespace rondo::cli
