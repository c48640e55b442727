#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/model/network.h"
#include "rondo/tensor/matrix.h"
#include "rondo/tensor/tensor_file.h"

namespace rondo {

/// A network whose weights are packed for stepping, once and for good: later changes of the network do not
/// reach it. Never changes, so any number of sessions in any number of threads may share one.
class FrozenModel;

/// Packs the stream_plan() of a built float32 network. Every layer must make sense step by step (Layer::
/// stream): recurrent cells and gru_d (any depth, from the first step to the last), dense, activation,
/// dropout (nothing happens), layer and batch normalisation, embedding, concatenate, add, multiply, affine,
/// learnt, time_distributed, time_pooling "last", layers of your own. Throws Error(usage) that names the
/// layer and the fix for others: bidirectional, go_backwards, pooling over time, flatten, masks.
std::shared_ptr<const FrozenModel> freeze(const Network& network);

struct SessionOptions {
  int rollback = 0;  ///< steps of every stream that can be taken back; each costs a copy of the states
};

/// Streams through a network, one step at a time: y(t) as soon as x(t) is there.
///
///     Session session(model.network());               // one stream
///     for (;;) session.step(x, y);                   // spans of floats, one step
///
///     Session server(session.frozen(), 1000);        // a thousand streams more, the same weights
///     server.step(ready, x, y);                      // those in `ready`: x [n, inputs] to y [n, outputs]
///
/// The step after t others has the bits of step t of the network's pass over the whole sequence, in whatever
/// company a stream is stepped. A layer without return_sequences gives its current output at every step.
///
/// `step` and everything else that is noexcept never allocates, locks, throws or calls the system. One
/// session belongs to one thread at a time; sessions over one frozen model are independent.
///
/// Denormal numbers keep their digits, for without them a stream's bits would not be those of the whole pass.
/// In long silence an LSTM's c comes to rest at the smallest of them; its steps then take up to 1.5 times as
/// long (AMD Zen 4).
///
/// Steps cannot throw, so a call that does not fit (a stream that is not there, spans of other sizes) changes
/// no state and fills y with NaN; so does, in the rows of its vector, an embedding's id out of range.
/// Ids are given as floats, which are exact up to 2^24 (16,777,216): larger tables need Network::run.
class Session {
 public:
  /// The states of one stream: a value that can be kept, compared, copied to other sessions over the same
  /// network (whatever their instruction set) and saved.
  struct State {
    std::vector<float> values;  ///< every state of every recurrent layer, one after another
    bool operator==(const State&) const = default;
  };

  explicit Session(const Network& network, int streams = 1, SessionOptions options = {});
  explicit Session(std::shared_ptr<const FrozenModel> model, int streams = 1, SessionOptions options = {});
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  int streams() const noexcept;
  std::int64_t input_size(int i = 0) const noexcept;   ///< numbers of input i, one step
  std::int64_t output_size(int i = 0) const noexcept;  ///< numbers of output i, one step
  const std::shared_ptr<const FrozenModel>& frozen() const noexcept;

  /// One step of stream 0, x [inputs] to y [outputs], of a network with one input and one output.
  void step(std::span<const float> x, std::span<float> y) noexcept { step(0, x, y); }
  void step(int stream, std::span<const float> x, std::span<float> y) noexcept;
  /// The same with several inputs and outputs.
  void step(int stream, std::span<const std::span<const float>> inputs,
            std::span<const std::span<float>> outputs) noexcept;
  /// One step of each of `streams`: row i of x [n, inputs] and y [n, outputs] belongs to streams[i]. The bits
  /// are those of single steps in that order; it is faster, as weights are read once for several rows.
  void step(std::span<const int> streams, View<const float> x, View<float> y) noexcept;

  /// States as before the first step (zero but for layers that say otherwise); nothing to take back.
  void reset(int stream) noexcept;
  void reset() noexcept;
  /// Stream `to` goes on from where `from` is, with its steps that can be taken back.
  void fork(int from, int to) noexcept;
  /// Takes back the last `steps` steps of a stream. False, and nothing happens, when fewer are remembered.
  bool rollback(int stream, int steps = 1) noexcept;
  /// How many steps of a stream can be taken back now.
  int remembered(int stream) const noexcept;

  State snapshot(int stream = 0) const;
  /// The same into a state that has its memory already: no allocation when it came from such a session.
  void snapshot(int stream, State& into) const;
  /// Throws Error(usage) when the state belongs to another network. Nothing to take back afterwards.
  void restore(int stream, const State& state);

  /// A state as arrays [units] with names "lstm.h", "lstm.c", "gru.h", … for write_tensor_file().
  TensorFile to_file(const State& state) const;
  /// Throws Error(model_file) for missing, further or misshaped arrays.
  State from_file(const TensorFile& file, const std::string& where = "state file") const;

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace rondo
