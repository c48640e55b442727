#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "rondo/layers/layers.h"
#include "rondo/model/testing.h"

// A property test that cannot fail proves nothing: each way in which kernels break bit invariance must be
// caught.

namespace rondo {
namespace {

using testing::InvarianceCase;
using testing::Padding;
using testing::Subject;

enum class Fault {
  none,
  order_by_row_count,     // a kernel for many rows sums from the other end
  order_by_place,         // the rows of a last, partial vector are summed otherwise
  gradient_in_two_sums,   // even and odd rows are summed apart, as two accumulators would
  neighbour_times_zero,   // what lies next in a vector is multiplied away instead of left out
  gradient_to_neighbour,  // a lane keeps what the sequence before it left there
  padding_counts,         // the number of steps of the padded array gets into the result
  last_digit_by_threads,
};

/// y = x · w for one unit, by row; `fault` plants an error that no tolerance would notice.
class Product final : public Layer {
 public:
  explicit Product(Fault fault) : fault_(fault) {}
  std::string type() const override { return "product"; }
  Json config() const override { return Json::object(); }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    width_ = inputs[0].width();
    ValueShape out = inputs[0];
    out.features = {1};
    return {out};
  }
  void declare(ParameterStore& store, const std::string& prefix) override {
    kernel_ = declare_array(store, prefix + "kernel", {width_});
  }
  void initialize(ParameterStore&, std::uint64_t) const override {}

  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<const T> x = in.data.view<const T>();
      const T* w = call.parameter(kernel_).view<T>().data;
      const View<T> y = call.make_output(0, in.layout, {1}).view<T>();
      for (std::int64_t r = 0; r < x.rows; ++r) {
        const bool reversed = (fault_ == Fault::order_by_row_count && x.rows >= 12) ||
                              (fault_ == Fault::order_by_place && r >= x.rows / 16 * 16 && r % 16 > 4);
        T sum{0};
        for (std::int64_t k = 0; k < width_; ++k) {
          const std::int64_t at = reversed ? width_ - 1 - k : k;
          sum = std::fma(x(r, at), w[at], sum);
        }
        if (fault_ == Fault::neighbour_times_zero) sum += T{0} * x((r + 1) % x.rows, 0);
        if (fault_ == Fault::padding_counts) sum *= T{1} + static_cast<T>(in.layout->steps()) * T(1e-6);
        if (fault_ == Fault::last_digit_by_threads && call.pool().threads() > 1)
          sum = std::nextafter(sum, T{9});
        y(r, 0) = sum;
      }
    });
  }

  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const View<const T> x = call.input(0).data.view<const T>();
      const View<const T> dy = call.output_gradient(0).view<T>();
      const T* w = call.parameter(kernel_).view<T>().data;
      T* dw = call.parameter_gradient(kernel_).view<T>().data;
      for (std::int64_t k = 0; k < width_; ++k) {
        T sum[2] = {dw[k], T{0}};
        for (std::int64_t r = 0; r < x.rows; ++r) {
          T& part = sum[fault_ == Fault::gradient_in_two_sums ? r % 2 : 0];
          part = std::fma(x(r, k), dy(r, 0), part);
        }
        dw[k] = sum[0] + sum[1];
      }
      const Matrix d_input = call.input_gradient(0);
      if (!d_input) return;
      const View<T> dx = d_input.view<T>();
      for (std::int64_t r = 0; r < x.rows; ++r) {
        for (std::int64_t k = 0; k < width_; ++k) {
          dx(r, k) = std::fma(dy(r, 0), w[k], dx(r, k));
          if (fault_ == Fault::gradient_to_neighbour) dx((r + 1) % x.rows, k) += dy(r, 0) * T(1e-12);
        }
      }
    });
  }

 private:
  Fault fault_;
  std::int64_t width_ = 0;
  int kernel_ = -1;
};

std::string check(Fault fault) {
  Subject subject;
  subject.name = "product";
  subject.make = [fault] { return std::make_shared<Product>(fault); };
  subject.inputs = {{true, -1, {5}}};
  InvarianceCase batch;
  for (int b = 0; b < 17; ++b) batch.lengths.push_back(b % 6);
  batch.padding = Padding::scattered;
  batch.threads = 2;
  return testing::check_invariance(subject, batch);
}

TEST(InvarianceFault, IsNotSeenWhereThereIsNone) { EXPECT_EQ(check(Fault::none), ""); }

TEST(InvarianceFault, InTheOrderOfASumIsCaught) {
  EXPECT_THAT(check(Fault::order_by_row_count), ::testing::HasSubstr("output 0"));
  EXPECT_THAT(check(Fault::order_by_place), ::testing::HasSubstr("output 0"));
}

TEST(InvarianceFault, InTheOrderOfAGradientIsCaught) {
  const std::string report = check(Fault::gradient_in_two_sums);
  EXPECT_THAT(report, ::testing::HasSubstr("share of the gradient"));
  EXPECT_THAT(report, ::testing::Not(::testing::HasSubstr("output 0")));
}

TEST(InvarianceFault, ThatOnlyNanShowsIsCaught) {
  EXPECT_THAT(check(Fault::neighbour_times_zero), ::testing::HasSubstr("between NaN"));
}

TEST(InvarianceFault, ThatLeaksAGradientIsCaught) {
  EXPECT_THAT(check(Fault::gradient_to_neighbour), ::testing::HasSubstr("reaches input 0"));
}

TEST(InvarianceFault, OfPaddingIsCaught) {
  EXPECT_THAT(check(Fault::padding_counts), ::testing::HasSubstr("output 0"));
}

TEST(InvarianceFault, OfThreadsIsCaught) {
  EXPECT_THAT(check(Fault::last_digit_by_threads), ::testing::HasSubstr("output 0"));
}

}  // namespace
}  // namespace rondo
