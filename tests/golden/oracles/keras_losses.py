"""Keras losses and metrics from rondo's spec, and cases that compare them alone."""

import numpy as np

from .bundle import Case, mask_of, rounded
from .keras_layers import keep, keras, tf



class SparseCategoricalCrossentropy(keras.losses.Loss):
    """Keras's loss as its JAX and PyTorch backends compute it. From probabilities TensorFlow's backend takes a softmax of their
    logarithms, which divides them by their sum; the others take them as they are, and so does rondo. Through a softmax layer
    both have the same gradient."""

    def __init__(self, from_logits=False, **options):
        super().__init__(**options)
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        labels = tf.cast(y_true, tf.int32)
        log_p = tf.nn.log_softmax(y_pred) if self.from_logits else tf.math.log(tf.clip_by_value(y_pred, 1e-7, 1 - 1e-7))
        return -tf.gather(log_p, labels, axis=-1, batch_dims=len(labels.shape))


class MeanOfSparseLoss(keras.metrics.MeanMetricWrapper):
    def __init__(self):
        super().__init__(SparseCategoricalCrossentropy().call)


LOSSES = {"mean_squared_error": keras.losses.MeanSquaredError, "mean_absolute_error": keras.losses.MeanAbsoluteError,
          "mean_absolute_percentage_error": keras.losses.MeanAbsolutePercentageError, "huber": keras.losses.Huber,
          "log_cosh": keras.losses.LogCosh, "binary_crossentropy": keras.losses.BinaryCrossentropy,
          "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
          "sparse_categorical_crossentropy": SparseCategoricalCrossentropy}


def make_loss(spec):
    options = {key: value for key, value in spec.items() if key != "name"}
    if "ignore_class" in options:      # from logits all backends agree
        return keras.losses.SparseCategoricalCrossentropy(**options)
    return LOSSES[spec["name"]](**options)


def example(case, kind, shape, from_logits):
    """(predictions, targets) that suit a loss or metric."""
    if kind.startswith("binary") or kind in ("precision", "recall", "auc"):
        y = case.rng.integers(0, 2, size=shape).astype(np.float64)
        p = case.normal(shape, 1.5) if from_logits else case.uniform(shape, 0.02, 0.98)
    elif kind.startswith(("categorical", "sparse", "top_k")):
        labels = case.rng.integers(0, shape[-1], size=shape[:-1])
        y = labels.astype(np.float64) if kind.startswith("sparse") else np.eye(shape[-1])[labels]
        p = case.normal(shape, 1.5) if from_logits else case.uniform(shape, 0.05, 1.0)
        if not from_logits and kind == "sparse_categorical_crossentropy":   # only the dense form divides by the row sum
            p = rounded(p / p.sum(-1, keepdims=True))
    else:
        y, p = case.normal(shape), case.normal(shape)
        y = np.where(np.abs(y) < 0.05, 0.5, y)
    return p, y


def weights_of(case, style, lead):
    """Weights per row `[batch]`, per step `[batch, steps]`, or None."""
    if style is None:
        return None
    return case.uniform(lead[:1] if style == "row" else lead, 0.25, 2.0)


def loss_case(seed, name, loss, shape, *, weights=None, mask=None):
    """The value of a loss on random predictions, and its gradient."""
    case = Case(name, "keras", "loss", seed)
    p, y = example(case, loss["name"], shape, loss.get("from_logits", False))
    if "ignore_class" in loss:
        y = np.where(case.rng.integers(0, 3, size=y.shape) == 0, float(loss["ignore_class"]), y)
    lead = shape[:-1]
    weight = weights_of(case, weights, lead)
    inputs = {"y_pred": case.given("y_pred", p), "y_true": case.given("y_true", y),
              "sample_weight": None if weight is None else case.given("sample_weight", weight), "mask": None}
    prediction = tf.constant(p, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(prediction)
        watched = prediction
        if mask is not None:
            mask_value = mask_of(mask, lead[0], lead[1], case.rng)
            inputs["mask"] = case.given("mask", mask_value)
            keep(watched, tf.constant(mask_value != 0))
        if weight is not None and weight.ndim < len(lead):
            weight = weight.reshape((-1,) + (1,) * (len(lead) - 1))
        value = make_loss(loss)(tf.constant(y, tf.float64), watched, sample_weight=weight)
    expected = {"loss": case.expected("loss", value.numpy()),
                "grad_y_pred": case.expected("g", tape.gradient(value, prediction).numpy())}
    reduction = loss.get("reduction", "sum_over_batch_size")
    spec = {key: value for key, value in loss.items() if key != "reduction"}
    case.meta.update(spec={"loss": spec}, reduction=reduction, inputs=inputs, expected=expected)
    return case


METRICS = {"mean_squared_error": keras.metrics.MeanSquaredError, "mean_absolute_error": keras.metrics.MeanAbsoluteError,
           "root_mean_squared_error": keras.metrics.RootMeanSquaredError,
           "mean_absolute_percentage_error": keras.metrics.MeanAbsolutePercentageError,
           "log_cosh": keras.metrics.LogCoshError, "r2_score": keras.metrics.R2Score,
           "cosine_similarity": keras.metrics.CosineSimilarity,
           "binary_accuracy": keras.metrics.BinaryAccuracy, "binary_crossentropy": keras.metrics.BinaryCrossentropy,
           "precision": keras.metrics.Precision, "recall": keras.metrics.Recall,
           "auc": keras.metrics.AUC,
           "categorical_accuracy": keras.metrics.CategoricalAccuracy,
           "categorical_crossentropy": keras.metrics.CategoricalCrossentropy,
           "sparse_categorical_accuracy": keras.metrics.SparseCategoricalAccuracy,
           "sparse_categorical_crossentropy": MeanOfSparseLoss,
           "top_k_categorical_accuracy": keras.metrics.TopKCategoricalAccuracy}


def metric_case(seed, name, metric, shape, *, weights=None, batches=2):
    """A metric over several batches."""
    case = Case(name, "keras", "metric", seed)
    options = {key: value for key, value in metric.items() if key != "name"}
    keras_metric = METRICS[metric["name"]](**options)
    inputs = {"y_pred": [], "y_true": [], "sample_weight": []}
    for i in range(batches):
        p, y = example(case, metric["name"], shape, False)
        weight = weights_of(case, weights, shape[:-1])
        inputs["y_pred"].append(case.given(f"y_pred{i}", p))
        inputs["y_true"].append(case.given(f"y_true{i}", y))
        if weight is not None:
            inputs["sample_weight"].append(case.given(f"sample_weight{i}", weight))
            if weight.ndim < len(shape) - 1:
                weight = np.broadcast_to(weight.reshape((-1,) + (1,) * (len(shape) - 2)), shape[:-1])
        kind = tf.float32 if metric["name"].startswith("top_k") else tf.float64    # in_top_k knows no float64
        keras_metric.update_state(tf.constant(y, kind), tf.constant(p, kind), sample_weight=weight)
    value = np.asarray(keras_metric.result())
    case.meta.update(spec={"metric": metric}, inputs=inputs, expected={"value": case.expected("value", value)})
    return case
