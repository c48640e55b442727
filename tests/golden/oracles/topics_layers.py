"""Tables of cases: the other layers, graphs, and whole models with a loss."""

import itertools

from .bundle import Bundle
from .keras_cases import forward_backward, model_loss
from .topics_cells import ACTIVATIONS, CELLS, cell

LAYER_ACTIVATIONS = ACTIVATIONS + ("softmax", "log_softmax", "silu", "gelu", "mish", "log_sigmoid", "hard_tanh", "leaky_relu",
                                   "relu6")

# Keras divides masked sums by the number of steps + 1e-7.
MASKED_MEAN_ERROR = 1e-6


def layers(seed):
    """Dense, activations, normalisation, masking, embedding, pooling and shape layers."""
    bundle = Bundle()

    def add(name, spec, shape, **options):
        for i, layer in enumerate(spec):
            layer.setdefault("name", f"layer_{i + 1}")
        bundle.add(forward_backward(seed, name, spec, shape, **options))

    for i, activation in enumerate(LAYER_ACTIVATIONS):
        # TensorFlow holds these constants (1/√2, 0.2) in float32 even for float64 values.
        error = 1e-7 if activation in ("gelu", "leaky_relu") else 0.0
        add(f"activation.{activation}", [{"type": "activation", "activation": activation}], (3, 4) if i % 2 else (2, 3, 4),
            oracle_error=error)
    for i, activation in enumerate(ACTIVATIONS[:5] + ("softmax",)):
        add(f"dense.{activation}", [{"type": "dense", "units": 4, "activation": activation}], (3, 3) if i % 2 else (2, 4, 3))
    add("dense.no_bias", [{"type": "dense", "units": 3, "use_bias": False}], (3, 4))
    add("dense.masked", [{"type": "dense", "units": 3, "activation": "tanh"}], (3, 5, 2), mask="right")
    add("dropout.inference", [{"type": "dropout", "rate": 0.5}], (3, 4))
    add("dropout.none", [{"type": "dropout", "rate": 0.0}], (3, 4), training=True)
    add("time_distributed.dense", [{"type": "time_distributed", "layer": {"type": "dense", "units": 3, "activation": "tanh"}}],
        (3, 4, 2))
    add("time_distributed.dense.masked", [{"type": "time_distributed", "layer": {"type": "dense", "units": 3}}], (3, 5, 2),
        mask="right")
    add("layer_normalization.plain", [{"type": "layer_normalization"}], (3, 5))
    add("layer_normalization.sequence", [{"type": "layer_normalization"}], (3, 4, 5), mask="middle")
    add("layer_normalization.no_center", [{"type": "layer_normalization", "center": False, "epsilon": 0.01}], (3, 5))
    add("layer_normalization.no_scale", [{"type": "layer_normalization", "scale": False}], (3, 4, 3))
    for training in (False, True):
        mode = "training" if training else "inference"
        add(f"batch_normalization.{mode}.plain", [{"type": "batch_normalization"}], (4, 3), training=training)
        add(f"batch_normalization.{mode}.sequence", [{"type": "batch_normalization", "momentum": 0.9}], (3, 4, 3),
            training=training)
        for mask in ("right", "middle", "full_row"):
            add(f"batch_normalization.{mode}.{mask}", [{"type": "batch_normalization", "epsilon": 0.01}], (3, 5, 2), mask=mask,
                training=training, oracle_error=MASKED_MEAN_ERROR if training else 0.0)
        add(f"batch_normalization.{mode}.no_scale", [{"type": "batch_normalization", "scale": False}], (4, 3), training=training)
        add(f"batch_normalization.{mode}.no_center", [{"type": "batch_normalization", "center": False}], (4, 3),
            training=training)
    for kind, rows in itertools.product(CELLS, ("right", "middle")):
        add(f"masking.{kind}.{rows}", [{"type": "masking"}, CELLS[kind] | {"units": 3}], (3, 5, 2), zero_rows=rows)
    add("masking.value", [{"type": "masking", "mask_value": -1.0}, cell("gru", "gru_1", 3, return_sequences=True)], (3, 5, 2),
        zero_rows="left")
    add("embedding.plain", [{"type": "embedding", "input_dim": 7, "output_dim": 3}], (3, 5), ids=7, repeats_zero=True)
    for i, kind in enumerate(CELLS):
        add(f"embedding.mask_zero.{kind}", [{"type": "embedding", "input_dim": 4, "output_dim": 3, "mask_zero": True},
                                            CELLS[kind] | {"units": 3, "return_sequences": i % 2 == 0}],
            (4, 6), ids=4, repeats_zero=True)
    for mode, mask in itertools.product(("mean", "max", "last"), (None, "right", "left", "middle")):
        add(f"time_pooling.{mode}.{mask}", [{"type": "time_pooling", "mode": mode}], (3, 5, 2), mask=mask)
    add("time_pooling.after_lstm", [cell("lstm", "lstm_1", 3, return_sequences=True), {"type": "time_pooling", "mode": "mean"}],
        (3, 5, 2), mask="right")
    add("repeat_vector", [{"type": "repeat_vector", "n": 3}], (2, 4))
    add("repeat_vector.decoder", [cell("lstm", "coder", 3), {"type": "repeat_vector", "n": 4},
                                  cell("lstm", "decoder", 4, return_sequences=True),
                                  {"type": "time_distributed", "layer": {"type": "dense", "units": 2}}], (2, 5, 2))
    add("flatten", [{"type": "flatten"}], (2, 3, 4))
    add("flatten.after_gru", [cell("gru", "gru_1", 3, return_sequences=True), {"type": "flatten"},
                              {"type": "dense", "units": 2}], (2, 4, 2))
    add("reshape.to_steps", [{"type": "reshape", "target_shape": [4, 3]}, cell("simple_rnn", "rnn_1", 3)], (2, 12))
    add("reshape.to_vector", [{"type": "reshape", "target_shape": [12]}, {"type": "dense", "units": 2}], (2, 4, 3))
    return bundle


def graphs(seed):
    """Branches that meet: Concatenate, Add, Multiply; several inputs and outputs."""
    bundle = Bundle()
    for merge in ("concatenate", "add", "multiply"):
        bundle.add(forward_backward(
            seed, f"graph.{merge}.vectors",
            [{"type": "dense", "name": "left", "units": 3, "activation": "tanh", "inputs": ["x"]},
             {"type": "dense", "name": "right", "units": 3, "inputs": ["x2"]},
             {"type": merge, "name": "meet", "inputs": ["left", "right"]}], shapes={"x": (3, 4), "x2": (3, 2)}))
        bundle.add(forward_backward(
            seed, f"graph.{merge}.sequences",
            [cell("lstm", "left", 3, return_sequences=True, inputs=["x"]),
             cell("gru", "right", 3, return_sequences=True, inputs=["x"]),
             {"type": merge, "name": "meet", "inputs": ["left", "right"]},
             cell("simple_rnn", "last", 3, inputs=["meet"])], (3, 5, 2), mask=None if merge == "add" else "right"))
    bundle.add(forward_backward(
        seed, "graph.skip", [cell("gru", "core", 2, return_sequences=True, inputs=["x"]),
                             {"type": "add", "name": "sum", "inputs": ["core", "x"]},
                             {"type": "dense", "name": "out", "units": 1, "inputs": ["sum"]}], (3, 5, 2), mask="right"))
    bundle.add(forward_backward(
        seed, "graph.two_outputs",
        [cell("lstm", "core", 4, inputs=["x"]), {"type": "dense", "name": "a", "units": 2, "inputs": ["core"]},
         {"type": "dense", "name": "b", "units": 3, "activation": "softmax", "inputs": ["core"]}], (3, 5, 2), outputs=["a", "b"]))
    return bundle


def merging(seed):
    """Merges of vectors and of sequences, products, noise that is silent in inference, and two layers as two directions."""
    bundle = Bundle()
    sides = [cell("lstm", "left", 3, return_sequences=True, inputs=["x"]), cell("gru", "right", 3, return_sequences=True, inputs=["x"])]
    vectors = [{"type": "dense", "name": "left", "units": 3, "activation": "tanh", "inputs": ["x"]},
               {"type": "dense", "name": "right", "units": 3, "inputs": ["x2"]}]
    for merge in ("subtract", "average", "maximum", "minimum"):
        meet = {"type": merge, "name": "meet", "inputs": ["left", "right"]}
        bundle.add(forward_backward(seed, f"merge.{merge}.vectors", vectors + [meet], shapes={"x": (3, 4), "x2": (3, 2)}))
        bundle.add(forward_backward(seed, f"merge.{merge}.sequences", sides + [meet, cell("simple_rnn", "last", 3, inputs=["meet"])],
                                    (3, 5, 2), mask="right" if merge == "average" else None))
        if merge != "subtract":
            third = {"type": "dense", "name": "third", "units": 3, "inputs": ["x"]}
            bundle.add(forward_backward(seed, f"merge.{merge}.three", vectors + [third, meet | {"inputs": ["left", "third", "right"]}],
                                        shapes={"x": (3, 4), "x2": (3, 2)}))
    for normalize in (False, True):
        label = "cosine" if normalize else "plain"
        meet = {"type": "dot", "name": "meet", "axes": 1, "normalize": normalize, "inputs": ["left", "right"]}
        bundle.add(forward_backward(seed, f"dot.vectors.{label}", vectors + [meet], shapes={"x": (3, 4), "x2": (3, 2)}))
        for axes in (2, 1, [2, 2], -1):
            bundle.add(forward_backward(seed, f"dot.sequences.{label}.{axes}", sides + [meet | {"axes": axes}], (3, 4, 2)))
    attention = sides + [{"type": "dot", "name": "scores", "axes": 2, "inputs": ["left", "right"]},
                         {"type": "activation", "name": "weights", "activation": "softmax", "inputs": ["scores"]},
                         {"type": "dot", "name": "context", "axes": [2, 1], "inputs": ["weights", "right"]},
                         {"type": "concatenate", "name": "both", "inputs": ["left", "context"]}]
    bundle.add(forward_backward(seed, "dot.attention", attention, (3, 4, 2)))
    pooled = [cell("gru", "core", 3, return_sequences=True, inputs=["x"]),
              {"type": "dense", "name": "query", "units": 3, "inputs": ["x2"]},
              {"type": "dot", "name": "meet", "axes": [1, 2], "inputs": ["query", "core"]}]
    bundle.add(forward_backward(seed, "dot.vector_and_sequence", pooled, shapes={"x": (3, 4, 2), "x2": (3, 2)}))
    for noise in ({"type": "gaussian_noise", "stddev": 0.5}, {"type": "gaussian_dropout", "rate": 0.5},
                  {"type": "spatial_dropout1d", "rate": 0.5}):
        bundle.add(forward_backward(seed, f"{noise['type']}.inference", [noise | {"name": "noise"}], (3, 4, 2)))
        silent = {key: 0.0 if key in ("stddev", "rate") else value for key, value in noise.items()}
        bundle.add(forward_backward(seed, f"{noise['type']}.none", [silent | {"name": "noise"}], (3, 4, 2), training=True))
    for i, sequences in enumerate((True, False)):
        pair = {"type": "bidirectional", "name": "both",
                "layer": {"type": "lstm", "units": 3, "return_sequences": sequences, "activation": "softsign"},
                "backward_layer": {"type": "gru", "units": 2, "return_sequences": sequences, "go_backwards": True}}
        for mask in (None, "right", "middle"):
            bundle.add(forward_backward(seed, f"bidirectional.pair.{sequences}.{mask}", [pair], (3, 5, 2), mask=mask))
        equal = pair | {"backward_layer": pair["backward_layer"] | {"units": 3}, "merge_mode": ("sum", "ave")[i]}
        bundle.add(forward_backward(seed, f"bidirectional.pair.{equal['merge_mode']}", [equal], (3, 5, 2)))
    return bundle


def models(seed):
    """Networks with a loss on top: the loss with the penalties of regularisers, and all gradients."""
    bundle = Bundle()
    head = {"type": "dense", "name": "head", "units": 3, "activation": "softmax"}
    logits = {"type": "dense", "name": "head", "units": 3}
    one = {"type": "dense", "name": "head", "units": 1, "activation": "sigmoid"}
    value = {"type": "dense", "name": "head", "units": 1}
    cce, scce, bce = ({"name": f"{kind}_crossentropy"} for kind in ("categorical", "sparse_categorical", "binary"))
    smooth = {"name": "categorical_crossentropy", "from_logits": True, "label_smoothing": 0.1}
    mse, huber = {"name": "mean_squared_error"}, {"name": "huber", "delta": 0.5}

    def add(name, spec, shape, loss, **options):
        bundle.add(model_loss(seed, f"model.{name}", spec, shape, loss, **options))

    for kind in CELLS:
        deep = [cell(kind, "lower", 4, return_sequences=True), cell(kind, "upper", 3)]
        add(f"{kind}.classify", deep + [head], (3, 5, 2), cce)
        add(f"{kind}.classify_logits", deep + [logits], (3, 5, 2), smooth, sample_weight=True)
        add(f"{kind}.regress", deep + [value], (3, 5, 2), mse, mask="right")
        add(f"{kind}.tag", [cell(kind, "core", 3, return_sequences=True), head], (3, 5, 2), scce, mask="right")
        add(f"{kind}.forecast_steps", [cell(kind, "core", 3, return_sequences=True), value], (3, 5, 2), huber, mask="middle",
            sample_weight=True)
        add(f"{kind}.penalty", [cell(kind, "core", 3, kernel_regularizer={"l2": 0.01}, recurrent_regularizer={"l1": 0.02},
                                     bias_regularizer={"l1": 0.005, "l2": 0.03}), value], (3, 4, 2), mse)
    for kind in CELLS:
        add(f"{kind}.activity", [cell(kind, "core", 4, return_sequences=True, activity_regularizer={"l1": 0.1, "l2": 0.2}),
                                 cell(kind, "last", 3, activity_regularizer={"l2": 0.3}),
                                 value | {"activity_regularizer": {"l1": 0.4}}], (3, 5, 2), mse)
    words = {"type": "embedding", "name": "words", "input_dim": 6, "output_dim": 3, "mask_zero": True}
    add("words.binary", [words, cell("lstm", "core", 3), one], (4, 6), bce, ids=6, repeats_zero=True)
    add("words.tags", [words, {"type": "bidirectional", "name": "both",
                               "layer": {"type": "gru", "units": 3, "return_sequences": True}}, head], (4, 6), scce, ids=6,
        repeats_zero=True)
    add("normalised", [cell("gru", "core", 4, return_sequences=True), {"type": "batch_normalization", "name": "norm"},
                       {"type": "time_pooling", "name": "pool", "mode": "mean"}, value], (4, 5, 2), mse, mask="right",
        training=True, oracle_error=MASKED_MEAN_ERROR)
    add("layer_norm", [cell("lstm", "core", 4, return_sequences=True), {"type": "layer_normalization", "name": "norm"},
                       cell("simple_rnn", "last", 3), value], (3, 5, 2), {"name": "log_cosh"})
    add("dense_penalty", [{"type": "dense", "name": "hidden", "units": 4, "activation": "tanh",
                           "kernel_regularizer": {"l1": 0.01, "l2": 0.02}}, value], (4, 3), mse)
    return bundle
