#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace rondo {

/// One of `seeds` with one to six random injuries: a bit flipped, a byte replaced, a piece removed, doubled,
/// moved or taken from another seed, the end cut off.
inline std::string mutate(const std::vector<std::string>& seeds, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random() % n); };
  std::string text = seeds[below(seeds.size())];
  for (std::size_t injuries = 1 + below(6); injuries > 0; --injuries) {
    const std::size_t at = below(text.size()), length = 1 + below(8);
    switch (below(7)) {
      case 0:
        if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        if (!text.empty()) text[at] = static_cast<char>(below(256));
        break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(at, text.substr(at, length)); break;
      case 4: text.insert(below(text.size()), text.substr(at, length)); break;
      case 5: {
        const std::string& other = seeds[below(seeds.size())];
        text.insert(at, other.substr(below(other.size()), length));
        break;
      }
      default: text.resize(std::max<std::size_t>(at, text.size() / 2));
    }
  }
  return text;
}

}  // namespace rondo
