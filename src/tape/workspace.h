#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "rondo/base/pool.h"
#include "tape/arena.h"

namespace rondo {

/// The memory and the threads of a pass. Memory is uninitialised, begins at a cache line and lives until the
/// tape is reset, or until the Scope that it was taken in ends.
class Workspace {
 public:
  Workspace(Arena& arena, Pool& pool) : arena_(arena), pool_(pool) {}

  Pool& pool() const { return pool_; }

  template <class T>
  T* take(std::int64_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(count, 1)) * sizeof(T);
    return static_cast<T*>(arena_.take(bytes));
  }
  template <class T>
  T* zeros(std::int64_t count) {
    T* memory = take<T>(count);
    std::fill_n(memory, count, T{0});
    return memory;
  }
  template <class T>
  T* copy(const T& value) {
    return new (static_cast<void*>(take<T>(1))) T(value);
  }

  class Scope {
   public:
    explicit Scope(Workspace& workspace) : arena_(workspace.arena_), mark_(arena_.mark()) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { arena_.rewind(mark_); }

   private:
    Arena& arena_;
    Arena::Mark mark_;
  };

 private:
  Arena& arena_;
  Pool& pool_;
};

}  // namespace rondo
