#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/train/objective.h"

namespace rondo::examples {

/// The negative log-likelihood of a linear-chain conditional random field (Lafferty, McCallum, Pereira,
/// 2001): the score of labels y is Σ_t emissions[t, y_t] + Σ_t transitions[y_{t−1}, y_t] + start[y_1] +
/// end[y_T]. The network makes the emissions; transitions, start and end are parameters of the loss. The mean
/// is over sequences.
class CrfLoss : public Objective {
 public:
  explicit CrfLoss(double l2 = 0) : l2_(l2) {}

  std::string name() const override { return "crf"; }
  void infer(std::span<const ValueShape> predictions) override {
    if (!predictions[0].sequence) {
      throw Error(ErrorKind::usage, "crf needs sequences of emissions")
          .seen(to_string(predictions[0].shape()));
    }
    labels_ = predictions[0].width();
  }
  void declare(ParameterStore& parameters, const std::string& prefix) override {
    transitions_ = declare_array(parameters, prefix + "transitions", {labels_, labels_}, true, 0, l2_);
    start_ = declare_array(parameters, prefix + "start", {labels_});
    end_ = declare_array(parameters, prefix + "end", {labels_});
  }
  void initialize(ParameterStore& parameters, std::uint64_t seed) const override {
    Tensor values({labels_, labels_});
    const RandomStream random(seed, purpose_key("crf transitions"));
    for (std::int64_t i = 0; i < values.size(); ++i)
      values.set(i, 0.1 * random.normal(static_cast<std::uint64_t>(i)));
    parameters.set(transitions_, values);
  }
  double count(std::span<const Value>, const Target& target) const override {
    return static_cast<double>(std::max<std::int64_t>(target.size(), 1));
  }

 protected:
  void forward(Call& call, const Target& target, double count) const override {
    const Samples& labels = target.samples();
    const Layout& layout = *call.input(0).layout;
    if (!labels.is_sequence() || !std::ranges::equal(labels.layout()->lengths(), layout.lengths())) {
      throw Error(ErrorKind::usage, "crf needs one label for each step of each sequence");
    }
    const double loss = with_dtype(call.dtype(), [&]<class T>(T) {
      const View<const T> emissions = call.input(0).data.view<const T>();
      Gradients to;
      to.emissions = call.keep<double>(0, emissions.rows * labels_);
      to.transitions = call.keep<double>(1, labels_ * labels_ + 2 * labels_);
      std::fill_n(to.transitions, labels_ * labels_ + 2 * labels_, 0.0);
      double sum = 0;
      for (std::int64_t b = 0; b < layout.batch(); ++b) {
        const ScratchScope scope(call);
        sum += add_sequence<T>(call, labels, b, target.weight(b) / count, to);
      }
      return sum;
    });
    call.make_number(0, loss);
  }

  void backward(Call& call, const Target&, double) const override {
    const double factor = call.number_gradient(0);
    const double* own = call.kept<double>(1);
    add(call.input_gradient(0), call.kept<double>(0), factor);
    add(call.parameter_gradient(transitions_), own, factor);
    add(call.parameter_gradient(start_), own + labels_ * labels_, factor);
    add(call.parameter_gradient(end_), own + labels_ * labels_ + labels_, factor);
  }

 private:
  struct Gradients {
    double *emissions, *transitions;  ///< [rows, labels]; [labels, labels], start and end after that
  };

  static void add(Matrix to, const double* from, double factor) {
    if (!to) return;
    with_dtype(to.dtype, [&]<class T>(T) {
      T* at = to.view<T>().data;
      for (std::int64_t i = 0; i < to.rows * to.cols; ++i) at[i] += static_cast<T>(factor * from[i]);
    });
  }
  static double log_sum(const double* values, std::int64_t n) {
    const double high = *std::max_element(values, values + n);
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += std::exp(values[i] - high);
    return high + std::log(sum);
  }

  /// Weight · loss of one sequence by the forward-backward algorithm, and its gradients.
  template <class T>
  double add_sequence(const Call& call, const Samples& labels, std::int64_t b, double weight,
                      Gradients to) const {
    const std::int64_t n = labels_;
    const auto place = static_cast<std::size_t>(b);
    const Layout& layout = *call.input(0).layout;
    const std::int64_t steps = layout.lengths()[place];
    if (steps == 0) return 0;
    const auto row = [&](std::int64_t t) { return layout.offset(t) + layout.place()[place]; };
    const auto label = [&](std::int64_t t) {
      const Layout& at = *labels.layout();
      return static_cast<std::int64_t>(std::lround(labels.values().at(at.offset(t) + at.place()[place])));
    };
    const View<const T> emissions = call.input(0).data.view<const T>();
    const View<const T> from_to = call.parameter(transitions_).view<const T>();
    const T *start = call.parameter(start_).view<const T>().data,
            *end = call.parameter(end_).view<const T>().data;
    const auto emission = [&](std::int64_t t, std::int64_t j) {
      return static_cast<double>(emissions(row(t), j));
    };
    const auto transition = [&](std::int64_t i, std::int64_t j) {
      return static_cast<double>(from_to(i, j));
    };
    double *alpha = call.scratch<double>(steps * n), *beta = call.scratch<double>(steps * n),
           *terms = call.scratch<double>(n);
    for (std::int64_t j = 0; j < n; ++j) {
      alpha[j] = static_cast<double>(start[j]) + emission(0, j);
      beta[(steps - 1) * n + j] = static_cast<double>(end[j]);
    }
    for (std::int64_t t = 1; t < steps; ++t) {
      for (std::int64_t j = 0; j < n; ++j) {
        for (std::int64_t i = 0; i < n; ++i) terms[i] = alpha[(t - 1) * n + i] + transition(i, j);
        alpha[t * n + j] = log_sum(terms, n) + emission(t, j);
      }
    }
    for (std::int64_t t = steps - 2; t >= 0; --t) {
      for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t j = 0; j < n; ++j)
          terms[j] = transition(i, j) + emission(t + 1, j) + beta[(t + 1) * n + j];
        beta[t * n + i] = log_sum(terms, n);
      }
    }
    for (std::int64_t j = 0; j < n; ++j) terms[j] = alpha[(steps - 1) * n + j] + static_cast<double>(end[j]);
    const double log_z = log_sum(terms, n);

    double score = static_cast<double>(start[label(0)]) + static_cast<double>(end[label(steps - 1)]);
    double *to_start = to.transitions + n * n, *to_end = to_start + n;
    for (std::int64_t t = 0; t < steps; ++t) {
      score += emission(t, label(t)) + (t > 0 ? transition(label(t - 1), label(t)) : 0);
      for (std::int64_t j = 0; j < n; ++j) {
        const double marginal =
            std::exp(alpha[t * n + j] + beta[t * n + j] - log_z) - (label(t) == j ? 1 : 0);
        to.emissions[row(t) * n + j] = weight * marginal;
        if (t == 0) to_start[j] += weight * marginal;
        if (t == steps - 1) to_end[j] += weight * marginal;
        for (std::int64_t i = 0; t > 0 && i < n; ++i) {
          const double pair =
              std::exp(alpha[(t - 1) * n + i] + transition(i, j) + emission(t, j) + beta[t * n + j] - log_z);
          to.transitions[i * n + j] += weight * (pair - (label(t - 1) == i && label(t) == j ? 1 : 0));
        }
      }
    }
    return weight * (log_z - score);
  }

  double l2_;
  std::int64_t labels_ = 0;
  int transitions_ = -1, start_ = -1, end_ = -1;
};

}  // namespace rondo::examples
