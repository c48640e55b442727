#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "rondo/base/json.h"
#include "rondo/base/options.h"
#include "rondo/base/random.h"
#include "rondo/tensor/matrix.h"
#include "rondo/tensor/shape.h"

// What an array of weights holds before it is trained, with Keras's names, options and defaults:
//
//     dense({.units = 8, .kernel_initializer = "he_normal", .bias_initializer = initializers::constant(0.1)})
//
// and in a spec "he_normal" or {"name": "constant", "value": 0.1}.

namespace rondo {

/// Options of all initialisers; each has some of them, and refuses the others.
struct InitializerOptions {
  double value = 0;                               ///< constant
  double mean = 0, stddev = 0.05;                 ///< random_normal, truncated_normal
  double minval = -0.05, maxval = 0.05;           ///< random_uniform
  double scale = 1;                               ///< variance_scaling, with the two that follow
  std::string mode = "fan_in";                    ///< fan_in | fan_out | fan_avg
  std::string distribution = "truncated_normal";  ///< truncated_normal | untruncated_normal | uniform
  double gain = 1;                                ///< orthogonal, identity
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("value", self.value, "constant: of every weight");
    option("mean", self.mean, "of a normal distribution");
    option("stddev", self.stddev, "of a normal distribution, before it is cut off at two of them");
    option("minval", self.minval, "smallest weight of a uniform distribution");
    option("maxval", self.maxval, "largest weight of a uniform distribution");
    option("scale", self.scale, "variance_scaling: the variance is scale / fan");
    option("mode", self.mode, "variance_scaling: which fan: fan_in, fan_out or fan_avg");
    option("distribution", self.distribution,
           "variance_scaling: truncated_normal, untruncated_normal or uniform");
    option("gain", self.gain, "orthogonal, identity: factor of the matrix");
  }
  bool operator==(const InitializerOptions&) const = default;
};

/// By name, with options, or by a function. A name that does not exist is refused by the layer that gets it.
class Initializer {
 public:
  /// The weight in row `row` and column `column`; of a vector, row 0.
  using Function = std::function<double(std::int64_t row, std::int64_t column)>;

  Initializer(const char* name) : name_(name) {}
  Initializer(std::string name) : name_(std::move(name)) {}
  Initializer(std::string name, InitializerOptions options)
      : name_(std::move(name)), options_(std::move(options)) {}
  explicit Initializer(Function function) : name_("function"), function_(std::move(function)) {}

  const std::string& name() const { return name_; }
  const InitializerOptions& options() const { return options_; }
  const Function& function() const { return function_; }

 private:
  std::string name_;
  InitializerOptions options_;
  Function function_;
};

/// A name alone where the options are the defaults, else {"name": …, its options}.
template <>
struct OptionCodec<Initializer> {
  static Json write(const Initializer& value);
  static void read(const Json& config, Initializer& value, std::string_view path);
};

namespace initializers {

Initializer constant(double value);
/// Normal(mean, stddev); truncated: what is further than two deviations from the mean is drawn anew.
Initializer random_normal(double mean = 0, double stddev = 0.05);
Initializer truncated_normal(double mean = 0, double stddev = 0.05);
Initializer random_uniform(double minval = -0.05, double maxval = 0.05);
/// A variance of scale / fan.
Initializer variance_scaling(double scale = 1, std::string mode = "fan_in",
                             std::string distribution = "truncated_normal");
Initializer orthogonal(double gain = 1);
Initializer identity(double gain = 1);
/// Any weights, such as vectors of words that were learnt elsewhere. It lives in code only: a spec says
/// {"name": "function"}, from which a saved model comes back with its weights, but no new one can be made.
Initializer function(Initializer::Function weight);

}  // namespace initializers

/// Fills an array of the given shape as Keras's initialiser does (semantics: keras.initializers). For an
/// array of one axis pass it as a single row. An initialiser that does not exist: Error(usage) that says
/// where.
void initialize_array(const Initializer& initializer, const Shape& shape, Matrix array,
                      const RandomStream& random, const std::string& where);

/// Throws Error(usage) unless it is an initialiser and its options are in range.
void check_initializer(const Initializer& initializer, const std::string& where);

/// Writes the weights of an array of that shape, row by row. `random` belongs to this array and the seed.
using InitializerFill =
    std::function<void(const Shape& shape, const RandomStream& random, std::span<double> weights)>;
/// Makes `name` an initialiser that layers and specs can name, unlike initializers::function. A name that is
/// taken is an Error(usage). From any thread.
void register_initializer(std::string name, InitializerFill fill);

}  // namespace rondo
