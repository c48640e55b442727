#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cells.h"
#include "kernels/stream.h"
#include "rondo/model/network.h"

// What a frozen network consists of: operations on a few rows, one a stream, without memory of their own.

namespace rondo {

constexpr std::int64_t kStreamRows = kernels::kStreamRows;

/// Where the rows of a value stand during a step. Every place may be read, and written where it is no input,
/// up to whole vectors beyond the value's width.
struct StreamPlace {
  enum class Home : std::uint8_t { input, state, scratch };
  Home home = Home::scratch;
  std::int64_t offset = 0;  ///< in floats; for an input: which
};

class StreamOp;

/// The rows of one step and their memory. Row r is a step of stream streams[r].
struct StreamRows {
  std::int64_t count = 0;
  const int* streams = nullptr;
  float* states = nullptr;
  std::int64_t state_stride = 0;  ///< floats of a stream
  float* scratch = nullptr;
  std::int64_t scratch_stride = 0;  ///< floats of a row
  const float* const* inputs = nullptr;
  const std::int64_t* input_strides = nullptr;
  bool backwards = false;            ///< in which order weights are read: kernels/stream.h
  const StreamOp* writer = nullptr;  ///< writes its rows to `y`, too
  float* y = nullptr;
  std::int64_t y_stride = 0;

  float* state(std::int64_t r, std::int64_t offset) const {
    return states + streams[r] * state_stride + offset;
  }
  float* write(const StreamPlace& place, std::int64_t r) const {
    return place.home == StreamPlace::Home::state ? state(r, place.offset)
                                                  : scratch + r * scratch_stride + place.offset;
  }
  const float* read(const StreamPlace& place, std::int64_t r) const {
    if (place.home != StreamPlace::Home::input) return write(place, r);
    return inputs[place.offset] + r * input_strides[place.offset];
  }
};

class StreamOp {
 public:
  StreamOp() = default;
  StreamOp(const StreamOp&) = delete;
  StreamOp& operator=(const StreamOp&) = delete;
  virtual ~StreamOp() = default;
  virtual void run(const StreamRows& rows) const noexcept = 0;
  /// Whether it can write the value at `place` to StreamRows::y while it is in registers. To copy what was
  /// just stored costs more than it looks: the copy, and all steps behind it, wait for the stores.
  virtual bool can_write(const StreamPlace& /*place*/) const { return false; }
};
using StreamOpPtr = std::unique_ptr<const StreamOp>;

class FrozenModel {
 public:
  struct State {
    std::string name;         ///< "lstm.h"
    std::int64_t offset = 0;  ///< in a stream's floats
    std::int64_t units = 0;
  };
  struct Value {
    StreamPlace place;
    std::int64_t width = 0;
  };
  std::vector<StreamOpPtr> ops;
  std::vector<State> states;
  std::vector<Value> inputs, outputs;
  const StreamOp* writer = nullptr;  ///< of the only output; null: it is copied
  std::int64_t state_stride = 0, scratch_stride = 0;
};

/// Takes places while a network is frozen.
class StreamPlan {
 public:
  explicit StreamPlan(FrozenModel& model) : model_(model), kernels_(kernels::stream_kernels()) {}
  const kernels::StreamKernels& kernels() const { return kernels_; }
  std::int64_t whole(std::int64_t floats) const;  ///< up to whole vectors
  StreamPlace scratch(std::int64_t floats);
  StreamPlace state(const std::string& name, std::int64_t units, std::int64_t floats);
  void add(StreamOpPtr op) { model_.ops.push_back(std::move(op)); }

 private:
  FrozenModel& model_;
  kernels::StreamKernels kernels_;
};

struct StreamRecurrentSpec {
  std::string name;
  const kernels::CellKernels* cell = nullptr;
  kernels::ActivationKind activation{}, recurrent_activation{};
  std::int64_t inputs = 0, units = 0;
  View<const float> kernel, recurrent_kernel, bias;  ///< as in the file; no data: none
  std::array<const float*, cells::kMaxVectors> vectors{};
  double clip = 0;
  std::array<double, 2> zoneout{};  ///< of h and of c: their mean in inference
  View<const float> projection;     ///< [units, width of h]; no data: h is what the formulas give
  // Layer normalisation of the products and of c; null: none.
  const float *kernel_gain = nullptr, *recurrent_gain = nullptr, *state_gain = nullptr, *state_bias = nullptr;
  float epsilon = 0;

  std::int64_t h_width() const { return projection.data == nullptr ? units : projection.cols; }
};
/// Adds the operation; returns the places of its states.
std::array<StreamPlace, cells::kMaxStates> add_stream_recurrent(StreamPlan& plan,
                                                                const StreamRecurrentSpec& spec,
                                                                StreamPlace input);

StreamPlace add_stream_dense(StreamPlan& plan, View<const float> kernel, const float* bias,
                             kernels::ActivationKind activation, StreamPlace input);
/// `last` features of the last axis at a time.
StreamPlace add_stream_activation(StreamPlan& plan, kernels::ActivationKind activation, std::int64_t width,
                                  std::int64_t last, StreamPlace input);
/// gamma and beta may be null.
StreamPlace add_stream_layer_norm(StreamPlan& plan, const float* gamma, const float* beta, double epsilon,
                                  std::int64_t width, std::int64_t last, StreamPlace input);
StreamPlace add_stream_batch_norm(StreamPlan& plan, const float* gamma, const float* beta, const float* mean,
                                  const float* variance, double epsilon, std::int64_t width,
                                  std::int64_t last, StreamPlace input);
StreamPlace add_stream_embedding(StreamPlan& plan, View<const float> table, StreamPlace input);

enum class StreamMerge { concatenate, add, multiply };
struct StreamPart {
  StreamPlace place;
  std::int64_t width = 0, last = 0;
};
StreamPlace add_stream_merge(StreamPlan& plan, StreamMerge kind, std::vector<StreamPart> parts);

}  // namespace rondo
