#include "allocation/allocations.h"

#include <atomic>
#include <cerrno>
#include <cstddef>

#include "support/instrumented.h"

namespace rondo {
namespace {
std::atomic<std::size_t> count{0};
}  // namespace

[[gnu::noinline]] void note_allocation();
void note_allocation() { count.fetch_add(1, std::memory_order_relaxed); }

std::size_t allocations() { return count.load(); }
bool counts_allocations() { return !kInstrumented; }

}  // namespace rondo

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// The program's own malloc takes the place of glibc's for everything it links, and hands over to it.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  rondo::note_allocation();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  rondo::note_allocation();
  return __libc_calloc(count, bytes);
}
void* realloc(void* old, std::size_t bytes) {
  rondo::note_allocation();
  return __libc_realloc(old, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  rondo::note_allocation();
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void** out, std::size_t alignment, std::size_t bytes) {
  *out = memalign(alignment, bytes);
  return *out == nullptr ? ENOMEM : 0;
}
}
#endif
