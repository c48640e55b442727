// oneDNN's RNN primitives as a party of the benchmark: LSTM, linear-before-reset GRU and vanilla RNN,
// inference with weights packed beforehand, and forward plus backward with weights that may have changed, as
// in training.

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "protocol.h"

namespace {

using namespace rondo;
using dnnl::memory;
using dnnl::prop_kind;
using Tag = memory::format_tag;
using Arguments = std::unordered_map<int, memory>;

constexpr auto kDirection = dnnl::rnn_direction::unidirectional_left2right;

struct Sizes {
  std::int64_t inputs, units, batch, steps, gates, biases;
};

memory::desc plain(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

/// [a, b, c] to [b, a, c]: batch first to time first and back.
Tensor swapped(const Tensor& x) {
  Tensor out({x.dim(1), x.dim(0), x.dim(2)});
  for (std::int64_t a = 0; a < x.dim(0); ++a)
    for (std::int64_t b = 0; b < x.dim(1); ++b)
      std::ranges::copy(x.data<float>().subspan(static_cast<std::size_t>((a * x.dim(1) + b) * x.dim(2)),
                                                static_cast<std::size_t>(x.dim(2))),
                        out.data<float>().begin() + (b * x.dim(0) + a) * x.dim(2));
  return out;
}

/// What the three cells have in common: shapes of their arrays, and how descriptions become primitives.
struct Descriptions {
  Descriptions(const Sizes& s, Tag weights, bool with_first_state)
      : source(plain({s.steps, s.batch, s.inputs}, Tag::tnc)),
        kernel(plain({1, 1, s.inputs, s.gates, s.units}, weights)),
        recurrent(plain({1, 1, s.units, s.gates, s.units}, weights)),
        bias(plain({1, 1, s.biases, s.units}, Tag::ldgo)),
        outputs(plain({s.steps, s.batch, s.units}, Tag::tnc)) {
    if (with_first_state) first = plain({1, 1, s.batch, s.units}, Tag::ldnc);
  }
  memory::desc source, kernel, recurrent, bias, outputs, first, last;
};

template <class Cell>
struct Traits;

template <>
struct Traits<dnnl::lstm_forward> {
  using Backward = dnnl::lstm_backward;
  static auto forward(prop_kind kind, const Descriptions& d) {
    return dnnl::lstm_forward::desc(kind, kDirection, d.source, d.first, d.first, d.kernel, d.recurrent,
                                    d.bias, d.outputs, d.last, d.last);
  }
  static auto backward(const Descriptions& d) {
    return Backward::desc(prop_kind::backward, kDirection, d.source, d.first, d.first, d.kernel, d.recurrent,
                          d.bias, d.outputs, d.last, d.last, d.source, d.first, d.first, d.kernel,
                          d.recurrent, d.bias, d.outputs, d.last, d.last);
  }
};

template <>
struct Traits<dnnl::lbr_gru_forward> {
  using Backward = dnnl::lbr_gru_backward;
  static auto forward(prop_kind kind, const Descriptions& d) {
    return dnnl::lbr_gru_forward::desc(kind, kDirection, d.source, d.first, d.kernel, d.recurrent, d.bias,
                                       d.outputs, d.last);
  }
  static auto backward(const Descriptions& d) {
    return Backward::desc(prop_kind::backward, kDirection, d.source, d.first, d.kernel, d.recurrent, d.bias,
                          d.outputs, d.last, d.source, d.first, d.kernel, d.recurrent, d.bias, d.outputs,
                          d.last);
  }
};

template <>
struct Traits<dnnl::vanilla_rnn_forward> {
  using Backward = dnnl::vanilla_rnn_backward;
  static constexpr auto kActivation = dnnl::algorithm::eltwise_tanh;
  static auto forward(prop_kind kind, const Descriptions& d) {
    return dnnl::vanilla_rnn_forward::desc(kind, kActivation, kDirection, d.source, d.first, d.kernel,
                                           d.recurrent, d.bias, d.outputs, d.last);
  }
  static auto backward(const Descriptions& d) {
    return Backward::desc(prop_kind::backward, kActivation, kDirection, d.source, d.first, d.kernel,
                          d.recurrent, d.bias, d.outputs, d.last, d.source, d.first, d.kernel, d.recurrent,
                          d.bias, d.outputs, d.last);
  }
};

/// The weights and data in the caller's plain layouts: Keras's are oneDNN's (ldigo).
class Given {
 public:
  Given(const Sizes& sizes, const TensorFile& file)
      : sizes_(sizes), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    const Descriptions d(sizes, Tag::ldigo, false);
    source = filled(d.source, swapped(bench::given_array(file, "x")).data<float>());
    kernel = filled(d.kernel, bench::given_array(file, "cell.kernel").data<float>());
    recurrent = filled(d.recurrent, bench::given_array(file, "cell.recurrent_kernel").data<float>());
    const std::span<const float> b = bench::given_array(file, "cell.bias").data<float>();
    std::vector<float> sums(b.begin(), b.begin() + sizes.gates * sizes.units);
    if (sizes.biases > sizes.gates) {  // GRU: z and r have one bias each, the candidate two
      const auto width = static_cast<std::size_t>(sizes.gates * sizes.units);
      const auto last = static_cast<std::size_t>(2 * sizes.units);
      for (std::size_t i = 0; i < last; ++i) sums[i] += b[width + i];
      sums.insert(sums.end(), b.begin() + static_cast<std::ptrdiff_t>(width + last), b.end());
    }
    bias = filled(d.bias, sums);
  }
  memory filled(const memory::desc& description, std::span<const float> values) {
    memory m(description, engine_);
    std::ranges::copy(values, static_cast<float*>(m.get_data_handle()));
    return m;
  }
  /// A state of zeros. Training needs it said: without it, 2.6 computes a wrong gradient of the recurrent
  /// weights.
  memory first_state() {
    return filled(Descriptions(sizes_, Tag::ldigo, true).first,
                  std::vector<float>(static_cast<std::size_t>(sizes_.batch * sizes_.units)));
  }
  memory source, kernel, recurrent, bias;

 protected:
  Sizes sizes_;
  dnnl::engine engine_;
  dnnl::stream stream_;
};

Tensor values_of(const memory& m, Shape shape) {
  Tensor out(std::move(shape));
  const auto* begin = static_cast<const float*>(m.get_data_handle());
  std::copy(begin, begin + out.size(), out.data<float>().begin());
  return out;
}

template <class Cell>
class Inference : public bench::Work, Given {
 public:
  Inference(const Sizes& sizes, const TensorFile& file) : Given(sizes, file) {
    const typename Cell::primitive_desc chosen(
        Traits<Cell>::forward(prop_kind::forward_inference, Descriptions(sizes, Tag::any, false)), engine_);
    outputs_ = memory(chosen.dst_layer_desc(), engine_);
    memory packed_kernel(chosen.weights_layer_desc(), engine_),
        packed_recurrent(chosen.weights_iter_desc(), engine_);
    dnnl::reorder(kernel, packed_kernel).execute(stream_, kernel, packed_kernel);
    dnnl::reorder(recurrent, packed_recurrent).execute(stream_, recurrent, packed_recurrent);
    cell_ = Cell(chosen);
    arguments_ = {{DNNL_ARG_SRC_LAYER, source},
                  {DNNL_ARG_WEIGHTS_LAYER, packed_kernel},
                  {DNNL_ARG_WEIGHTS_ITER, packed_recurrent},
                  {DNNL_ARG_BIAS, bias},
                  {DNNL_ARG_DST_LAYER, outputs_}};
  }
  void run() override {
    cell_.execute(stream_, arguments_);
    stream_.wait();
  }
  TensorFile outputs() override {
    run();
    return {{{"outputs", swapped(values_of(outputs_, {sizes_.steps, sizes_.batch, sizes_.units}))}}, {}};
  }
  std::string how() const override { return "weights packed beforehand"; }

 private:
  Cell cell_;
  Arguments arguments_;
  memory outputs_;
};

template <class Cell>
class Training : public bench::Work, Given {
  using Backward = typename Traits<Cell>::Backward;

 public:
  Training(const Sizes& sizes, const TensorFile& file) : Given(sizes, file) {
    const typename Cell::primitive_desc forward(
        Traits<Cell>::forward(prop_kind::forward_training, Descriptions(sizes, Tag::any, true)), engine_);
    const typename Backward::primitive_desc backward(
        Traits<Cell>::backward(Descriptions(sizes, Tag::any, true)), engine_, forward);
    forward_ = Cell(forward);
    backward_ = Backward(backward);
    const memory outputs(forward.dst_layer_desc(), engine_), workspace(forward.workspace_desc(), engine_);
    add_reorder(kernel, forward.weights_layer_desc(), DNNL_ARG_WEIGHTS_LAYER, forward_arguments_);
    add_reorder(recurrent, forward.weights_iter_desc(), DNNL_ARG_WEIGHTS_ITER, forward_arguments_);
    add_reorder(kernel, backward.weights_layer_desc(), DNNL_ARG_WEIGHTS_LAYER, backward_arguments_);
    add_reorder(recurrent, backward.weights_iter_desc(), DNNL_ARG_WEIGHTS_ITER, backward_arguments_);
    for (Arguments* arguments : {&forward_arguments_, &backward_arguments_})
      arguments->insert({{DNNL_ARG_SRC_LAYER, source},
                         {DNNL_ARG_BIAS, bias},
                         {DNNL_ARG_DST_LAYER, outputs},
                         {DNNL_ARG_WORKSPACE, workspace}});
    for (const int state : {DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C}) {
      const memory zeros = first_state();
      forward_arguments_.insert({state, zeros});
      backward_arguments_.insert({state, zeros});
    }
    for (const int gradient : {DNNL_ARG_DIFF_SRC_ITER, DNNL_ARG_DIFF_SRC_ITER_C})
      backward_arguments_.insert({gradient, first_state()});
    d_kernel_ = memory(backward.diff_weights_layer_desc(), engine_);
    d_recurrent_ = memory(backward.diff_weights_iter_desc(), engine_);
    d_bias_ = memory(backward.diff_bias_desc(), engine_);
    const Descriptions d(sizes, Tag::ldigo, false);
    backward_arguments_.insert(
        {{DNNL_ARG_DIFF_SRC_LAYER, memory(backward.diff_src_layer_desc(), engine_)},
         {DNNL_ARG_DIFF_WEIGHTS_LAYER, d_kernel_},
         {DNNL_ARG_DIFF_WEIGHTS_ITER, d_recurrent_},
         {DNNL_ARG_DIFF_BIAS, d_bias_},
         {DNNL_ARG_DIFF_DST_LAYER,
          filled(d.outputs, swapped(bench::given_array(file, "d_outputs")).data<float>())}});
  }

  void run() override {
    for (Packing& p : packings_) p.reorder.execute(stream_, p.from, p.to);
    forward_.execute(stream_, forward_arguments_);
    // The primitive adds to the weights' gradients.
    for (const memory& gradient : {d_kernel_, d_recurrent_, d_bias_})
      std::fill_n(static_cast<char*>(gradient.get_data_handle()), gradient.get_desc().get_size(), '\0');
    backward_.execute(stream_, backward_arguments_);
    stream_.wait();
  }

  TensorFile outputs() override {
    run();
    const std::int64_t width = sizes_.gates * sizes_.units;
    TensorFile file;
    const Descriptions d(sizes_, Tag::ldigo, false);
    file.tensors.emplace_back("gradient.cell.kernel", in_layout(d.kernel, d_kernel_, {sizes_.inputs, width}));
    file.tensors.emplace_back("gradient.cell.recurrent_kernel",
                              in_layout(d.recurrent, d_recurrent_, {sizes_.units, width}));
    const Tensor sums = values_of(d_bias_, {sizes_.biases * sizes_.units});
    if (sizes_.biases == sizes_.gates) {
      file.tensors.emplace_back("gradient.cell.bias", sums);
    } else {
      Tensor both({2, width});
      for (std::int64_t i = 0; i < width; ++i) {
        both.set(i, sums.at(i));
        both.set(width + i, sums.at(i < 2 * sizes_.units ? i : i + sizes_.units));
      }
      file.tensors.emplace_back("gradient.cell.bias", both);
    }
    return file;
  }
  std::string how() const override { return "with the gradient of the input, which it cannot leave out"; }

 private:
  struct Packing {
    dnnl::reorder reorder;
    memory from, to;
  };
  void add_reorder(const memory& from, const memory::desc& layout, int argument, Arguments& arguments) {
    memory to = from;
    if (layout != from.get_desc()) {
      to = memory(layout, engine_);
      packings_.push_back({dnnl::reorder(from, to), from, to});
    }
    arguments.insert({argument, to});
  }
  Tensor in_layout(const memory::desc& layout, memory gradient, Shape shape) {
    memory flat(layout, engine_);
    dnnl::reorder(gradient, flat).execute(stream_, gradient, flat);
    stream_.wait();
    return values_of(flat, std::move(shape));
  }

  Cell forward_;
  Backward backward_;
  Arguments forward_arguments_, backward_arguments_;
  std::vector<Packing> packings_;
  memory d_kernel_, d_recurrent_, d_bias_;
};

template <class Cell>
std::unique_ptr<bench::Work> open_cell(const std::string& work, const Sizes& sizes, const TensorFile& given) {
  if (work == "forward") return std::make_unique<Inference<Cell>>(sizes, given);
  if (work == "forward_backward") return std::make_unique<Training<Cell>>(sizes, given);
  throw bench::Missing{"oneDNN is not measured on " + work};
}

std::unique_ptr<bench::Work> open(const Json& request, const TensorFile& given) {
  const std::string &work = request.at("work").as_string(), &cell = request.at("cell").as_string();
  Sizes sizes{request.at("input").as_integer(),
              request.at("units").as_integer(),
              request.at("batch").as_integer(),
              request.at("steps").as_integer(),
              1,
              1};
  if (cell == "lstm") {
    sizes.gates = sizes.biases = 4;
    return open_cell<dnnl::lstm_forward>(work, sizes, given);
  }
  if (cell == "gru") {
    sizes.gates = 3;
    sizes.biases = 4;
    return open_cell<dnnl::lbr_gru_forward>(work, sizes, given);
  }
  if (cell == "simple_rnn") return open_cell<dnnl::vanilla_rnn_forward>(work, sizes, given);
  throw bench::Missing{"oneDNN has no cell " + cell};
}

}  // namespace

int main() {
  const dnnl_version_t* version = dnnl_version();
  return bench::serve("oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) +
                          "." + std::to_string(version->patch),
                      open);
}
