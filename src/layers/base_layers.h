#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "rondo/error.h"
#include "rondo/layers.h"
#include "rondo/options.h"

// What the layers' sources share.

namespace rondo {

/// A layer whose options struct says everything: config and name follow from it.
template <class Options>
class OptionsLayer : public Layer {
 public:
  OptionsLayer(std::string type, Options options) : type_(std::move(type)), options_(std::move(options)) {
    set_name(options_.name);
  }
  std::string type() const override { return type_; }
  Config config() const override { return to_config(options_); }

 protected:
  const Options& options() const { return options_; }
  std::string where() const { return "layer '" + (name().empty() ? type_ : name()) + "'"; }
  /// The one input of layers that take one.
  const Spec& single(std::span<const Spec> inputs) const {
    if (inputs.size() != 1) {
      fail("a layer takes one input", std::to_string(inputs.size()) + " inputs", "1");
    }
    return inputs[0];
  }

 private:
  std::string type_;
  Options options_;
};

/// "sequence (None, 10, 3)" or "(None, 3)".
inline std::string describe(const Spec& spec) {
  return (spec.sequence ? "a sequence " : "no sequence ") + to_string(spec.shape());
}

template <class T>
View<const T> read(const ConstMatrix& m) {
  return m.view<T>();
}

/// Runs job(begin, end) over ranges of rows on the pool's threads.
template <class Job>
void parallel_rows(Pool& pool, std::int64_t rows, std::int64_t work_per_row, Job job) {
  const bool small = rows * work_per_row < 400'000;
  const int parts =
      small ? 1 : static_cast<int>(std::min<std::int64_t>(pool.threads(), std::max<std::int64_t>(rows, 1)));
  if (parts == 1) {
    job(std::int64_t{0}, rows);
    return;
  }
  pool.run(parts, [&](int part) { job(rows * part / parts, rows * (part + 1) / parts); });
}

/// c += aᵀ·g on the pool's threads: shared out by columns of c, so sums keep their order.
template <class T>
void add_weight_gradient(Pool& pool, View<const T> a, View<const T> g, View<T> c);

}  // namespace rondo
