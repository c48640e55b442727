#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/tape/layer.h"

namespace rondo {

/// A value on a tape. Cheap to copy; valid until the tape is reset.
struct Var {
  int id = -1;
  std::uint32_t pass = 0;  ///< which pass of which tape made it: one from before a reset is recognised
};

/// Values on a tape, in order. A view of the tape's memory, valid until it is reset like its values.
class Vars : public std::span<const Var> {
 public:
  using span::span;
  Vars(std::span<const Var> values) : span(values) {}
  operator std::vector<Var>() const { return {begin(), end()}; }
};

/// Records operations as they run and plays them back for gradients. The unit of recording is a whole layer
/// call (an LSTM over 64 steps is one entry), so the tape costs nothing beside the layers; memory comes from
/// an arena that the next pass uses again. One tape belongs to one thread.
class Tape {
 public:
  /// `pool`: threads for the layers, not owned; null = this thread only.
  explicit Tape(DType dtype = DType::float32, Pool* pool = nullptr);
  ~Tape();
  Tape(Tape&&) noexcept;
  Tape& operator=(Tape&&) noexcept;

  DType dtype() const;
  /// Forgets everything recorded; memory is kept for the next pass. `differentiating` false: backward will
  /// not be called.
  void reset(RunOptions options = {}, bool differentiating = true);
  const RunOptions& options() const;

  /// A value from outside. Numbers are converted to the tape's type; ids stay int32 and have no gradient.
  Var input(const Samples& batch, bool wants_gradient = false);
  /// A value of another tape, such as a teacher's prediction: a constant here.
  Var input(const Value& value);
  /// A parameter of `store` as a value of its own: [first axis, rest].
  Var parameter(ParameterStore& store, int index);
  /// Applies an operation; `store` holds the parameters of layers.
  Vars apply(const Operation& operation, std::span<const Var> inputs, ParameterStore* store = nullptr);
  Var apply_one(const Operation& operation, std::initializer_list<Var> inputs,
                ParameterStore* store = nullptr);

  /// An operation that lives in the tape's memory until it is reset.
  template <class Op, class... Args>
  const Op& make(Args&&... args) {
    Op* op = std::construct_at(static_cast<Op*>(memory(sizeof(Op))), std::forward<Args>(args)...);
    own(op);
    return *op;
  }
  /// Room for values until the tape is reset: what a layer made of others puts its inputs and outputs in.
  std::span<Var> vars(std::size_t count);

  /// Adds a number to what training minimises beside its objectives, such as a penalty on a layer's outputs.
  void penalize(Var number);
  std::span<const Var> penalties() const;

  /// What is applied during its life stands at a place of its own: the second application of a layer, a
  /// network that is a layer. Places may lie in each other.
  class Place {
   public:
    Place(Tape& tape, std::string_view name);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    Tape& tape_;
    std::string_view outer_;
  };

  const Value& value(Var v) const;
  /// See Call::set_fill.
  void set_fill(Var v, Samples::Fill fill);
  /// A copy of a value, with its layout.
  Samples get(Var v) const;
  /// The value of one number, such as a loss, whatever its type.
  double number(Var v) const;
  /// A copy of the gradient, shaped as the value; zeros where none arrived.
  Tensor gradient(Var v) const;

  /// Adds the gradients of `loss` (one number) to the parameters' gradients and to the inputs that want them.
  void backward(Var loss);
  /// The same for Σ weights[i] · losses[i].
  void backward(std::span<const Var> losses, std::span<const double> weights);
  /// The same for several values with given gradients [rows, cols].
  void backward(std::span<const Var> values, std::span<const Tensor> gradients);

  /// What was applied in this pass, in order; layers made of others appear as those. For tools that look into
  /// a network, such as gradient_flow.h.
  struct Applied {
    const Operation* operation = nullptr;
    const ParameterStore* store = nullptr;  ///< null for operations without parameters
    std::vector<Var> inputs, outputs;
  };
  std::vector<Applied> applied() const;
  bool played_back() const;  ///< whether gradients are there

  std::size_t arena_bytes() const;

 private:
  friend class Call;
  void* memory(std::size_t bytes);
  void own(Operation* operation);
  void seed_gradient(Var v, ConstMatrix gradient);
  void check_playable() const;
  void play_back();

  struct State;
  std::unique_ptr<State> state_;
};

/// Primitive operations on a tape: glue, losses and cells of one's own. Values are matrices [rows, cols]; a
/// layout is kept where rows stay what they were.
namespace ops {

Var matmul(Tape& tape, Var a, Var b);  ///< [m, k] · [k, n]
/// `batch` products of the blocks of rows of both: [batch·m, k] · [batch·k, n] to [batch·m, n]; with
/// `transpose_b`, a·bᵀ of each: [batch·m, k] and [batch·n, k]. A block has the bits that it has alone.
Var batch_matmul(Tape& tape, Var a, Var b, std::int64_t batch, bool transpose_b = false);
/// Of these four either side may be a row [1, n], a column [m, 1] or a single number, which then counts for
/// all rows and columns.
Var add(Tape& tape, Var a, Var b);
Var subtract(Tape& tape, Var a, Var b);
Var multiply(Tape& tape, Var a, Var b);
Var divide(Tape& tape, Var a, Var b);
Var scale(Tape& tape, Var a, double factor, double offset = 0);  ///< factor·a + offset
Var negate(Tape& tape, Var a);
Var tanh(Tape& tape, Var a);
Var sigmoid(Tape& tape, Var a);
Var relu(Tape& tape, Var a);
Var softplus(Tape& tape, Var a);
Var exp(Tape& tape, Var a);
Var log(Tape& tape, Var a);
Var sqrt(Tape& tape, Var a);
Var square(Tape& tape, Var a);
Var abs(Tape& tape, Var a);
Var softmax(Tape& tape, Var a);      ///< over each row
Var log_softmax(Tape& tape, Var a);  ///< over each row
Var sum(Tape& tape, Var a);          ///< over everything: [1, 1]
Var mean(Tape& tape, Var a);
Var row_sum(Tape& tape, Var a);             ///< [rows, 1]
Var concatenate(Tape& tape, Var a, Var b);  ///< columns of a, then of b
Var columns(Tape& tape, Var a, std::int64_t begin, std::int64_t count);
/// Rows begin … begin + count − 1, without a layout.
Var rows(Tape& tape, Var a, std::int64_t begin, std::int64_t count);
/// A row [1, n], a column [m, 1] or a number as [rows, cols].
Var broadcast(Tape& tape, Var a, std::int64_t rows, std::int64_t cols);
/// Row i of the result is row `indices[i]` of a; indices may repeat.
Var gather(Tape& tape, Var a, std::span<const std::int64_t> indices);
/// [rows, cols of a], where row `indices[i]` gets row i of a, in the order of i; zeros where none arrives.
Var scatter_add(Tape& tape, Var a, std::span<const std::int64_t> indices, std::int64_t rows);
Var transpose(Tape& tape, Var a);
Var stop_gradient(Tape& tape, Var a);

}  // namespace ops

}  // namespace rondo
