#include "realtime/watch.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "support/instrumented.h"

// Definitions in the program come before those of the C library. operator new and delete end here, too. A
// sanitizer has a malloc of its own: then nothing is counted, and the tests that need it are skipped.

namespace {
std::atomic<long> allocation_count{0}, lock_count{0};
}  // namespace

namespace rondo::watch {
long allocations() { return allocation_count.load(); }
long locks() { return lock_count.load(); }
}  // namespace rondo::watch

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RONDO_NO_WATCH
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(RONDO_NO_WATCH)

extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t bytes) {
  ++allocation_count;
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  ++allocation_count;
  return __libc_calloc(count, bytes);
}
void* realloc(void* p, std::size_t bytes) {
  ++allocation_count;
  return __libc_realloc(p, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  ++allocation_count;
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  ++allocation_count;
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t bytes) {
  ++allocation_count;
  *out = __libc_memalign(alignment, bytes);
  return *out == nullptr ? ENOMEM : 0;
}
void free(void* p) {
  if (p != nullptr) ++allocation_count;
  __libc_free(p);
}

}  // extern "C"

namespace {

/// The C library's own function of that name.
template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  static const auto real = next<int (*)(pthread_mutex_t*)>("pthread_mutex_lock");
  ++lock_count;
  return real(mutex);
}
int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  static const auto real = next<int (*)(pthread_mutex_t*)>("pthread_mutex_trylock");
  ++lock_count;
  return real(mutex);
}
int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  static const auto real = next<int (*)(pthread_rwlock_t*)>("pthread_rwlock_rdlock");
  ++lock_count;
  return real(lock);
}
int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  static const auto real = next<int (*)(pthread_rwlock_t*)>("pthread_rwlock_wrlock");
  ++lock_count;
  return real(lock);
}
int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  static const auto real = next<int (*)(pthread_spinlock_t*)>("pthread_spin_lock");
  ++lock_count;
  return real(lock);
}

}  // extern "C"

#endif
