#include "layers/common/initializers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/layers/layers.h"

namespace rondo {
namespace {

using Fill = std::function<double(std::uint64_t)>;

// Standard deviation of a standard normal cut off at two deviations.
constexpr double kTruncation = 0.87962566103423978;

double truncated_normal(const RandomStream& random, std::uint64_t element) {
  for (std::uint64_t attempt = 0;; ++attempt) {  // accepted with probability 0.954
    const double x = random.normal(element + (attempt << 40));
    if (std::abs(x) <= 2.0) return x;
  }
}

/// A variance of scale / fan, where fan is that of the inputs or the average of inputs and outputs.
struct Scaling {
  std::string_view name;
  double scale;
  bool averages, normal;
};
constexpr Scaling kScalings[] = {{"glorot_uniform", 1, true, false}, {"glorot_normal", 1, true, true},
                                 {"he_uniform", 2, false, false},    {"he_normal", 2, false, true},
                                 {"lecun_uniform", 1, false, false}, {"lecun_normal", 1, false, true}};

const std::vector<std::string>& names() {
  static const std::vector<std::string> list = [] {
    std::vector<std::string> all = {"zeros",  "ones",          "uniform",         "random_uniform",
                                    "normal", "random_normal", "truncated_normal"};
    for (const Scaling& scaling : kScalings) all.emplace_back(scaling.name);
    all.insert(all.end(), {"orthogonal", "identity"});
    return all;
  }();
  return list;
}

/// Rows (or columns, of a tall matrix) orthonormal: Gram-Schmidt on normal draws, twice for accuracy, which
/// is the Q of a QR decomposition with positive diagonal (Saxe et al. 2013).
std::vector<double> orthogonal(std::int64_t rows, std::int64_t cols, const RandomStream& random) {
  const std::int64_t n = std::min(rows, cols), m = std::max(rows, cols);
  std::vector<double> q(static_cast<std::size_t>(n * m));
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = random.normal(i);
  for (std::int64_t a = 0; a < n; ++a) {
    double* va = q.data() + a * m;
    for (int pass = 0; pass < 2; ++pass) {
      for (std::int64_t b = 0; b < a; ++b) {
        const double* vb = q.data() + b * m;
        double dot = 0;
        for (std::int64_t i = 0; i < m; ++i) dot += va[i] * vb[i];
        for (std::int64_t i = 0; i < m; ++i) va[i] -= dot * vb[i];
      }
    }
    double norm = 0;
    for (std::int64_t i = 0; i < m; ++i) norm += va[i] * va[i];
    norm = std::sqrt(norm);
    for (std::int64_t i = 0; i < m; ++i) va[i] /= norm;
  }
  if (rows <= cols) return q;
  std::vector<double> transposed(q.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c)
      transposed[static_cast<std::size_t>(r * cols + c)] = q[static_cast<std::size_t>(c * m + r)];
  }
  return transposed;
}

}  // namespace

void check_initializer(const std::string& name, const std::string& where) {
  if (std::ranges::find(names(), name) != names().end()) return;
  throw Error(ErrorKind::usage, "unknown initializer '" + name + "'")
      .where(where)
      .expected("one of " + detail::listed(names()))
      .fix(detail::did_you_mean(name, names()));
}

void initialize_array(const std::string& name, Matrix array, const RandomStream& random,
                      const std::string& where) {
  check_initializer(name, where);
  std::vector<double> matrix;
  Fill fill;
  const auto* scaling = std::ranges::find(kScalings, std::string_view(name), &Scaling::name);
  if (name == "zeros" || name == "ones") {
    fill = [v = name == "ones" ? 1.0 : 0.0](std::uint64_t) { return v; };
  } else if (name == "uniform" || name == "random_uniform") {
    fill = [&](std::uint64_t i) { return -0.05 + 0.1 * random.uniform(i); };
  } else if (name == "normal" || name == "random_normal") {
    fill = [&](std::uint64_t i) { return 0.05 * random.normal(i); };
  } else if (name == "truncated_normal") {
    fill = [&](std::uint64_t i) { return 0.05 * truncated_normal(random, i); };
  } else if (scaling != std::end(kScalings)) {
    const auto in = static_cast<double>(array.rows), out = static_cast<double>(array.cols);
    const double fan = scaling->averages ? (in + out) / 2 : in;
    const double variance = scaling->scale / std::max(1.0, fan);
    if (scaling->normal) {
      fill = [&, s = std::sqrt(variance) / kTruncation](std::uint64_t i) {
        return s * truncated_normal(random, i);
      };
    } else {
      fill = [&, limit = std::sqrt(3 * variance)](std::uint64_t i) {
        return limit * (2 * random.uniform(i) - 1);
      };
    }
  } else if (name == "identity") {
    fill = [&](std::uint64_t i) {
      const auto cols = static_cast<std::uint64_t>(array.cols);
      return i / cols == i % cols ? 1.0 : 0.0;
    };
  } else {
    matrix = orthogonal(array.rows, array.cols, random);
    fill = [&](std::uint64_t i) { return matrix[i]; };
  }
  with_dtype(array.dtype, [&]<class T>(T) {
    const View<T> view = array.view<T>();
    for (std::int64_t r = 0; r < view.rows; ++r) {
      for (std::int64_t c = 0; c < view.cols; ++c)
        view(r, c) = static_cast<T>(fill(static_cast<std::uint64_t>(r * view.cols + c)));
    }
  });
}

}  // namespace rondo
