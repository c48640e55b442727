#include "rondo/base/options.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace rondo {
namespace {

/// Lower case, with '-' as '_': differences that people do not mean.
std::string plain(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string
/// alignment).
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongest = 128;  // nobody misspells longer words one letter at a time
  if (word.empty() || word.size() > kLongest) return "";
  const std::string wanted = plain(word);
  std::string best;
  std::size_t best_distance = kLongest;
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongest) continue;
    const std::string name = plain(candidate);
    const std::size_t distance = edit_distance(wanted, name);
    const std::size_t allowed = std::max<std::size_t>(1, std::min(wanted.size(), name.size()) / 3);
    if (distance <= allowed && distance < name.size() && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (!best.empty() || wanted.size() < 3) return best;
  for (const std::string& candidate : candidates) {  // an abbreviation: "optim" for "optimizer"
    if (plain(candidate).starts_with(wanted) && (best.empty() || candidate.size() < best.size()))
      best = candidate;
  }
  return best;
}

namespace detail {

void throw_unknown_key(std::string_view key, std::string_view path, const std::vector<std::string>& known) {
  throw Error(ErrorKind::usage, "unknown key '" + std::string(key) + "'" +
                                    (path.empty() ? std::string() : " in '" + std::string(path) + "'"))
      .expected(known.empty() ? "no keys here" : "one of " + listed(known))
      .fix(did_you_mean(key, known));
}

}  // namespace detail
}  // namespace rondo
