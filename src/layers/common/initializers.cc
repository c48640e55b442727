#include "rondo/layers/initializers.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "rondo/base/error.h"

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

/// A name with the options that belong to it. Those of the six scalings are given: they are variance_scaling.
struct Kind {
  std::string_view name;
  std::vector<std::string_view> options = {};
  double scale = 0;
  std::string_view mode = {}, distribution = {};
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{"zeros"},
                                        {"ones"},
                                        {"constant", {"value"}},
                                        {"uniform", {"minval", "maxval"}},
                                        {"random_uniform", {"minval", "maxval"}},
                                        {"normal", {"mean", "stddev"}},
                                        {"random_normal", {"mean", "stddev"}},
                                        {"truncated_normal", {"mean", "stddev"}},
                                        {"variance_scaling", {"scale", "mode", "distribution"}},
                                        {"glorot_uniform", {}, 1, "fan_avg", "uniform"},
                                        {"glorot_normal", {}, 1, "fan_avg", "truncated_normal"},
                                        {"he_uniform", {}, 2, "fan_in", "uniform"},
                                        {"he_normal", {}, 2, "fan_in", "truncated_normal"},
                                        {"lecun_uniform", {}, 1, "fan_in", "uniform"},
                                        {"lecun_normal", {}, 1, "fan_in", "truncated_normal"},
                                        {"orthogonal", {"gain"}},
                                        {"identity", {"gain"}},
                                        {"function"}};
  return all;
}

/// Initialisers of somebody else's; none ever leaves.
class Registered {
 public:
  void add(std::string name, InitializerFill fill) {
    const std::scoped_lock lock(mutex_);
    Entry& entry = entries_.emplace_back(Entry{std::move(name), std::move(fill), {}});
    entry.kind.name = entry.name;
  }
  const Kind* find(std::string_view name) const {
    const Entry* entry = entry_of(name);
    return entry == nullptr ? nullptr : &entry->kind;
  }
  const InitializerFill* fill(std::string_view name) const {
    const Entry* entry = entry_of(name);
    return entry == nullptr ? nullptr : &entry->fill;
  }

 private:
  struct Entry {
    std::string name;
    InitializerFill fill;
    Kind kind;
  };
  const Entry* entry_of(std::string_view name) const {
    const std::scoped_lock lock(mutex_);
    const auto entry = std::ranges::find(entries_, name, &Entry::name);
    return entry == entries_.end() ? nullptr : &*entry;
  }

  mutable std::mutex mutex_;
  std::deque<Entry> entries_;  // which stay where they are
};

Registered& registered() {
  static Registered all;
  return all;
}

const Kind* find_kind(const std::string& name) {
  const auto kind = std::ranges::find(kinds(), std::string_view(name), &Kind::name);
  return kind == kinds().end() ? registered().find(name) : &*kind;
}

const Kind& kind_of(const Initializer& initializer, const std::string& where) {
  if (const Kind* kind = find_kind(initializer.name())) return *kind;
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) names.emplace_back(kind.name);
  throw Error(ErrorKind::usage, "unknown initializer '" + initializer.name() + "'")
      .where(where)
      .expected("one of " + detail::listed(names))
      .fix(detail::did_you_mean(initializer.name(), names));
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

/// scale / fan as a distribution, where a fan is a number of inputs, of outputs or their mean.
Fill scaled(double scale, std::string_view mode, std::string_view distribution, const Shape& shape,
            Matrix array, const RandomStream& random) {
  // A vector has as many inputs as outputs, its size (Keras's compute_fans).
  const bool vector = shape.size() < 2;
  const auto out = static_cast<double>(vector ? array.rows * array.cols : array.cols);
  const double in = vector ? out : static_cast<double>(array.rows);
  const double fan = mode == "fan_in" ? in : mode == "fan_out" ? out : (in + out) / 2;
  const double variance = scale / std::max(1.0, fan);
  if (distribution == "uniform") {
    return [&random, limit = std::sqrt(3 * variance)](std::uint64_t i) {
      return limit * (2 * random.uniform(i) - 1);
    };
  }
  if (distribution == "untruncated_normal") {
    return [&random, s = std::sqrt(variance)](std::uint64_t i) { return s * random.normal(i); };
  }
  return [&random, s = std::sqrt(variance) / kTruncation](std::uint64_t i) {
    return s * truncated_normal(random, i);
  };
}

/// `matrix` is room for what is not made element by element; `random` must outlive the function.
Fill fill_of(const Initializer& initializer, const Kind& kind, const Shape& shape, Matrix array,
             const RandomStream& random, std::vector<double>& matrix) {
  const InitializerOptions& o = initializer.options();
  const std::string_view name = kind.name;
  const auto cols = static_cast<std::uint64_t>(std::max<std::int64_t>(array.cols, 1));
  if (kind.scale > 0) return scaled(kind.scale, kind.mode, kind.distribution, shape, array, random);
  if (name == "variance_scaling") return scaled(o.scale, o.mode, o.distribution, shape, array, random);
  if (name == "constant") return [v = o.value](std::uint64_t) { return v; };
  if (name == "zeros" || name == "ones") return [v = name == "ones" ? 1.0 : 0.0](std::uint64_t) { return v; };
  if (name == "uniform" || name == "random_uniform") {
    return [&random, low = o.minval, width = o.maxval - o.minval](std::uint64_t i) {
      return low + width * random.uniform(i);
    };
  }
  if (name == "normal" || name == "random_normal")
    return [&](std::uint64_t i) { return o.mean + o.stddev * random.normal(i); };
  if (name == "truncated_normal")
    return [&](std::uint64_t i) { return o.mean + o.stddev * truncated_normal(random, i); };
  if (name == "identity") {
    return [cols, gain = o.gain](std::uint64_t i) { return i / cols == i % cols ? gain : 0.0; };
  }
  if (name == "function") {
    return [cols, &weight = initializer.function()](std::uint64_t i) {
      return weight(static_cast<std::int64_t>(i / cols), static_cast<std::int64_t>(i % cols));
    };
  }
  if (const InitializerFill* fill = registered().fill(name)) {
    matrix.resize(static_cast<std::size_t>(array.rows * array.cols));
    (*fill)(shape, random, matrix);
    return [&matrix](std::uint64_t i) { return matrix[i]; };
  }
  matrix = orthogonal(array.rows, array.cols, random);
  return [&matrix, gain = o.gain](std::uint64_t i) { return gain * matrix[i]; };
}

}  // namespace

void check_initializer(const Initializer& initializer, const std::string& where) {
  const Kind& kind = kind_of(initializer, where);
  const InitializerOptions& o = initializer.options();
  const auto require = [&](bool holds, const char* rule) {
    if (holds) return;
    throw Error(ErrorKind::usage, "an option of an initializer is out of range")
        .where(where)
        .seen(to_json(OptionCodec<Initializer>::write(initializer)))
        .expected(rule);
  };
  const Json given = to_config(o), defaults = to_config(InitializerOptions{});
  for (const auto& [key, value] : given.as_object()) {
    const bool known = std::ranges::find(kind.options, std::string_view(key)) != kind.options.end();
    if (known || value == defaults.at(key)) continue;
    throw Error(ErrorKind::usage, "initializer '" + initializer.name() + "' has no option '" + key + "'")
        .where(where)
        .seen(to_json(value));
  }
  require(std::isfinite(o.value) && std::isfinite(o.mean) && std::isfinite(o.gain), "finite numbers");
  require(o.stddev >= 0 && std::isfinite(o.stddev), "stddev >= 0");
  require(o.minval <= o.maxval && std::isfinite(o.maxval - o.minval), "minval <= maxval");
  require(o.scale > 0 && std::isfinite(o.scale), "scale > 0");
  require(o.mode == "fan_in" || o.mode == "fan_out" || o.mode == "fan_avg",
          "mode fan_in, fan_out or fan_avg");
  require(o.distribution == "truncated_normal" || o.distribution == "untruncated_normal" ||
              o.distribution == "uniform",
          "distribution truncated_normal, untruncated_normal or uniform");
}

void initialize_array(const Initializer& initializer, const Shape& shape, Matrix array,
                      const RandomStream& random, const std::string& where) {
  const Kind& kind = kind_of(initializer, where);
  if (kind.name == "function" && !initializer.function()) {
    throw Error(ErrorKind::usage, "weights that a function in code gave cannot be made anew from a spec")
        .where(where)
        .seen("initializer 'function'")
        .fix("load the saved model with its weights, or give another initializer");
  }
  std::vector<double> matrix;
  const Fill fill = fill_of(initializer, kind, shape, array, random, matrix);
  with_dtype(array.dtype, [&]<class T>(T) {
    const View<T> view = array.view<T>();
    for (std::int64_t r = 0; r < view.rows; ++r) {
      for (std::int64_t c = 0; c < view.cols; ++c)
        view(r, c) = static_cast<T>(fill(static_cast<std::uint64_t>(r * view.cols + c)));
    }
  });
}

Json OptionCodec<Initializer>::write(const Initializer& value) {
  const Kind* kind = find_kind(value.name());
  if (kind == nullptr || value.options() == InitializerOptions{}) {
    return value.name() == "function" ? Json::object({{"name", "function"}}) : Json(value.name());
  }
  Json out = Json::object({{"name", value.name()}});
  const Json options = to_config(value.options());
  for (const auto& [key, number] : options.as_object()) {
    if (std::ranges::find(kind->options, std::string_view(key)) != kind->options.end()) out.set(key, number);
  }
  return out;
}

void OptionCodec<Initializer>::read(const Json& config, Initializer& value, std::string_view path) {
  if (config.is_string()) {
    value = Initializer(config.as_string(path));
    return;
  }
  InitializerOptions options;
  read_options(options, config, path, {"name"});
  value = Initializer(config.at("name", std::string(path)).as_string(std::string(path) + ".name"), options);
  check_initializer(value, std::string(path));
}

void register_initializer(std::string name, InitializerFill fill) {
  if (name.empty() || !fill || find_kind(name) != nullptr)
    throw Error(ErrorKind::usage, "an initializer is registered by a function under a name that is free")
        .where("register_initializer")
        .seen(!fill ? "no function for '" + name + "'" : "'" + name + "'");
  registered().add(std::move(name), std::move(fill));
}

namespace initializers {

Initializer constant(double value) { return {"constant", {.value = value}}; }
Initializer random_normal(double mean, double stddev) {
  return {"random_normal", {.mean = mean, .stddev = stddev}};
}
Initializer truncated_normal(double mean, double stddev) {
  return {"truncated_normal", {.mean = mean, .stddev = stddev}};
}
Initializer random_uniform(double minval, double maxval) {
  return {"random_uniform", {.minval = minval, .maxval = maxval}};
}
Initializer variance_scaling(double scale, std::string mode, std::string distribution) {
  return {"variance_scaling",
          {.scale = scale, .mode = std::move(mode), .distribution = std::move(distribution)}};
}
Initializer orthogonal(double gain) { return {"orthogonal", {.gain = gain}}; }
Initializer identity(double gain) { return {"identity", {.gain = gain}}; }
Initializer function(Initializer::Function weight) { return Initializer(std::move(weight)); }

}  // namespace initializers

}  // namespace rondo
