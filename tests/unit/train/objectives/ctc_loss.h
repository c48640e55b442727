#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "rondo/base/error.h"
#include "rondo/base/options.h"
#include "rondo/train/objective.h"

namespace rondo::examples {

struct CtcOptions {
  std::int64_t blank = 0;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("blank", self.blank, "class number that stands for no label");
  }
};

/// Connectionist temporal classification (Graves et al., "Connectionist temporal classification", ICML 2006):
/// the negative log-probability of a label sequence, summed over all its alignments with longer sequences of
/// logits [steps, classes]. One class is the blank. The mean is over sequences.
class CtcLoss : public Objective {
 public:
  using Options = CtcOptions;
  static constexpr const char* kName = "ctc";
  explicit CtcLoss(Options options = {}) : options_(options) {}

  std::string name() const override { return kName; }
  Json config() const override {
    Json out = Objective::config();
    out.set("blank", options_.blank);
    return out;
  }
  void infer(std::span<const ValueShape> predictions) override {
    if (predictions[0].sequence && options_.blank >= 0 && options_.blank < predictions[0].width()) return;
    throw Error(ErrorKind::usage, "ctc needs sequences of logits, one of them for the blank")
        .seen(to_string(predictions[0].shape()) + ", blank " + std::to_string(options_.blank));
  }
  double count(std::span<const Value>, const Target& target) const override {
    return static_cast<double>(std::max<std::int64_t>(target.size(), 1));
  }

 protected:
  void forward(Call& call, const Target& target, double count) const override {
    const Value& logits = call.input(0);
    const Samples& labels = target.samples();
    if (!labels.is_sequence() || labels.size() != logits.layout->batch()) {
      throw Error(ErrorKind::usage, "ctc needs one sequence of labels for each sequence of logits")
          .seen(std::to_string(labels.size()) + (labels.is_sequence() ? " sequences" : " arrays"));
    }
    call.make_number(0, with_dtype(call.dtype(), [&]<class T>(T) {
                       const View<const T> y = logits.data.view<const T>();
                       T* gradient = call.differentiating() ? call.keep<T>(0, y.rows * y.cols) : nullptr;
                       double sum = 0;
                       for (std::int64_t b = 0; b < labels.size(); ++b) {
                         const ScratchScope scope(call);
                         sum += Sequence<T>(*this, call, b, labels).add(target.weight(b), count, gradient);
                       }
                       return sum / count;
                     }));
  }

  void backward(Call& call, const Target&, double) const override {
    const Matrix to = call.input_gradient(0);
    if (!to) return;
    with_dtype(call.dtype(), [&]<class T>(T) {
      const T factor = static_cast<T>(call.number_gradient(0));
      const T* own = call.kept<T>(0);
      for (std::int64_t i = 0; i < to.rows * to.cols; ++i) to.view<T>().data[i] += factor * own[i];
    });
  }

 private:
  static constexpr double kNever = -std::numeric_limits<double>::infinity();

  static double log_add(double a, double b) {
    const double high = std::max(a, b);
    return high == kNever ? kNever : high + std::log1p(std::exp(std::min(a, b) - high));
  }

  /// One sequence: places 0 … 2·labels of its lattice are blank, label, blank, label, …, blank.
  template <class T>
  class Sequence {
   public:
    Sequence(const CtcLoss& loss, const Call& call, std::int64_t b, const Samples& labels)
        : logits_(call.input(0).data.view<const T>()),
          layout_(*call.input(0).layout),
          b_(b),
          steps_(layout_.lengths()[static_cast<std::size_t>(b)]),
          places_(2 * labels.layout()->lengths()[static_cast<std::size_t>(b)] + 1),
          classes_(call.scratch<std::int64_t>(places_)),
          log_p_(call.scratch<double>(steps_ * logits_.cols)),
          alpha_(call.scratch<double>((steps_ + 1) * places_)),
          beta_(call.scratch<double>((steps_ + 1) * places_)) {
      const Layout& at = *labels.layout();
      for (std::int64_t s = 0; s < places_; ++s) {
        classes_[s] = loss.options_.blank;
        if (s % 2 == 1) {
          const std::int64_t row = at.offset(s / 2) + at.place()[static_cast<std::size_t>(b)];
          classes_[s] = std::lround(labels.values().at(row));
        }
        if (classes_[s] >= 0 && classes_[s] < logits_.cols &&
            (s % 2 == 0 || classes_[s] != loss.options_.blank))
          continue;
        throw Error(ErrorKind::data, "a label of ctc is no class")
            .where("sequence " + std::to_string(b) + " of the batch")
            .seen(std::to_string(classes_[s]));
      }
    }

    /// Weight · loss; its derivative, divided by `count`, goes to the rows of `gradient` where that is not
    /// null.
    double add(double weight, double count, T* gradient) {
      normalise();
      const double log_likelihood = sum_paths();
      if (log_likelihood == kNever && weight != 0) {
        throw Error(ErrorKind::data, "a sequence is too short for its labels")
            .where("sequence " + std::to_string(b_) + " of the batch")
            .seen(std::to_string(steps_) + " steps for " + std::to_string(places_ / 2) + " labels");
      }
      for (std::int64_t t = 0; gradient != nullptr && t < steps_; ++t) {
        T* to = gradient + row(t) * logits_.cols;
        for (std::int64_t k = 0; k < logits_.cols; ++k) {
          double expected = 0;  // of the paths through class k at t
          for (std::int64_t s = 0; s < places_; ++s) {
            if (classes_[s] == k) expected += std::exp(alpha(t, s) + beta(t, s) - log_likelihood);
          }
          to[k] = weight == 0 ? T(0) : static_cast<T>(weight / count * (std::exp(log_p(t, k)) - expected));
        }
      }
      return weight == 0 ? 0 : -weight * log_likelihood;
    }

   private:
    std::int64_t row(std::int64_t t) const {
      return layout_.offset(t) + layout_.place()[static_cast<std::size_t>(b_)];
    }
    double& log_p(std::int64_t t, std::int64_t k) { return log_p_[t * logits_.cols + k]; }
    double& alpha(std::int64_t t, std::int64_t s) { return alpha_[t * places_ + s]; }
    double& beta(std::int64_t t, std::int64_t s) { return beta_[t * places_ + s]; }
    bool skips(std::int64_t s) const {  // from s − 2, over a blank
      return s >= 2 && s % 2 == 1 && classes_[s] != classes_[s - 2];
    }

    void normalise() {
      for (std::int64_t t = 0; t < steps_; ++t) {
        const T* y = logits_.row(row(t));
        const double high = static_cast<double>(*std::max_element(y, y + logits_.cols));
        double sum = 0;
        for (std::int64_t k = 0; k < logits_.cols; ++k) sum += std::exp(static_cast<double>(y[k]) - high);
        for (std::int64_t k = 0; k < logits_.cols; ++k)
          log_p(t, k) = static_cast<double>(y[k]) - high - std::log(sum);
      }
    }

    /// alpha(t, s): all beginnings that stand at place s after step t, that step counted; beta(t, s): all
    /// ends from there, that step not counted.
    double sum_paths() {
      if (steps_ == 0) return places_ == 1 ? 0 : kNever;
      for (std::int64_t t = 0; t < steps_; ++t) {
        for (std::int64_t s = 0; s < places_; ++s) {
          double from = t == 0 && s < 2 ? 0 : kNever;
          if (t > 0) {
            from = alpha(t - 1, s);
            if (s > 0) from = log_add(from, alpha(t - 1, s - 1));
            if (skips(s)) from = log_add(from, alpha(t - 1, s - 2));
          }
          alpha(t, s) = from + log_p(t, classes_[s]);
        }
      }
      for (std::int64_t t = steps_ - 1; t >= 0; --t) {
        for (std::int64_t s = 0; s < places_; ++s) {
          if (t == steps_ - 1) {
            beta(t, s) = s >= places_ - 2 ? 0 : kNever;
            continue;
          }
          const auto then = [&](std::int64_t to) { return beta(t + 1, to) + log_p(t + 1, classes_[to]); };
          double onward = then(s);
          if (s + 1 < places_) onward = log_add(onward, then(s + 1));
          if (s + 2 < places_ && skips(s + 2)) onward = log_add(onward, then(s + 2));
          beta(t, s) = onward;
        }
      }
      const double last = alpha(steps_ - 1, places_ - 1);
      return places_ == 1 ? last : log_add(last, alpha(steps_ - 1, places_ - 2));
    }

    View<const T> logits_;
    const Layout& layout_;
    std::int64_t b_, steps_, places_;
    std::int64_t* classes_;
    double *log_p_, *alpha_, *beta_;
  };

  Options options_;
};

}  // namespace rondo::examples
