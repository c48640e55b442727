#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace rondo {

/// Memory handed out in order and taken back all at once. Blocks are kept between passes, so a training loop
/// of equal batches takes nothing from the system after its first step.
class Arena {
 public:
  void* take(std::size_t bytes) {
    bytes = (bytes + kAlign - 1) / kAlign * kAlign;
    while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const std::size_t size = bytes > kBlock ? bytes : kBlock;
      blocks_.push_back({std::unique_ptr<std::byte[], Free>(
                             static_cast<std::byte*>(::operator new (size, std::align_val_t{kAlign}))),
                         size});
      used_ = 0;
    }
    std::byte* at = blocks_[block_].memory.get() + used_;
    used_ += bytes;
    return at;
  }
  void reset() {
    block_ = 0;
    used_ = 0;
  }
  /// A place to come back to: what was taken since is free again.
  struct Mark {
    std::size_t block = 0, used = 0;
  };
  Mark mark() const { return {block_, used_}; }
  void rewind(Mark mark) {
    block_ = mark.block;
    used_ = mark.used;
  }
  std::size_t bytes() const {
    std::size_t total = 0;
    for (const Block& b : blocks_) total += b.size;
    return total;
  }

 private:
  static constexpr std::size_t kAlign = 64, kBlock = std::size_t{1} << 18;
  struct Free {
    void operator()(std::byte* p) const noexcept { ::operator delete (p, std::align_val_t{kAlign}); }
  };
  struct Block {
    std::unique_ptr<std::byte[], Free> memory;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0, used_ = 0;
};

}  // namespace rondo
