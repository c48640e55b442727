// ONNX Runtime as a party of the benchmark, through its C interface: inference over sequences and steps of a
// stream, with inputs and outputs in memory that both sides share, so that nothing is copied and no Python
// runs.
//
// The library is the one inside the package from PyPI, named on the command line; that package has no header.
// The interface is a table of functions whose order is part of its binary contract: later versions only
// append. Entries that are used are named here with their place in the table.

#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <stdexcept>

#include "protocol.h"

namespace {

using namespace rondo;

struct Status;
struct Environment;
struct SessionOptions;
struct Session;
struct MemoryInfo;
struct Value;

enum Entry : std::size_t {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetGraphOptimizationLevel = 23,
  kSetIntraOpThreads = 24,
  kSetInterOpThreads = 25,
  kCreateTensorWithData = 49,
  kCreateCpuMemoryInfo = 69,
  kReleaseSession = 95,
  kReleaseValue = 96,
};

struct ApiBase {
  const void* const* (*get_api)(std::uint32_t version);
  const char* (*version)();
};

constexpr std::uint32_t kApiVersion = 1;  // every function above was in the first one

class Runtime {
 public:
  explicit Runtime(const char* path) {
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(dlerror());
    const auto base = reinterpret_cast<const ApiBase* (*)()>(dlsym(library, "OrtGetApiBase"))();
    version = base->version();
    table_ = base->get_api(kApiVersion);
    constexpr int kWarning = 2;
    call(kCreateEnv, kWarning, "rondo", &environment);
    constexpr int kArenaAllocator = 1, kDefaultMemory = 0;
    call(kCreateCpuMemoryInfo, kArenaAllocator, kDefaultMemory, &memory);
  }

  /// The function at a place of the table.
  template <class Signature>
  auto function(Entry entry) const {
    return reinterpret_cast<std::add_pointer_t<Signature>>(const_cast<void*>(table_[entry]));
  }
  /// Calls one that answers with a status.
  template <class... Arguments>
  void call(Entry entry, Arguments... arguments) const {
    if (const Status* status = function<Status*(Arguments...)>(entry)(arguments...); status != nullptr)
      throw std::runtime_error(function<const char*(const Status*)>(kGetErrorMessage)(status));
  }
  template <class Argument>
  void release(Entry entry, Argument* argument) const {
    function<void(Argument*)>(entry)(argument);
  }

  std::string version;
  Environment* environment = nullptr;
  MemoryInfo* memory = nullptr;

 private:
  const void* const* table_ = nullptr;
};

/// A tensor of ONNX Runtime over memory of ours.
struct SharedTensor {
  SharedTensor(const Runtime& from, Tensor values) : runtime(from), tensor(std::move(values)) {
    constexpr int kFloat = 1;
    const std::span<float> data = tensor.data<float>();
    runtime.call(kCreateTensorWithData, static_cast<const MemoryInfo*>(runtime.memory),
                 static_cast<void*>(data.data()), data.size_bytes(), tensor.shape().data(),
                 tensor.shape().size(), kFloat, &value);
  }
  SharedTensor(const SharedTensor&) = delete;
  SharedTensor& operator=(const SharedTensor&) = delete;
  ~SharedTensor() { runtime.release(kReleaseValue, value); }

  const Runtime& runtime;
  Tensor tensor;
  Value* value = nullptr;
};

class Model {
 public:
  Model(const Runtime& runtime, const std::string& path, int threads) : runtime_(runtime) {
    SessionOptions* options = nullptr;
    runtime_.call(kCreateSessionOptions, &options);
    runtime_.call(kSetIntraOpThreads, options, threads);
    runtime_.call(kSetInterOpThreads, options, 1);
    constexpr int kEverything = 99;
    runtime_.call(kSetGraphOptimizationLevel, options, kEverything);
    runtime_.call(kCreateSession, static_cast<const Environment*>(runtime_.environment), path.c_str(),
                  static_cast<const SessionOptions*>(options), &session_);
  }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() { runtime_.release(kReleaseSession, session_); }

  void run(std::span<const char* const> input_names, std::span<const Value* const> inputs,
           std::span<const char* const> output_names, std::span<Value*> outputs) const {
    struct RunOptions;
    runtime_.call(kRun, session_, static_cast<const RunOptions*>(nullptr), input_names.data(), inputs.data(),
                  inputs.size(), output_names.data(), output_names.size(), outputs.data());
  }

 private:
  const Runtime& runtime_;
  Session* session_ = nullptr;
};

struct Sizes {
  std::int64_t inputs, units, batch, steps;
  int threads;
  explicit Sizes(const Json& request)
      : inputs(request.at("input").as_integer()),
        units(request.at("units").as_integer()),
        batch(request.at("batch").as_integer()),
        steps(request.at("steps").as_integer()),
        threads(static_cast<int>(request.at("threads").as_integer())) {}
};

/// [a, b, c] to [b, a, c].
Tensor swapped(const Tensor& x, std::int64_t a, std::int64_t b, std::int64_t c) {
  Tensor out({b, a, c});
  for (std::int64_t i = 0; i < a; ++i)
    for (std::int64_t j = 0; j < b; ++j)
      for (std::int64_t k = 0; k < c; ++k) out.set((j * a + i) * c + k, x.at((i * b + j) * c + k));
  return out;
}

class Forward : public bench::Work {
 public:
  Forward(const Runtime& runtime, const std::string& model, const Sizes& sizes, const TensorFile& given)
      : model_(runtime, model, sizes.threads),
        sizes_(sizes),
        x_(runtime, swapped(bench::given_array(given, "x"), sizes.batch, sizes.steps, sizes.inputs)),
        y_(runtime, Tensor({sizes.steps, 1, sizes.batch, sizes.units})) {}
  void run() override {
    const std::array<const char*, 1> in = {"x"}, out = {"y"};
    const std::array<const Value*, 1> inputs = {x_.value};
    std::array<Value*, 1> outputs = {y_.value};
    model_.run(in, inputs, out, outputs);
  }
  TensorFile outputs() override {
    run();
    return {{{"outputs", swapped(y_.tensor, sizes_.steps, sizes_.batch, sizes_.units)}}, {}};
  }
  std::string how() const override { return "C interface"; }

 private:
  Model model_;
  Sizes sizes_;
  SharedTensor x_, y_;
};

/// One step a run; two sets of states take turns as input and output.
class Stream : public bench::Work {
 public:
  Stream(const Runtime& runtime, const std::string& model, const Sizes& sizes, const TensorFile& given,
         bool has_cell_state)
      : model_(runtime, model, sizes.threads), sizes_(sizes), has_cell_state_(has_cell_state) {
    const Tensor& x = bench::given_array(given, "x");
    for (std::int64_t t = 0; t < sizes.steps; ++t)
      steps_.push_back(std::make_unique<SharedTensor>(
          runtime, x.reshaped({sizes.steps, sizes.inputs}).slice(t, t + 1).reshaped({1, 1, sizes.inputs})));
    for (auto& set : states_)
      for (auto& state : set) state = std::make_unique<SharedTensor>(runtime, Tensor({1, 1, sizes.units}));
  }
  void run() override {
    const std::array<const char*, 3> in = {"x", "h", "c"}, out = {"h_next", "c_next", ""};
    const auto &from = states_[now_ % 2], &to = states_[(now_ + 1) % 2];
    const std::array<const Value*, 3> inputs = {steps_[now_ % steps_.size()]->value, from[0]->value,
                                                from[1]->value};
    std::array<Value*, 2> outputs = {to[0]->value, to[1]->value};
    const std::size_t states = has_cell_state_ ? 2 : 1;
    model_.run(std::span(in).first(1 + states), std::span(inputs).first(1 + states),
               std::span(out).first(states), std::span(outputs).first(states));
    ++now_;
  }
  TensorFile outputs() override {
    Tensor all({1, sizes_.steps, sizes_.units});
    for (std::int64_t t = 0; t < sizes_.steps; ++t) {
      run();
      const Tensor& h = states_[now_ % 2][0]->tensor;
      for (std::int64_t u = 0; u < sizes_.units; ++u) all.set(t * sizes_.units + u, h.at(u));
    }
    return {{{"outputs", all}}, {}};
  }
  std::string how() const override { return "C interface"; }

 private:
  Model model_;
  Sizes sizes_;
  bool has_cell_state_;
  std::vector<std::unique_ptr<SharedTensor>> steps_;
  std::array<std::array<std::unique_ptr<SharedTensor>, 2>, 2> states_;
  std::size_t now_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: onnxruntime LIBRARY\n", stderr);
    return 2;
  }
  try {
    const Runtime runtime(argv[1]);
    return bench::serve(
        "ONNX Runtime " + runtime.version,
        [&runtime](const Json& request, const TensorFile& given) -> std::unique_ptr<bench::Work> {
          const std::string &work = request.at("work").as_string(), &model = request.at("model").as_string();
          const Sizes sizes(request);
          if (work == "forward") return std::make_unique<Forward>(runtime, model, sizes, given);
          if (work == "stream_step")
            return std::make_unique<Stream>(runtime, model, sizes, given,
                                            request.at("cell").as_string() == "lstm");
          throw bench::Missing{"ONNX Runtime is not measured on " + work};
        });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
