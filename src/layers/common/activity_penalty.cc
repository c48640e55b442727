#include "layers/common/activity_penalty.h"

#include <algorithm>
#include <cmath>

namespace rondo {
namespace {

class ActivityPenalty final : public Operation {
 public:
  explicit ActivityPenalty(const Regularizer& regularizer) : regularizer_(regularizer) {}
  void forward(Call& call) const override {
    const Value& y = call.input(0);
    double sum = 0;
    with_dtype(y.data.dtype, [&]<class T>(T) {
      const T* values = y.data.view<const T>().data;
      for (std::int64_t i = 0; i < y.data.rows * y.data.cols; ++i) {
        const auto x = static_cast<double>(values[i]);
        sum += regularizer_.l1 * std::abs(x) + regularizer_.l2 * x * x;
      }
    });
    call.make_number(0, sum / batch(y));
  }
  void backward(Call& call) const override {
    const Matrix d = call.input_gradient(0);
    if (!d) return;
    const Value& y = call.input(0);
    const double factor = call.number_gradient(0) / batch(y);
    with_dtype(d.dtype, [&]<class T>(T) {
      const T* values = y.data.view<const T>().data;
      T* to = d.view<T>().data;
      for (std::int64_t i = 0; i < d.rows * d.cols; ++i) {
        const auto x = static_cast<double>(values[i]);
        to[i] += static_cast<T>(factor * (regularizer_.l1 * ((x > 0) - (x < 0)) + 2 * regularizer_.l2 * x));
      }
    });
  }

 private:
  static double batch(const Value& y) {
    return static_cast<double>(std::max<std::int64_t>(y.layout ? y.layout->batch() : y.data.rows, 1));
  }
  Regularizer regularizer_;
};

}  // namespace

void penalize_activity(Tape& tape, Vars outputs, const Regularizer& regularizer) {
  if (regularizer == Regularizer{}) return;
  for (const Var output : outputs)
    tape.penalize(tape.apply_one(tape.make<ActivityPenalty>(regularizer), {output}));
}

}  // namespace rondo
