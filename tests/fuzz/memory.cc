#include "fuzz/memory.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

namespace rondo::fuzz {
namespace {

std::atomic<std::int64_t> live{0}, most{0}, most_allowed{std::int64_t{1} << 60};
std::atomic<bool> refused{false};

}  // namespace

std::int64_t most_bytes() { return most; }

void begin_counting(std::int64_t limit) {
  live = most = 0;
  refused = false;
  most_allowed = limit;
}

void end_counting() { most_allowed = std::int64_t{1} << 60; }

bool was_refused() { return refused; }

void* taken(std::size_t size, std::size_t alignment) {
  const auto wanted = size > (std::size_t{1} << 60) ? std::int64_t{1} << 61 : static_cast<std::int64_t>(size);
  if (live + wanted > most_allowed) {
    refused = true;
    throw std::bad_alloc();
  }
  void* p = alignment == 0 ? std::malloc(size == 0 ? 1 : size)
                           : std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  const std::int64_t now = live += static_cast<std::int64_t>(malloc_usable_size(p));
  if (now > most) most = now;
  return p;
}

void given_back(void* p) noexcept {
  if (p == nullptr) return;
  live -= static_cast<std::int64_t>(malloc_usable_size(p));
  std::free(p);
}

}  // namespace rondo::fuzz

// The program's own operators: memory of the standard library and of rondo is counted by them.
void* operator new(std::size_t size) { return rondo::fuzz::taken(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return rondo::fuzz::taken(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept { rondo::fuzz::given_back(p); }
void operator delete(void* p, std::size_t) noexcept { rondo::fuzz::given_back(p); }
void operator delete(void* p, std::align_val_t) noexcept { rondo::fuzz::given_back(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { rondo::fuzz::given_back(p); }
