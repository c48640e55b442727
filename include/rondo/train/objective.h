#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rondo/base/json.h"
#include "rondo/tape/tape.h"
#include "rondo/tensor/layout.h"

namespace rondo {

namespace detail {
struct TargetRows;
}

/// A prediction beside its target, row by row: a row is one sample, or one used step of one sequence.
struct ComparedRows {
  ConstMatrix prediction;  ///< [rows, columns]; features of several axes count their leading ones as rows
  ConstMatrix target;      ///< [rows, columns of the target]
  std::span<const double> weights;  ///< by row; empty: all 1
};

/// What predictions are compared with in one batch: arrays or ragged sequences, with lengths and weights of
/// their own. A view of samples and weights that must outlive it; copies share their memory. One thread at a
/// time.
class Target {
 public:
  Target();
  /// `weights` are [batch], or [batch, time] by the padded array; null or empty: all 1.
  explicit Target(const Samples& samples, const Tensor* weights = nullptr);

  const Samples& samples() const { return *samples_; }
  std::int64_t size() const { return samples_->size(); }
  /// Of sample b: 1 where there are no weights. Error(usage) where they are by step.
  double weight(std::int64_t b) const;
  /// The same without weights, for metrics that ignore them. In truncated backpropagation through time,
  /// samples that have no part in a chunk keep their 0.
  Target unweighted() const;

  /// Row by row, as row losses and row metrics want it. Sequences must have the prediction's steps, whatever
  /// their padding; an array [batch, time, …] is taken for sequences where the prediction is one. Made once
  /// for all who ask; valid until the next call for another prediction. Error(usage) says what does not fit.
  ComparedRows rows(const Value& prediction) const;

  /// Settings of a training, besides the samples.
  struct Options {
    std::string_view output;  ///< names the prediction in messages
    /// Weight by class number: that in the target, or its largest column. For rows; null: all 1.
    const std::map<std::int64_t, double>* class_weight = nullptr;
    bool partial = false;  ///< samples of weight 0 have no part in this chunk: they do not count as rows
  };
  /// Another batch, in the memory of the one before.
  void assign(const Samples& samples, const Tensor* weights, const Options& options);

 private:
  const Samples* samples_ = nullptr;
  const Tensor* weights_ = nullptr;
  Options options_;
  bool weighted_ = true;
  std::shared_ptr<detail::TargetRows> rows_;
};

/// What training minimises: one number, recorded on the tape from predictions and a target. It may own
/// parameters (the transitions of a CRF) and sees whole ragged sequences on both sides, which need not have
/// the same lengths (CTC). Its parameters belong to it as a layer's do: models that are compiled with the
/// same object share them. It is const while it runs.
///
///     class MyLoss : public Objective {
///       std::string name() const override { return "my_loss"; }
///       double count(std::span<const Value>, const Target& target) const override { return target.size(); }
///       void forward(Call& call, const Target& target, double count) const override {
///         // reads call.input(0) and target.samples(), keeps in call.keep<T>(0, n) what backward needs
///         call.make_number(0, sum / count);
///       }
///       void backward(Call& call, const Target& target, double count) const override {
///         // adds call.number_gradient(0) · ∂/∂input / count to call.input_gradient(0)
///       }
///     };
class Objective {
 public:
  virtual ~Objective() = default;

  /// In snake_case, as in CompileOptions::loss.
  virtual std::string name() const = 0;
  /// {"name": …, every option}: make_objective(config()) is a fresh one of the same kind.
  virtual Json config() const;
  /// How many outputs of the network it reads, one after the other.
  virtual std::size_t prediction_count() const { return 1; }
  /// Its sum runs over rows, so that sequences may be cut in time (FitOptions::tbptt).
  virtual bool is_by_row() const { return false; }
  /// Columns that a prediction needs for a target of `target_columns`; -1 where it leaves that open.
  virtual std::int64_t prediction_columns(std::int64_t target_columns) const {
    static_cast<void>(target_columns);
    return -1;
  }

  /// Checks what it is to be made from, and remembers sizes. Throws Error(usage).
  virtual void infer(std::span<const ValueShape> predictions) { static_cast<void>(predictions); }
  /// Declares parameters with names that begin with `prefix`, in the objective's own list.
  virtual void declare(ParameterStore& parameters, const std::string& prefix);
  /// Fills declared parameters, which are 0 otherwise.
  virtual void initialize(ParameterStore& parameters, std::uint64_t seed) const;

  /// What the mean is over, such as the number of rows, labels or sequences in `target`: the divisor of the
  /// sum. It is asked before the pass runs where a batch is run in pieces, so that these add up to the whole:
  /// of `predictions` only layout and features may be read.
  virtual double count(std::span<const Value> predictions, const Target& target) const = 0;
  /// Records the objective, a sum divided by `count`, and returns it as one number. Records forward and
  /// backward below as one operation, unless an objective made of primitive operations overrides it.
  virtual Var record(Tape& tape, std::span<const Var> predictions, const Target& target, double count) const;

  bool has_trainable_parameters() const { return trainable_; }
  /// Its arrays, by the indices that it uses.
  ParameterStore& parameters() const { return parameters_; }
  /// What a model does that is compiled with it: infer(), declare() and, where they are new, initialize().
  /// Arrays that `model` has under these names already, such as those of its file, become the objective's.
  /// Error(usage) when it has others, from another model.
  void join(ParameterStore& model, std::span<const ValueShape> predictions, const std::string& prefix,
            std::uint64_t seed);

 protected:
  /// Makes output 0 by Call::make_number.
  virtual void forward(Call& call, const Target& target, double count) const;
  /// Adds the gradients of predictions (Call::input_gradient) and parameters (Call::parameter_gradient).
  virtual void backward(Call& call, const Target& target, double count) const;
  /// Declares one array and returns its index among the objective's own; one of that name and shape which is
  /// there already keeps its values.
  int declare_array(ParameterStore& parameters, const std::string& name, Shape shape, bool trainable = true,
                    double l1 = 0, double l2 = 0);

 private:
  class Recorded;
  void check_same(const ParameterStore& wanted) const;

  bool trainable_ = false, declared_ = false;
  mutable ParameterStore parameters_;  // what runs changes gradients, never the list
};

/// Names of an objective's parameters begin with this.
inline constexpr std::string_view kObjectivePrefix = "objective.";

/// An objective from its name, from {"name": …, options} or from Keras's {"class_name": …, "config": …}: a
/// loss of losses.h or one of sequences. Unknown names and options throw Error(usage) with the nearest one.
std::shared_ptr<Objective> make_objective(const Json& name_or_config);

}  // namespace rondo
