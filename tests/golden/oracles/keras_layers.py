"""Keras layers from rondo's spec, and their parameters under rondo's dotted names. Everything in float64 on one thread."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})   # it rewrites nothing in float64, but warns
keras.config.set_floatx("float64")



def _read_python_numbers_exactly():
    """Keras on TensorFlow reads a Python float as float32 before it becomes float64 (0.999 turns into 0.99899995…), which shows
    in the eighth digit of a training run. Here it becomes what `floatx` says."""
    core = keras.src.backend.tensorflow.core
    read, cast = core.convert_to_tensor, core.cast

    def convert_to_tensor(x, dtype=None, *arguments, **options):
        floats = isinstance(x, float) or isinstance(x, (list, tuple)) and x and all(isinstance(i, float) for i in x)
        return read(x, "float64" if floats and dtype is None else dtype, *arguments, **options)

    def exact_cast(x, dtype):
        return read(x, dtype) if isinstance(x, float) else cast(x, dtype)

    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("keras"):
            for name, old, new in (("convert_to_tensor", read, convert_to_tensor), ("cast", cast, exact_cast)):
                if getattr(module, name, None) is old:
                    setattr(module, name, new)


_read_python_numbers_exactly()

RECURRENT = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
PLAIN = {"dense": keras.layers.Dense, "activation": keras.layers.Activation, "dropout": keras.layers.Dropout,
         "embedding": keras.layers.Embedding, "layer_normalization": keras.layers.LayerNormalization,
         "batch_normalization": keras.layers.BatchNormalization, "masking": keras.layers.Masking,
         "repeat_vector": keras.layers.RepeatVector, "flatten": keras.layers.Flatten, "reshape": keras.layers.Reshape,
         "concatenate": keras.layers.Concatenate, "add": keras.layers.Add, "multiply": keras.layers.Multiply,
         "subtract": keras.layers.Subtract, "average": keras.layers.Average, "maximum": keras.layers.Maximum,
         "minimum": keras.layers.Minimum, "dot": keras.layers.Dot, "gaussian_noise": keras.layers.GaussianNoise,
         "gaussian_dropout": keras.layers.GaussianDropout, "spatial_dropout1d": keras.layers.SpatialDropout1D}
BY_TRAINING = ("dropout", "batch_normalization", "gaussian_noise", "gaussian_dropout", "spatial_dropout1d")
REGULARIZED = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer")
CONSTRAINTS = {"non_neg": keras.constraints.NonNeg, "unit_norm": keras.constraints.UnitNorm, "max_norm": keras.constraints.MaxNorm,
               "min_max_norm": keras.constraints.MinMaxNorm}


class TimePooling(keras.layers.Layer):
    """Mean, maximum or last of the steps that the mask keeps. Keras has only the first with a mask."""

    def __init__(self, mode, **options):
        super().__init__(**options)
        self.mode = mode
        self.supports_masking = True

    def call(self, inputs, mask=None):
        steps = inputs.shape[1]
        keep = tf.ones(inputs.shape[:2], tf.bool) if mask is None else tf.cast(mask, tf.bool)
        if self.mode == "mean":
            return keras.layers.GlobalAveragePooling1D()(inputs, mask=keep)
        if self.mode == "max":
            return tf.reduce_max(tf.where(keep[:, :, None], inputs, -float("inf")), axis=1)
        last = tf.reduce_max(tf.where(keep, tf.range(steps)[None, :], -1), axis=1)
        return tf.gather(inputs, last, axis=1, batch_dims=1)

    def compute_mask(self, inputs, mask=None):
        return None


def _regularizer(spec):
    return keras.regularizers.L1L2(l1=spec.get("l1", 0.0), l2=spec.get("l2", 0.0))


def _constraint(spec):
    spec = {"name": spec} if isinstance(spec, str) else dict(spec)
    return CONSTRAINTS[spec.pop("name")](**spec)


def make_layer(spec):
    """The Keras layer that one layer of a spec describes."""
    options = {key: value for key, value in spec.items() if key not in ("type", "inputs")}
    for key in REGULARIZED:
        if key in options:
            options[key] = _regularizer(options[key])
    for key in ("kernel_constraint", "recurrent_constraint", "bias_constraint"):
        if key in options:
            options[key] = _constraint(options[key])
    kind = spec["type"]
    if kind in ("lstm", "gru"):
        options["use_cudnn"] = False
    if kind in RECURRENT:
        return RECURRENT[kind](**options)
    if kind == "bidirectional":
        layer = make_layer(options.pop("layer"))
        if "backward_layer" in options:
            options["backward_layer"] = make_layer(options["backward_layer"])
        return keras.layers.Bidirectional(layer, **options)
    if kind == "time_distributed":
        return keras.layers.TimeDistributed(make_layer(options.pop("layer")), **options)
    if kind == "time_pooling":
        return TimePooling(**options)
    for key in ("target_shape", "axes"):
        if isinstance(options.get(key), list):
            options[key] = tuple(options[key])
    return PLAIN[kind](**options)


def layer_parameters(spec, layer, prefix=None):
    """(dotted name, variable) for every parameter of a built layer, trainable or not."""
    name = spec["name"] if prefix is None else prefix
    kind = spec["type"]
    if kind == "bidirectional":
        yield from layer_parameters(spec["layer"], layer.forward_layer, f"{name}.forward")
        yield from layer_parameters(spec.get("backward_layer", spec["layer"]), layer.backward_layer, f"{name}.backward")
        return
    if kind == "time_distributed":
        yield from layer_parameters(spec["layer"], layer.layer, f"{name}.layer")
        return
    for variable in (layer.cell.weights if kind in RECURRENT else layer.weights):
        if "seed" not in variable.path:
            yield f"{name}.{variable.name}", variable


def kept(tensor):
    """The Keras mask that travels with a tensor, or None."""
    return getattr(tensor, "_keras_mask", None)


def keep(tensor, mask):
    """`tensor` with a Keras mask attached."""
    tensor._keras_mask = mask
    return tensor


class Network:
    """The layers of a spec, wired in a row or by their `inputs`."""

    def __init__(self, spec):
        self.spec = spec
        self.layers = [make_layer(layer) for layer in spec["layers"]]
        # Keras documents an activity_regularizer of SimpleRNN and ignores it: here a layer behind it has it.
        self.activities = {layer["name"]: keras.layers.ActivityRegularization(**layer["activity_regularizer"])
                           for layer in spec["layers"] if layer["type"] == "simple_rnn" and "activity_regularizer" in layer}

    def __call__(self, inputs, initial_state=None, training=False):
        """inputs: name -> tensor with its mask attached. Returns the list of output tensors."""
        values = dict(inputs)
        previous = next(iter(inputs.values()))
        for spec, layer in zip(self.spec["layers"], self.layers):
            source = [values[name] for name in spec["inputs"]] if "inputs" in spec else previous
            if isinstance(source, list) and len(source) == 1:
                source = source[0]
            options = {}
            if spec["type"] in RECURRENT or spec["type"] == "bidirectional":
                # A call with an initial state drops the mask that travels with its input: it must be handed over.
                options["mask"] = kept(source)
                if initial_state:
                    options["initial_state"], initial_state = list(initial_state), None
            if spec["type"] in BY_TRAINING:
                options["training"] = training
            result = layer(source, **options)
            results = list(result) if isinstance(result, (list, tuple)) else [result]
            if spec["name"] in self.activities:
                results = [self.activities[spec["name"]](value) for value in results]
            values[spec["name"]] = previous = results[0]
        names = self.spec.get("outputs")
        return [values[name] for name in names] if names else results

    def parameters(self):
        """Dotted name -> variable, in order."""
        return {name: variable for spec, layer in zip(self.spec["layers"], self.layers)
                for name, variable in layer_parameters(spec, layer)}

    def penalty(self):
        """The sum of the regularisation losses."""
        layers = self.layers + list(self.activities.values())
        return sum((loss for layer in layers for loss in layer.losses), start=tf.zeros((), tf.float64))
