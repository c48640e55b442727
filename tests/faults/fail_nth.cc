// Preloaded into a program, makes one of its calls fail. RONDO_FAULT says which:
//
//   CALL:N:ERROR   the N-th call (from 1) of write, fsync, rename, open or ftruncate fails with this errno
//   CALL:N:KILL    the process is killed there
//   malloc:N:-     the N-th allocation fails, whether by malloc, calloc, realloc or with an alignment
//   CALL:0:-       none fails; how many there were is written to the file RONDO_FAULT_COUNT at the end
//
// Calls are counted from the beginning of main. Of opened files those that are only read count as well;
// writes to the standard streams do not.

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

struct Fault {
  char call[16] = {};
  long nth = 0;
  int error = 0;  // -1: killed
};

Fault fault;
std::atomic<bool> armed{false};
std::atomic<long> seen{0};

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

/// Whether this call is the one.
bool fails(const char* call) {
  if (!armed.load(std::memory_order_relaxed) || std::strcmp(call, fault.call) != 0) return false;
  if (seen.fetch_add(1) + 1 != fault.nth) return false;
  if (fault.error < 0) kill(getpid(), SIGKILL);
  errno = fault.error;
  return true;
}

void read_fault() {
  const char* text = std::getenv("RONDO_FAULT");
  if (text == nullptr) return;
  char error[16] = {};
  if (std::sscanf(text, "%15[a-z]:%ld:%15s", fault.call, &fault.nth, error) != 3) std::abort();
  if (std::strcmp(error, "KILL") == 0) fault.error = -1;
  if (std::strcmp(error, "EIO") == 0) fault.error = EIO;
  if (std::strcmp(error, "ENOSPC") == 0) fault.error = ENOSPC;
  if (std::strcmp(error, "EINTR") == 0) fault.error = EINTR;
  if (std::strcmp(error, "EACCES") == 0) fault.error = EACCES;
  if (std::strcmp(fault.call, "malloc") == 0) fault.error = ENOMEM;
}

void write_count() {
  armed = false;
  const char* path = std::getenv("RONDO_FAULT_COUNT");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "w");
  if (file == nullptr) return;
  std::fprintf(file, "%ld\n", seen.load());
  std::fclose(file);
}

int (*program)(int, char**, char**);

int run_program(int argc, char** argv, char** environment) {
  read_fault();
  std::atexit(write_count);
  armed = fault.call[0] != 0;
  return program(argc, argv, environment);
}

// What dlsym asks for before the real allocator is known.
alignas(64) char early[1 << 16];
std::size_t early_used = 0;
bool is_early(void* p) { return p >= early && p < early + sizeof early; }
void* from_early(std::size_t size) {
  early_used = (early_used + 63) / 64 * 64;
  void* p = early + early_used;
  early_used += size;
  return p;
}

}  // namespace

extern "C" {

int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(), void (*fini)(),
                      void (*loader)(), void* stack) {
  program = main;
  return next<decltype(&__libc_start_main)>("__libc_start_main")(run_program, argc, argv, init, fini, loader,
                                                                 stack);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static const auto real = next<decltype(&write)>("write");
  return descriptor > 2 && fails("write") ? -1 : real(descriptor, bytes, size);
}

int fsync(int descriptor) {
  static const auto real = next<decltype(&fsync)>("fsync");
  return fails("fsync") ? -1 : real(descriptor);
}

int ftruncate(int descriptor, off_t length) noexcept {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  return fails("ftruncate") ? -1 : real(descriptor, length);
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return fails("rename") ? -1 : real(from, to);
}

int open(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return fails("open") ? -1 : real(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open64");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return fails("open") ? -1 : real(path, flags, mode);
}

void* malloc(size_t size) noexcept {
  static thread_local bool looking = false;
  static void* (*real)(size_t) = nullptr;
  if (real == nullptr) {
    if (looking) return from_early(size);
    looking = true;
    real = next<void* (*)(size_t)>("malloc");
    looking = false;
  }
  return fails("malloc") ? nullptr : real(size);
}

void* calloc(size_t count, size_t size) noexcept {
  static thread_local bool looking = false;
  static void* (*real)(size_t, size_t) = nullptr;
  if (real == nullptr) {
    if (looking) return from_early(count * size);  // zero from the beginning
    looking = true;
    real = next<void* (*)(size_t, size_t)>("calloc");
    looking = false;
  }
  return fails("malloc") ? nullptr : real(count, size);
}

void* realloc(void* old, size_t size) noexcept {
  static const auto real = next<void* (*)(void*, size_t)>("realloc");
  if (is_early(old)) {
    void* p = malloc(size);
    if (p != nullptr) std::memcpy(p, old, size);
    return p;
  }
  return fails("malloc") ? nullptr : real(old, size);
}

void* aligned_alloc(size_t alignment, size_t size) noexcept {
  static const auto real = next<void* (*)(size_t, size_t)>("aligned_alloc");
  return fails("malloc") ? nullptr : real(alignment, size);
}

int posix_memalign(void** out, size_t alignment, size_t size) noexcept {
  static const auto real = next<int (*)(void**, size_t, size_t)>("posix_memalign");
  return fails("malloc") ? ENOMEM : real(out, alignment, size);
}

void free(void* p) noexcept {
  static const auto real = next<void (*)(void*)>("free");
  if (!is_early(p)) real(p);
}

}  // extern "C"
