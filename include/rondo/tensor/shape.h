#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace rondo {

/// The sizes of a tensor's axes. They are kept in place, so that making and copying a shape takes no memory;
/// hence the limit of kMaxAxes axes, beyond which Error(usage) is thrown.
class Shape {
 public:
  static constexpr std::size_t kMaxAxes = 8;

  using value_type = std::int64_t;
  using reference = std::int64_t&;
  using const_reference = const std::int64_t&;
  using iterator = std::int64_t*;
  using const_iterator = const std::int64_t*;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes) : Shape(sizes.begin(), sizes.end()) {}
  template <std::input_iterator It>
  Shape(It first, It last) {
    for (; first != last; ++first) push_back(*first);
  }

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::int64_t& operator[](std::size_t axis) { return sizes_[axis]; }
  const std::int64_t& operator[](std::size_t axis) const { return sizes_[axis]; }
  std::int64_t* data() { return sizes_.data(); }
  const std::int64_t* data() const { return sizes_.data(); }
  iterator begin() { return data(); }
  iterator end() { return data() + count_; }
  const_iterator begin() const { return data(); }
  const_iterator end() const { return data() + count_; }
  std::int64_t& front() { return sizes_[0]; }
  const std::int64_t& front() const { return sizes_[0]; }
  std::int64_t& back() { return sizes_[count_ - 1]; }
  const std::int64_t& back() const { return sizes_[count_ - 1]; }

  void push_back(std::int64_t size) { insert(end(), size); }
  void pop_back() { --count_; }
  void clear() { count_ = 0; }
  iterator insert(const_iterator before, std::int64_t size) { return insert(before, &size, &size + 1); }
  template <std::input_iterator It>
  iterator insert(const_iterator before, It first, It last) {
    const std::size_t at = static_cast<std::size_t>(before - begin());
    for (std::size_t to = at; first != last; ++first, ++to) insert_one(to, *first);
    return begin() + at;
  }

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.count_ != b.count_) return false;
    for (std::size_t i = 0; i < a.count_; ++i) {
      if (a.sizes_[i] != b.sizes_[i]) return false;
    }
    return true;
  }

 private:
  void insert_one(std::size_t at, std::int64_t size) {
    if (count_ == kMaxAxes) refuse();
    for (std::size_t i = count_++; i > at; --i) sizes_[i] = sizes_[i - 1];
    sizes_[at] = size;
  }
  [[noreturn]] static void refuse();

  std::array<std::int64_t, kMaxAxes> sizes_{};
  std::size_t count_ = 0;
};

/// Product of the sizes; 1 for an empty shape.
std::int64_t element_count(const Shape& shape);
/// "(None, 10, 3)": -1 is printed as None.
std::string to_string(const Shape& shape);

}  // namespace rondo
