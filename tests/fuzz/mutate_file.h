#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "rondo/tensor/tensor_file.h"
#include "support/mutate.h"

// Damage that leaves the outer form of a file whole, so that what is inside of it gets to be read.

namespace rondo::fuzz {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t n) {
  return n == 0 ? 0 : static_cast<std::size_t>(random() % n);
}

inline Json odd_value(Random& random) {
  constexpr std::int64_t kBit = 1;
  switch (below(random, 14)) {
    case 0: return Json(-1);
    case 1: return Json(0);
    case 2: return Json(1);
    case 3: return Json(kBit << (1 + below(random, 62)));
    case 4:
      return Json(std::numeric_limits<std::int64_t>::max() - static_cast<std::int64_t>(below(random, 3)));
    case 5: return Json(std::numeric_limits<std::int64_t>::min());
    case 6: return Json(3074457345618258603);  // a third of 2^63
    case 7: return Json(0.5);
    case 8: return Json(1e308);
    case 9: return Json("nan");
    case 10: return Json("");
    case 11: return Json::array();
    case 12: return Json::object();
    default: return Json(static_cast<std::int64_t>(below(random, 300)));
  }
}

/// How many values a tree has.
inline std::size_t count_of(const Json& json) {
  std::size_t count = 1;
  if (json.is_array()) {
    for (const Json& item : json.as_array()) count += count_of(item);
  }
  if (json.is_object()) {
    for (const auto& [key, value] : json.as_object()) count += count_of(value);
  }
  return count;
}

Json mutated_node(const Json& json, Random& random);

/// The tree with value number `at` (in order of depth) replaced by f(value).
template <class F>
Json with_changed(const Json& json, std::size_t& at, F&& f) {
  if (at-- == 0) return f(json);
  if (json.is_array()) {
    Json::Array items;
    for (const Json& item : json.as_array()) items.push_back(with_changed(item, at, f));
    return Json(std::move(items));
  }
  if (json.is_object()) {
    Json::Object members;
    for (const auto& [key, value] : json.as_object()) members.emplace_back(key, with_changed(value, at, f));
    return Json(std::move(members));
  }
  return json;
}

inline Json mutated(const Json& json, Random& random) {
  std::size_t at = below(random, count_of(json));
  return with_changed(json, at, [&](const Json& node) { return mutated_node(node, random); });
}

/// A text that holds JSON is damaged inside, too.
inline std::string mutated_text(const std::string& text, Random& random) {
  try {
    if (below(random, 4) != 0) return to_json(mutated(parse_json(text), random));
  } catch (const Error&) {
    // It is none.
  }
  return mutate({text}, random);
}

inline Json mutated_node(const Json& json, Random& random) {
  if (json.is_string() && below(random, 2) == 0) return Json(mutated_text(json.as_string(), random));
  if (json.is_array() && below(random, 4) != 0) {
    Json::Array items = json.as_array();
    switch (below(random, 4)) {
      case 0:
        if (!items.empty())
          items.erase(items.begin() + static_cast<std::ptrdiff_t>(below(random, items.size())));
        break;
      case 1:
        if (!items.empty()) items.push_back(items[below(random, items.size())]);
        break;
      case 2: items.push_back(odd_value(random)); break;
      default:  // long
        for (std::size_t n = below(random, 2000); n > 0 && !items.empty(); --n)
          items.push_back(items.front());
    }
    return Json(std::move(items));
  }
  if (json.is_object() && below(random, 4) != 0) {
    Json::Object members = json.as_object();
    if (members.empty()) return odd_value(random);
    const std::size_t at = below(random, members.size());
    switch (below(random, 4)) {
      case 0: members.erase(members.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 1: members[at].second = odd_value(random); break;
      case 2: members[at].second = members[below(random, members.size())].second; break;
      default: members.emplace_back("further", odd_value(random));
    }
    return Json(std::move(members));
  }
  return odd_value(random);
}

inline double odd_number(Random& random) {
  constexpr double kOdd[] = {0,
                             -1,
                             1,
                             0.5,
                             -0.0,
                             1e-300,
                             1e30,
                             -1e300,
                             1e308,
                             std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()};
  return kOdd[below(random, std::size(kOdd))];
}

/// A tensor file of which arrays and metadata are changed, and the form is kept.
inline TensorFile mutated_file(TensorFile file, Random& random) {
  for (std::size_t injuries = 1 + below(random, 3); injuries > 0; --injuries) {
    const bool on_texts = file.tensors.empty() || (below(random, 3) != 0 && !file.metadata.empty());
    if (on_texts && file.metadata.empty()) return file;
    if (on_texts) {
      auto& [key, text] = file.metadata[below(random, file.metadata.size())];
      if (below(random, 12) == 0) {
        key += "x";
      } else {
        text = mutated_text(text, random);
      }
      continue;
    }
    const std::size_t at = below(random, file.tensors.size());
    Tensor& tensor = file.tensors[at].second;
    switch (below(random, 6)) {
      case 0: file.tensors.erase(file.tensors.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 1: file.tensors[at].first += "x"; break;
      case 2: tensor = Tensor({static_cast<std::int64_t>(below(random, 40))}, tensor.dtype()); break;
      case 3: tensor = Tensor(tensor.shape(), below(random, 2) == 0 ? DType::float64 : DType::float32); break;
      case 4: tensor = file.tensors[below(random, file.tensors.size())].second; break;
      default:
        if (tensor.size() > 0)
          tensor.set(static_cast<std::int64_t>(below(random, static_cast<std::size_t>(tensor.size()))),
                     odd_number(random));
    }
  }
  return file;
}

/// The bytes of a tensor file whose header is damaged and has the right length nevertheless.
inline std::string with_damaged_header(const std::string& bytes, Random& random) {
  std::uint64_t length = 0;
  if (bytes.size() < 8) return bytes;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  if (length > bytes.size() - 8) return bytes;
  std::string header = mutated_text(bytes.substr(8, length), random);
  const std::string body = bytes.substr(8 + length);
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) out += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return out + header + body;
}

inline std::string mutated_tensor_bytes(const std::vector<std::string>& seeds, Random& random) {
  const std::string& seed = seeds[below(random, seeds.size())];
  const std::size_t how = below(random, 8);
  if (how == 0) return mutate(seeds, random);
  if (how == 1) return with_damaged_header(seed, random);
  try {
    return encode_tensor_file(mutated_file(decode_tensor_file(seed), random));
  } catch (const Error&) {
    return mutate(seeds, random);  // it cannot be written
  }
}

/// A text of which numbers, words and lines are changed.
inline std::string mutated_words(const std::vector<std::string>& seeds, Random& random) {
  std::string text = seeds[below(random, seeds.size())];
  if (below(random, 3) == 0) return mutate(seeds, random);
  for (std::size_t injuries = 1 + below(random, 4); injuries > 0; --injuries) {
    const std::size_t from = text.find_first_of("0123456789.-", below(random, text.size() + 1));
    if (from == std::string::npos) break;
    const std::size_t to = text.find_first_not_of("0123456789.-eE", from);
    constexpr const char* kOdd[] = {"-1",
                                    "0",
                                    "99999999999999999999",
                                    "9223372036854775807",
                                    "1e308",
                                    "nan",
                                    "-",
                                    "0.1",
                                    "4294967297",
                                    "\"\"",
                                    "1/2/2020",
                                    "2020-02-30",
                                    "24:00:00",
                                    "\xff",
                                    "[]"};
    const std::size_t length = to == std::string::npos ? std::string::npos : to - from;
    text.replace(from, length, kOdd[below(random, std::size(kOdd))]);
  }
  if (below(random, 4) == 0) {
    const std::size_t line = text.find('\n', below(random, text.size() + 1));
    if (line != std::string::npos) text.insert(line, text.substr(0, below(random, line + 1)));
  }
  return text;
}

}  // namespace rondo::fuzz
