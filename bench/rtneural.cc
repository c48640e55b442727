// RTNeural as a party of the benchmark: one step of a stream with sizes known to the compiler, its fastest
// way. Built where the build is told where its source lies (RONDO_RTNEURAL_DIR); once for each of its back
// ends.

#include <RTNeural/RTNeural.h>

#include "protocol.h"

namespace {

using namespace rondo;

using Rows = std::vector<std::vector<float>>;

Rows rows_of(const Tensor& matrix) {
  Rows rows;
  for (std::int64_t r = 0; r < matrix.dim(0); ++r) {
    std::vector<float>& row = rows.emplace_back();
    for (std::int64_t c = 0; c < matrix.dim(1); ++c)
      row.push_back(static_cast<float>(matrix.at(r * matrix.dim(1) + c)));
  }
  return rows;
}

std::vector<float> row_of(const Tensor& vector) {
  const auto data = vector.data<float>();
  return {data.begin(), data.end()};
}

/// Gates in Keras's order, as RTNeural expects them; its GRU is the one with the reset after the product.
template <class Layer>
void set_weights(Layer& layer, const TensorFile& given) {
  layer.setWVals(rows_of(bench::given_array(given, "cell.kernel")));
  layer.setUVals(rows_of(bench::given_array(given, "cell.recurrent_kernel")));
  const Tensor& bias = bench::given_array(given, "cell.bias");
  if constexpr (requires { layer.setBVals(row_of(bias)); }) {
    layer.setBVals(row_of(bias));
  } else {
    layer.setBVals(rows_of(bias));
  }
}

template <class Layer>
class Stream : public bench::Work {
 public:
  explicit Stream(const TensorFile& given) : x_(bench::given_array(given, "x")) {
    set_weights(model_.template get<0>(), given);
    model_.reset();
  }
  void run() override {
    for (int i = 0; i < Layer::in_size; ++i)
      input_[i] = x_.data<float>()[static_cast<std::size_t>(now_ * Layer::in_size + i)];
    model_.forward(input_);
    asm volatile("" ::"r"(model_.getOutputs()) : "memory");
    now_ = (now_ + 1) % x_.dim(1);
  }
  TensorFile outputs() override {
    Tensor all({1, x_.dim(1), Layer::out_size});
    for (std::int64_t t = 0; t < x_.dim(1); ++t) {
      run();
      for (int u = 0; u < Layer::out_size; ++u) all.set(t * Layer::out_size + u, model_.getOutputs()[u]);
    }
    return {{{"outputs", all}}, {}};
  }
  std::string how() const override { return "sizes known to the compiler"; }

 private:
  RTNeural::ModelT<float, Layer::in_size, Layer::out_size, Layer> model_;
  alignas(64) float input_[Layer::in_size] = {};
  Tensor x_;
  std::int64_t now_ = 0;
};

template <int kInputs, int kUnits>
std::unique_ptr<bench::Work> open_size(const std::string& cell, const TensorFile& given) {
  if (cell == "lstm") return std::make_unique<Stream<RTNeural::LSTMLayerT<float, kInputs, kUnits>>>(given);
  if (cell == "gru") return std::make_unique<Stream<RTNeural::GRULayerT<float, kInputs, kUnits>>>(given);
  throw bench::Missing{"RTNeural has no cell " + cell};
}

std::unique_ptr<bench::Work> open(const Json& request, const TensorFile& given) {
  const std::string& cell = request.at("cell").as_string();
  const std::int64_t inputs = request.at("input").as_integer(), units = request.at("units").as_integer();
  if (request.at("work").as_string() != "stream_step") throw bench::Missing{"RTNeural only steps streams"};
  if (inputs == 1 && units == 8) return open_size<1, 8>(cell, given);
  if (inputs == 1 && units == 16) return open_size<1, 16>(cell, given);
  if (inputs == 1 && units == 32) return open_size<1, 32>(cell, given);
  if (inputs == 1 && units == 50) return open_size<1, 50>(cell, given);
  throw bench::Missing{"RTNeural is not compiled for this size"};
}

}  // namespace

int main() { return bench::serve("RTNeural, " RTNEURAL_BACK_END, open); }
