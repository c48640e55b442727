#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/options.h"
#include "rondo/layers/constraints.h"
#include "rondo/layers/initializers.h"
#include "rondo/tape/layer.h"

// Layers with Keras's names, options and defaults. Every options struct can be written with designated
// initialisers: lstm({.units = 50, .return_sequences = true}). `name` empty: the network chooses one ("lstm",
// "lstm_1", …).

namespace rondo {

/// Penalty l1·Σ|w| + l2·Σw² on one array.
struct Regularizer {
  double l1 = 0, l2 = 0;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("l1", self.l1, "factor of the sum of absolute values");
    option("l2", self.l2, "factor of the sum of squares");
  }
  bool operator==(const Regularizer&) const = default;
};

template <>
struct OptionCodec<Regularizer> {
  static Json write(const Regularizer& value);
  /// {"l1": …, "l2": …}, null, or one of "l1", "l2", "l1_l2" with Keras's default factor 0.01.
  static void read(const Json& config, Regularizer& value, std::string_view path);
};

/// Options of every recurrent layer. Input [batch, time, features]; output [batch, units], or [batch, time,
/// units] with return_sequences. Further inputs are the initial states, [batch, units] each.
struct RecurrentOptions {
  std::int64_t units = 0;
  std::string activation = "tanh";
  std::string recurrent_activation = "sigmoid";  ///< of gates; cells without gates refuse it
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  /// Of a diagonal recurrence, orthogonal: each 1 or -1.
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  /// A block-diagonal recurrence: units in so many equal blocks, each of which sees no h but its own by
  /// weights (the heads of an sLSTM, Beck et al. 2024). recurrent_kernel is [units / recurrent_blocks,
  /// gates·units] then, and the initialiser makes each block what it makes of a layer of units /
  /// recurrent_blocks units. 1: dense.
  std::int64_t recurrent_blocks = 1;
  bool unit_forget_bias =
      true;               ///< lstm, diagonal_gru: add one to the forget gate's bias when it is initialised
  bool peephole = false;  ///< lstm: gates see the cell state
  bool coupled = false;   ///< lstm: input gate = 1 - forget gate (CIFG)
  /// lstm: h is the output gate's result times projection_kernel [units, proj_size] (Sak et al. 2014;
  /// PyTorch's proj_size): outputs and h have proj_size values, c has `units`. 0: no projection.
  std::int64_t proj_size = 0;
  /// Inputs of all activations, an LSTM's output activation among them, are clipped to [-clip, clip] (ONNX's
  /// clip); beyond, the gradient is zero. 0: no clipping.
  double clip = 0;
  /// Layer normalisation (Ba, Kiros, Hinton 2016, eq. 20 to 22), in the form of haste's LayerNormLSTM and
  /// LayerNormGRU: the gates see LN(x·W)·kernel_gain + LN(h·U)·recurrent_gain + bias, each product normalised
  /// over all its gates' columns, and an LSTM's output sees act(LN(c)·state_gain + state_bias). A product of
  /// its own (the candidate's of a GRU with reset_after = false, of an MGU) is normalised on its own.
  bool layer_norm = false;
  double layer_norm_epsilon = 1e-3;  ///< added to the variances; Keras's default
  bool reset_after =
      true;  ///< gru: reset gate after the product (Keras, cuDNN, PyTorch) or before (the paper)
  Regularizer kernel_regularizer = {}, recurrent_regularizer = {}, bias_regularizer = {};
  Regularizer activity_regularizer = {};  ///< of what the layer returns, divided by the batch size
  Constraint kernel_constraint = {}, recurrent_constraint = {}, bias_constraint = {};
  /// In training: share of the inputs set to 0, the others are scaled by 1 / (1 - dropout). One mask [batch,
  /// features] a call serves every step.
  double dropout = 0;
  /// The same for the states that the recurrent products read, with one mask [batch, units] for each gate;
  /// the inputs, too, then have one for each gate. Copies of the state that pass no product (a GRU's z·h) are
  /// not masked.
  double recurrent_dropout = 0;
  /// Zoneout (Krueger et al. 2017): in training each unit of h keeps, at every step, its old value with this
  /// probability; in inference it takes the expected value, zoneout·old + (1 - zoneout)·new. Resolved to
  /// 1/65,536.
  double zoneout = 0;
  double zoneout_cell = 0;  ///< lstm: the same for the cell state c; h sees the new c
  bool return_sequences = false;
  bool return_state = false;  ///< further outputs: the final states, [batch, units] each
  bool go_backwards = false;  ///< read each sequence from its end; outputs come in the order of processing
  bool stateful = false;      ///< state of row i of a batch starts from row i of the batch before
  bool zero_output_for_mask =
      false;  ///< to_padded() of the outputs has 0 where there is no step, instead of the step before
  std::string name = {};

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("units", self.units, "size of the state and of the output");
    option("activation", self.activation, "of the candidate and the output");
    option("recurrent_activation", self.recurrent_activation, "of the gates");
    option("use_bias", self.use_bias, "add a bias");
    option("kernel_initializer", self.kernel_initializer, "of the input weights");
    option("recurrent_initializer", self.recurrent_initializer, "of the recurrent weights");
    option("bias_initializer", self.bias_initializer, "of the bias");
    option("recurrent_blocks", self.recurrent_blocks,
           "equal blocks of units that see only the h of their own block, 1 = one of all units");
    option("unit_forget_bias", self.unit_forget_bias, "lstm: add one to the forget gate's bias at the start");
    option("peephole", self.peephole, "lstm: gates see the cell state");
    option("coupled", self.coupled, "lstm: input gate = 1 - forget gate");
    option("proj_size", self.proj_size, "lstm: size of a linear projection of h, 0 = none");
    option("clip", self.clip, "inputs of activations are clipped to [-clip, clip], 0 = not at all");
    option("layer_norm", self.layer_norm, "normalise the gates' products, and an lstm's cell state");
    option("layer_norm_epsilon", self.layer_norm_epsilon, "added to the variances of layer_norm");
    option("reset_after", self.reset_after,
           "gru: reset gate after the product (Keras, PyTorch) or before (paper)");
    option("kernel_regularizer", self.kernel_regularizer, "penalty on the input weights");
    option("recurrent_regularizer", self.recurrent_regularizer, "penalty on the recurrent weights");
    option("bias_regularizer", self.bias_regularizer, "penalty on the bias");
    option("activity_regularizer", self.activity_regularizer, "penalty on the outputs, by sample");
    option("kernel_constraint", self.kernel_constraint,
           "what the input weights are put back to after a step");
    option("recurrent_constraint", self.recurrent_constraint, "the same for the recurrent weights");
    option("bias_constraint", self.bias_constraint, "the same for the bias");
    option("dropout", self.dropout, "share of the inputs dropped in training, the same at every step");
    option("recurrent_dropout", self.recurrent_dropout,
           "share of the states dropped before the recurrent products in training, a mask for each gate");
    option("zoneout", self.zoneout, "share of h's units that keep their old value at a step");
    option("zoneout_cell", self.zoneout_cell, "lstm: the same for the cell state");
    option("return_sequences", self.return_sequences, "output of every step instead of the last");
    option("return_state", self.return_state, "also return the final states");
    option("go_backwards", self.go_backwards, "read each sequence from its end");
    option("stateful", self.stateful, "start from the states that the batch before left");
    option("zero_output_for_mask", self.zero_output_for_mask, "padded outputs are 0 where there is no step");
  }
};

LayerPtr simple_rnn(RecurrentOptions options);
LayerPtr lstm(RecurrentOptions options);
LayerPtr gru(RecurrentOptions options);
/// Any cell of src/cells by its name: recurrent("gru", {.units = 8}).
LayerPtr recurrent(const std::string& cell, RecurrentOptions options);

/// Options of gru_d.
struct GruDOptions {
  std::int64_t units = 0;
  std::string activation = "tanh";
  std::string recurrent_activation = "sigmoid";
  bool use_bias = true;
  bool input_decay = true;         ///< readings fade to their mean while nothing is read
  bool state_decay = true;         ///< the state fades with the elapsed times
  bool elapsed_input = false;      ///< the gates see the elapsed times too
  std::vector<double> means = {};  ///< of the values, one a parameter; empty: 0, as for standardised values
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  Initializer decay_initializer = "uniform";  ///< of both decays; of the inputs' its absolute values
  Regularizer kernel_regularizer = {}, recurrent_regularizer = {};
  double dropout = 0;  ///< in training: share of what the gates see set to 0, the same at every step
  bool return_sequences = false;
  bool return_state =
      false;  ///< further outputs: the final state [batch, units] and the last readings [batch, parameters]
  bool stateful = false;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("units", self.units, "size of the state and of the output");
    option("activation", self.activation, "of the candidate");
    option("recurrent_activation", self.recurrent_activation, "of the gates");
    option("use_bias", self.use_bias, "add a bias");
    option("input_decay", self.input_decay, "readings fade to their mean while nothing is read");
    option("state_decay", self.state_decay, "the state fades with the elapsed times");
    option("elapsed_input", self.elapsed_input, "the gates see the elapsed times too");
    option("means", self.means, "of the values, one a parameter; empty: 0");
    option("kernel_initializer", self.kernel_initializer, "of the input weights");
    option("recurrent_initializer", self.recurrent_initializer, "of the recurrent weights");
    option("bias_initializer", self.bias_initializer, "of the bias");
    option("decay_initializer", self.decay_initializer, "of the decays; of the inputs' its absolute values");
    option("kernel_regularizer", self.kernel_regularizer, "penalty on the input weights");
    option("recurrent_regularizer", self.recurrent_regularizer, "penalty on the recurrent weights");
    option("dropout", self.dropout,
           "share of what the gates see dropped in training, the same at every step");
    option("return_sequences", self.return_sequences, "output of every step instead of the last");
    option("return_state", self.return_state, "also return the final state and the last readings");
    option("stateful", self.stateful, "start from the states that the batch before left");
  }
};
/// GRU-D (Che et al. 2018), for readings at irregular times with many gaps. Input [batch, time, 3·P] of P
/// values, P masks (0: not read in this step; the value is then not looked at, and may be NaN) and P elapsed
/// times since the parameter's last reading, as EventGrid makes them; output [batch, units], or [batch, time,
/// units] with return_sequences. With x' the last reading:
///
///     γ_x = exp(-max(0, input_decay_kernel ⊙ elapsed + input_decay_bias))
///     x̂   = value where it was read, else mean + γ_x ⊙ (x' - mean)
///     γ_h = exp(-max(0, elapsed · state_decay_kernel + state_decay_bias))
///     h   = the GRU (reset gate after the product) of [x̂ | mask] and γ_h ⊙ h
///
/// Further inputs are the initial states: h [batch, units], or h and the last readings [batch, P]. It keeps
/// all of a batch for backward, whatever RunOptions::bptt_memory says.
LayerPtr gru_d(GruDOptions options);

struct DenseOptions {
  std::int64_t units = 0;
  std::string activation = "linear";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {}, bias_regularizer = {}, activity_regularizer = {};
  Constraint kernel_constraint = {}, bias_constraint = {};
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("units", self.units, "size of the output");
    option("activation", self.activation, "applied to the output");
    option("use_bias", self.use_bias, "add a bias");
    option("kernel_initializer", self.kernel_initializer, "of the weights");
    option("bias_initializer", self.bias_initializer, "of the bias");
    option("kernel_regularizer", self.kernel_regularizer, "penalty on the weights");
    option("bias_regularizer", self.bias_regularizer, "penalty on the bias");
    option("activity_regularizer", self.activity_regularizer, "penalty on the outputs, by sample");
    option("kernel_constraint", self.kernel_constraint, "what the weights are put back to after a step");
    option("bias_constraint", self.bias_constraint, "the same for the bias");
  }
};
/// [.., features] to [.., units]; on a sequence it acts on every step.
LayerPtr dense(DenseOptions options);

struct ActivationOptions {
  std::string activation = "linear";
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("activation", self.activation, "softmax and log_softmax act on the last axis");
  }
};
LayerPtr activation(ActivationOptions options);

struct DropoutOptions {
  double rate = 0.5;
  bool same_for_all_steps =
      false;  ///< one mask a sequence instead of one a step (Keras: noise_shape (B, 1, F))
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("rate", self.rate,
           "share of values set to 0 in training; the others are scaled by 1 / (1 - rate)");
    option("same_for_all_steps", self.same_for_all_steps, "one mask a sequence instead of one a step");
  }
};
LayerPtr dropout(DropoutOptions options);

struct SpatialDropout1dOptions {
  double rate = 0.5;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("rate", self.rate, "share of features dropped in training, each in all steps of a sequence");
  }
};
/// Dropout of whole features of a sequence (Tompson et al. 2014).
LayerPtr spatial_dropout1d(SpatialDropout1dOptions options);

struct GaussianNoiseOptions {
  double stddev = 0;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("stddev", self.stddev, "standard deviation of what is added in training");
  }
};
/// Adds normal noise in training.
LayerPtr gaussian_noise(GaussianNoiseOptions options);

struct GaussianDropoutOptions {
  double rate = 0.5;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("rate", self.rate, "values are multiplied by normal(1, sqrt(rate / (1 - rate))) in training");
  }
};
LayerPtr gaussian_dropout(GaussianDropoutOptions options);

struct EmbeddingOptions {
  std::int64_t input_dim = 0, output_dim = 0;
  Initializer embeddings_initializer = "uniform";
  bool mask_zero = false;
  Regularizer embeddings_regularizer = {};
  Constraint embeddings_constraint = {};
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("input_dim", self.input_dim, "number of different ids");
    option("output_dim", self.output_dim, "size of a vector");
    option("embeddings_initializer", self.embeddings_initializer, "of the vectors");
    option("mask_zero", self.mask_zero, "id 0 is padding: such steps are left out");
    option("embeddings_regularizer", self.embeddings_regularizer, "penalty on the vectors");
    option("embeddings_constraint", self.embeddings_constraint,
           "what the vectors are put back to after a step");
  }
};
/// Ids [batch, time] (Samples::tokens) to vectors [batch, time, output_dim]; ids [batch, n] of a non-sequence
/// to [batch, n·…]. Ids are int32, or numbers that are whole. The table has sparse rows: a step gives a
/// gradient to the rows of its ids only, and what that saves depends on the optimiser (see make_optimizer,
/// `lazy`).
LayerPtr embedding(EmbeddingOptions options);

struct LayerNormalizationOptions {
  double epsilon = 1e-3;
  bool center = true, scale = true;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("epsilon", self.epsilon, "added to the variance");
    option("center", self.center, "add beta");
    option("scale", self.scale, "multiply by gamma");
  }
};
/// Over the features of each step (Ba, Kiros, Hinton 2016).
LayerPtr layer_normalization(LayerNormalizationOptions options = {});

struct BatchNormalizationOptions {
  double momentum = 0.99, epsilon = 1e-3;
  bool center = true, scale = true;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("momentum", self.momentum, "running = momentum * running + (1 - momentum) * batch");
    option("epsilon", self.epsilon, "added to the variance");
    option("center", self.center, "add beta");
    option("scale", self.scale, "multiply by gamma");
  }
};
/// Over batch and valid steps: padding has no part in the statistics (Ioffe, Szegedy 2015).
LayerPtr batch_normalization(BatchNormalizationOptions options = {});

struct MaskingOptions {
  double mask_value = 0;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("mask_value", self.mask_value, "steps whose features all equal this are left out");
  }
};
LayerPtr masking(MaskingOptions options = {});

struct RepeatVectorOptions {
  std::int64_t n = 0;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("n", self.n, "number of steps");
  }
};
/// [batch, features] to [batch, n, features].
LayerPtr repeat_vector(RepeatVectorOptions options);

struct FlattenOptions {
  std::string name = {};
  template <class Self, class V>
  static void visit(Self&, V&&) {}
};
/// [batch, …] to [batch, product]; sequences must have a fixed number of steps and no padding.
LayerPtr flatten(FlattenOptions options = {});

struct ReshapeOptions {
  std::vector<std::int64_t> target_shape =
      {};  ///< without batch; one size may be -1; two sizes or more make a sequence
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("target_shape", self.target_shape, "shape of a sample without batch; one size may be -1");
  }
};
LayerPtr reshape(ReshapeOptions options);

struct MergeOptions {
  std::string name = {};
  template <class Self, class V>
  static void visit(Self&, V&&) {}
};
// Merges of two inputs or more. Sequences of other lengths or masks are merged over the steps that all of
// them have (the logical and of the masks).
LayerPtr concatenate(MergeOptions options = {});  ///< along the features
LayerPtr add(MergeOptions options = {});
LayerPtr subtract(MergeOptions options = {});  ///< the second input from the first
LayerPtr multiply(MergeOptions options = {});
LayerPtr average(MergeOptions options = {});
LayerPtr maximum(MergeOptions options = {});  ///< of equals, the first gets the gradient
LayerPtr minimum(MergeOptions options = {});

struct DotOptions {
  std::vector<std::int64_t> axes = {-1};  ///< one for both inputs, or one for each; 0 is the batch
  bool normalize = false;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("axes", self.axes, "axis that is summed over, one for both inputs or one for each");
    option("normalize", self.normalize, "divide by the norms along these axes: cosine similarity");
  }
};
/// Products of two inputs, summed over one axis of each (Keras's Dot): [batch, a, n] and [batch, b, n] over
/// their last axes give [batch, a, b]. A result with two axes or more is a sequence; its steps are those of
/// the first input that keeps its time. Two sequences may be summed over time when their steps are the same.
LayerPtr dot(DotOptions options = {});

/// Values on the tape from values on the tape (rondo/tape/tape.h): a row for each row that came in.
using LambdaFunction = std::function<Var(Tape& tape, std::span<const Var> inputs)>;
struct LambdaOptions {
  std::string function = {};  ///< the name that it is registered by; without one the layer cannot be saved
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("function", self.function, "the name by which its function is registered");
  }
};
/// A layer without weights from a function of ops (Keras's Lambda):
///
///     lambda([](Tape& tape, auto x) { return ops::square(tape, x[0]); })
///
/// A function that is registered by name before models are loaded can be saved with them by that name.
LayerPtr lambda(LambdaFunction function, LambdaOptions options = {});
LayerPtr lambda(LambdaOptions options);
void register_lambda(const std::string& name, LambdaFunction function);

struct TrainableVectorOptions {
  std::vector<double> values = {};  ///< at the start
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("values", self.values, "what is learnt from: the outputs at the start, one for each");
  }
};
/// Any input to [batch, values]: learnt numbers, the same for every sample.
LayerPtr trainable_vector(TrainableVectorOptions options);

struct AffineOptions {
  bool inverse = false;
  std::int64_t count = 0, every = 1;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("inverse", self.inverse, "take the change of scale back");
    option("count", self.count, "number of features that are changed; 0: all");
    option("every", self.every, "features from one that is changed to the next, beginning with the first");
  }
};
/// A change of scale that can be taken back (Kim et al. 2022, "RevIN", equations 2 and 3). Inputs: values,
/// and factors [batch, 2], such as `learnt` gives: log(gain), so that a gain is never 0, and offset. y = gain
/// · x + offset, or (x - offset) / gain when `inverse`; features that are not chosen stay what they are.
LayerPtr affine(AffineOptions options = {});

struct TimePoolingOptions {
  std::string mode = "mean";  ///< last | mean | max
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("mode", self.mode, "last, mean or max over the valid steps; 0 for a sequence without steps");
  }
};
/// [batch, time, features] to [batch, features].
LayerPtr time_pooling(TimePoolingOptions options = {});

struct BidirectionalOptions {
  std::optional<std::string> merge_mode = "concat";  ///< sum | mul | ave | concat | null: two outputs
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("merge_mode", self.merge_mode, "sum, mul, ave, concat or null (two outputs)");
  }
};
/// Runs `layer` and a copy of it that reads each sequence from its own end; or `backward_layer` instead of
/// the copy, which reads the other way (go_backwards) and has the same return_sequences, return_state and
/// stateful, as in Keras.
LayerPtr bidirectional(LayerPtr layer, BidirectionalOptions options = {}, LayerPtr backward_layer = nullptr);

struct TimeDistributedOptions {
  std::string name = {};
  template <class Self, class V>
  static void visit(Self&, V&&) {}
};
/// Applies `layer` to every step: [batch, time, a, b] is time · batch samples [a, b] to it.
LayerPtr time_distributed(LayerPtr layer, TimeDistributedOptions options = {});

/// Names of activations, for messages and documentation.
std::vector<std::string> activation_names();

}  // namespace rondo
