"""Tables of cases: losses, metrics, optimisers, schedules."""

from . import keras_cases, torch_cases
from .bundle import Bundle
from .keras_losses import loss_case, metric_case
from .keras_optimizers import schedule_case
from .torch_likelihoods import likelihood_case


def losses(seed):
    bundle = Bundle()

    def add(label, loss, shape, **options):
        bundle.add(loss_case(seed, f"loss.{label}", loss, shape, **options))

    regression = {"mse": {"name": "mean_squared_error"}, "mae": {"name": "mean_absolute_error"},
                  "mape": {"name": "mean_absolute_percentage_error"}, "huber": {"name": "huber"},
                  "huber_small": {"name": "huber", "delta": 0.3}, "log_cosh": {"name": "log_cosh"},
                  "bce": {"name": "binary_crossentropy"},
                  "bce_logits": {"name": "binary_crossentropy", "from_logits": True},
                  "bce_smooth": {"name": "binary_crossentropy", "label_smoothing": 0.2},
                  "bce_logits_smooth": {"name": "binary_crossentropy", "from_logits": True, "label_smoothing": 0.1},
                  "cce": {"name": "categorical_crossentropy"},
                  "cce_logits": {"name": "categorical_crossentropy", "from_logits": True},
                  "cce_smooth": {"name": "categorical_crossentropy", "label_smoothing": 0.2},
                  "cce_logits_smooth": {"name": "categorical_crossentropy", "from_logits": True, "label_smoothing": 0.1},
                  "scce": {"name": "sparse_categorical_crossentropy"},
                  "scce_logits": {"name": "sparse_categorical_crossentropy", "from_logits": True}}
    for label, loss in regression.items():
        add(f"{label}.plain", loss, (4, 3))
        add(f"{label}.weighted", loss, (4, 3), weights="row")
        add(f"{label}.steps", loss, (3, 5, 3), mask="right")
        add(f"{label}.steps_row_weighted", loss, (3, 5, 3), mask="middle", weights="row")
        add(f"{label}.steps_weighted", loss, (3, 4, 3), mask="right", weights="step")
    for label in ("mse", "huber", "cce", "scce_logits"):
        add(f"{label}.sum", regression[label] | {"reduction": "sum"}, (3, 4, 3), mask="right")
        add(f"{label}.mean_with_sample_weight", regression[label] | {"reduction": "mean_with_sample_weight"}, (4, 3),
            weights="row")
        add(f"{label}.mean_with_step_weight", regression[label] | {"reduction": "mean_with_sample_weight"}, (3, 4, 3),
            weights="step", mask="right")
    for label, ignored in (("outside", -1), ("inside", 1)):
        sparse = {"name": "sparse_categorical_crossentropy", "from_logits": True, "ignore_class": ignored}
        add(f"ignore_class.{label}.plain", sparse, (9, 4))
        add(f"ignore_class.{label}.weighted", sparse, (9, 4), weights="row")
        add(f"ignore_class.{label}.steps", sparse, (4, 5, 3), weights="step")
        add(f"ignore_class.{label}.sum", sparse | {"reduction": "sum"}, (9, 4))
    for label, shape in (("plain", (4,)), ("steps", (3, 5))):
        for kind in ("gaussian_nll", "student_t_nll", "quantile", "negative_binomial_nll", "poisson_nll"):
            bundle.add(likelihood_case(seed, f"loss.{kind}.{label}", kind, shape))
            bundle.add(likelihood_case(seed, f"loss.{kind}.{label}.weighted", kind, shape, weighted=True,
                                       mask="right" if len(shape) > 1 else None))
    return bundle


def metrics(seed):
    bundle = Bundle()
    plain = ("mean_squared_error", "mean_absolute_error", "root_mean_squared_error", "mean_absolute_percentage_error", "log_cosh",
             "cosine_similarity", "binary_accuracy", "binary_crossentropy", "precision", "recall",
             "categorical_accuracy", "categorical_crossentropy", "sparse_categorical_accuracy",
             "sparse_categorical_crossentropy")
    for kind in plain:
        bundle.add(metric_case(seed, f"metric.{kind}.plain", {"name": kind}, (5, 3)))
        if kind not in ("precision", "recall"):
            bundle.add(metric_case(seed, f"metric.{kind}.weighted", {"name": kind}, (5, 3), weights="row"))
            bundle.add(metric_case(seed, f"metric.{kind}.steps", {"name": kind}, (3, 4, 3), weights="step"))
    bundle.add(metric_case(seed, "metric.top_2", {"name": "top_k_categorical_accuracy", "k": 2}, (6, 5)))
    bundle.add(metric_case(seed, "metric.r2", {"name": "r2_score"}, (6, 3)))
    bundle.add(metric_case(seed, "metric.auc", {"name": "auc"}, (12, 1)))
    return bundle


# More samples than these networks can learn by heart: where the loss reaches zero, RMSprop and Adam divide rounding by rounding.
TRAINING_SHAPE = (16, 4, 2)

LSTM = [{"type": "lstm", "name": "core", "units": 4}, {"type": "dense", "name": "out", "units": 1}]
GRU = [{"type": "gru", "name": "core", "units": 3}, {"type": "dense", "name": "out", "units": 1}]
CLASSES = [{"type": "simple_rnn", "name": "core", "units": 4},
           {"type": "dense", "name": "out", "units": 3, "activation": "softmax"}]
MSE = {"name": "mean_squared_error"}

# Weight decays are sums of few powers of two: TensorFlow holds them in float32. The others Keras reads exactly (keras_layers.py).
KERAS_RULES = {
    "sgd": {"name": "sgd", "learning_rate": 0.05}, "sgd_momentum": {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9},
    "sgd_nesterov": {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9, "nesterov": True},
    "sgd_clipvalue": {"name": "sgd", "learning_rate": 0.1, "clipvalue": 0.05},
    "sgd_clipnorm": {"name": "sgd", "learning_rate": 0.1, "clipnorm": 0.1},
    "sgd_global_clipnorm": {"name": "sgd", "learning_rate": 0.1, "global_clipnorm": 0.2},
    "sgd_weight_decay": {"name": "sgd", "learning_rate": 0.05, "weight_decay": 0.0078125},
    "sgd_momentum_schedule": {"name": "sgd", "momentum": 0.9, "learning_rate": {
        "name": "exponential_decay", "initial_learning_rate": 0.03, "decay_steps": 20, "decay_rate": 0.8}},
    "rmsprop": {"name": "rmsprop", "learning_rate": 0.0005}, "rmsprop_default": {"name": "rmsprop"},
    "rmsprop_momentum": {"name": "rmsprop", "learning_rate": 0.0005, "momentum": 0.8, "rho": 0.95},
    "rmsprop_centered": {"name": "rmsprop", "learning_rate": 0.0005, "centered": True},
    "rmsprop_centered_momentum": {"name": "rmsprop", "learning_rate": 0.0005, "centered": True, "momentum": 0.5},
    "rmsprop_weight_decay": {"name": "rmsprop", "learning_rate": 0.0005, "weight_decay": 0.015625},
    "adam": {"name": "adam", "learning_rate": 0.0025}, "adam_default": {"name": "adam"},
    "adam_betas": {"name": "adam", "learning_rate": 0.005, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4},
    "adam_amsgrad": {"name": "adam", "learning_rate": 0.0025, "amsgrad": True, "beta_2": 0.9},
    "adam_clipnorm": {"name": "adam", "learning_rate": 0.0025, "clipnorm": 0.05},
    "adam_global_clipnorm": {"name": "adam", "learning_rate": 0.0025, "global_clipnorm": 0.1},
    "adam_clipvalue": {"name": "adam", "learning_rate": 0.0025, "clipvalue": 0.02},
    "adam_weight_decay": {"name": "adam", "learning_rate": 0.0025, "weight_decay": 0.0625},
    "adam_schedule": {"name": "adam", "learning_rate": {
        "name": "cosine_decay", "initial_learning_rate": 0.001, "decay_steps": 80, "warmup_target": 0.02, "warmup_steps": 10}},
    "adamw": {"name": "adamw", "learning_rate": 0.0025}, "adamw_strong": {"name": "adamw", "learning_rate": 0.0025, "weight_decay": 0.125},
    "adamw_amsgrad": {"name": "adamw", "learning_rate": 0.0025, "amsgrad": True},
    "nadam": {"name": "nadam", "learning_rate": 0.001}, "nadam_default": {"name": "nadam"},
    "nadam_weight_decay": {"name": "nadam", "learning_rate": 0.001, "weight_decay": 0.03125},
    "adagrad": {"name": "adagrad", "learning_rate": 0.01}, "adagrad_default": {"name": "adagrad"},
    "adagrad_start": {"name": "adagrad", "learning_rate": 0.01, "initial_accumulator_value": 0.01},
    "adagrad_weight_decay": {"name": "adagrad", "learning_rate": 0.01, "weight_decay": 0.015625},
    "adadelta": {"name": "adadelta", "learning_rate": 1.0}, "adadelta_default": {"name": "adadelta"},
    "adadelta_rho": {"name": "adadelta", "learning_rate": 0.5, "rho": 0.9, "weight_decay": 0.0009765625},
}

TORCH_RULES = {
    "sgd": {"name": "sgd", "learning_rate": 0.05}, "sgd_momentum": {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9},
    "sgd_nesterov": {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9, "nesterov": True},
    "sgd_weight_decay": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.5, "weight_decay": 0.0078125},
    "sgd_global_clipnorm": {"name": "sgd", "learning_rate": 0.1, "global_clipnorm": 0.2},
    "sgd_clipvalue": {"name": "sgd", "learning_rate": 0.1, "clipvalue": 0.05},
    "rmsprop": {"name": "rmsprop", "learning_rate": 0.0005}, "rmsprop_default": {"name": "rmsprop"},
    "rmsprop_momentum": {"name": "rmsprop", "learning_rate": 0.0005, "momentum": 0.8, "rho": 0.9},
    "rmsprop_centered": {"name": "rmsprop", "learning_rate": 0.0005, "centered": True},
    "rmsprop_weight_decay": {"name": "rmsprop", "learning_rate": 0.0005, "weight_decay": 0.015625},
    "adam": {"name": "adam", "learning_rate": 0.0025}, "adam_default": {"name": "adam"},
    "adam_betas": {"name": "adam", "learning_rate": 0.005, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4},
    "adam_amsgrad": {"name": "adam", "learning_rate": 0.0025, "amsgrad": True, "beta_2": 0.9},
    "adam_weight_decay": {"name": "adam", "learning_rate": 0.0025, "weight_decay": 0.0625},
    "adamw": {"name": "adamw", "learning_rate": 0.0025}, "adamw_strong": {"name": "adamw", "learning_rate": 0.0025, "weight_decay": 0.125},
    "adamw_amsgrad": {"name": "adamw", "learning_rate": 0.0025, "amsgrad": True},
    "nadam": {"name": "nadam", "learning_rate": 0.001}, "nadam_weight_decay": {"name": "nadam", "learning_rate": 0.001, "weight_decay": 0.03125},
    "adagrad": {"name": "adagrad", "learning_rate": 0.01}, "adagrad_default": {"name": "adagrad"},
    "adagrad_weight_decay": {"name": "adagrad", "learning_rate": 0.01, "weight_decay": 0.015625},
    "adadelta": {"name": "adadelta", "learning_rate": 1.0}, "adadelta_rho": {"name": "adadelta", "learning_rate": 0.5, "rho": 0.95},
}


def optimizers(seed):
    """One hundred training steps with every optimiser, Keras's formulas and PyTorch's."""
    bundle = Bundle()
    for name, rule in KERAS_RULES.items():
        bundle.add(keras_cases.training_run(seed, f"train.keras.{name}", LSTM, TRAINING_SHAPE, MSE, rule | {"convention": "keras"}))
    adam = {"name": "adam", "learning_rate": 0.0025, "convention": "keras"}
    bundle.add(keras_cases.training_run(seed, "train.keras.gru_masked", GRU, TRAINING_SHAPE, MSE, adam, mask="right"))
    bundle.add(keras_cases.training_run(seed, "train.keras.classes", CLASSES, TRAINING_SHAPE, {"name": "categorical_crossentropy"},
                                        {"name": "rmsprop", "learning_rate": 0.0005, "convention": "keras"}))
    steps = [{"type": "bidirectional", "name": "both", "layer": {"type": "gru", "units": 3, "return_sequences": True,
                                                                 "kernel_regularizer": {"l2": 0.01}}},
             {"type": "dense", "name": "out", "units": 1}]
    bundle.add(keras_cases.training_run(seed, "train.keras.both_penalty_masked", steps, TRAINING_SHAPE, {"name": "huber"}, adam,
                                        mask="right"))
    for name, rule in TORCH_RULES.items():
        # The default learning rate of PyTorch's RMSprop moves weights by 0.1 at once: float32 and float64 part ways soon.
        bundle.add(torch_cases.training_run(seed, f"train.torch.{name}", LSTM, TRAINING_SHAPE, rule | {"convention": "torch"},
                                            steps=10 if name == "rmsprop_default" else 100))
    return bundle


# Of Lion few steps: it takes signs, and a gradient near zero has another one in float32.
LATER_RULES = {
    "adamax": {"name": "adamax", "learning_rate": 0.0025}, "adamax_default": {"name": "adamax"},
    "adamax_betas": {"name": "adamax", "learning_rate": 0.005, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4},
    "adamax_weight_decay": {"name": "adamax", "learning_rate": 0.0025, "weight_decay": 0.0625, "clipnorm": 0.05},
    "lion": {"name": "lion", "learning_rate": 0.0005}, "lion_betas": {"name": "lion", "learning_rate": 0.0005, "beta_1": 0.8,
                                                                     "beta_2": 0.95, "weight_decay": 0.0625},
    "adafactor": {"name": "adafactor", "learning_rate": 0.01}, "adafactor_default": {"name": "adafactor"},
    "adafactor_options": {"name": "adafactor", "learning_rate": 0.02, "beta_2_decay": -0.5, "epsilon_2": 0.01,
                          "clip_threshold": 0.5, "weight_decay": 0.0625},
    "adafactor_schedule": {"name": "adafactor", "learning_rate": {
        "name": "cosine_decay_restarts", "initial_learning_rate": 0.01, "first_decay_steps": 20}},
    "sgd_accumulate": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9, "gradient_accumulation_steps": 4},
    "adam_accumulate": {"name": "adam", "clipnorm": 0.05, "weight_decay": 0.0625, "gradient_accumulation_steps": 3, "learning_rate": {
        "name": "exponential_decay", "initial_learning_rate": 0.01, "decay_steps": 20, "decay_rate": 0.8}},
    "adam_ema": {"name": "adam", "learning_rate": 0.005, "use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 7},
    "sgd_accumulate_ema": {"name": "sgd", "learning_rate": 0.05, "gradient_accumulation_steps": 3, "use_ema": True,
                           "ema_momentum": 0.75, "ema_overwrite_frequency": 5},
    "sgd_nesterov_alone": {"name": "sgd", "learning_rate": 0.05, "nesterov": True},
}


def later_optimizers(seed):
    """Adamax, Lion and Adafactor, and Nesterov's rule without momentum."""
    bundle = Bundle()
    for name, rule in LATER_RULES.items():
        bundle.add(keras_cases.training_run(seed, f"train.keras.{name}", LSTM, TRAINING_SHAPE, MSE, rule | {"convention": "keras"},
                                            steps=10 if name.startswith("lion") else 100))
    gru = [{"type": "gru", "name": "core", "units": 3}, {"type": "dense", "name": "out", "units": 1}]   # a bias of two rows
    bundle.add(keras_cases.training_run(seed, "train.keras.adafactor_gru", gru, TRAINING_SHAPE, MSE,
                                        {"name": "adafactor", "learning_rate": 0.01, "convention": "keras"}))
    return bundle


def weight_rules(seed):
    """Training with constraints on weights, which Keras applies after every step."""
    bundle = Bundle()
    sgd, adam = ({"name": name, "learning_rate": 0.02, "convention": "keras"} for name in ("sgd", "adam"))
    rules = {"max_norm": {"name": "max_norm", "max_value": 0.5}, "max_norm_rows": {"name": "max_norm", "max_value": 0.5, "axis": 1},
             "unit_norm": "unit_norm", "unit_norm_rows": {"name": "unit_norm", "axis": 1}, "non_neg": "non_neg",
             "min_max_norm": {"name": "min_max_norm", "min_value": 0.25, "max_value": 0.5, "rate": 0.75}}
    for name, rule in rules.items():
        bias = rule if isinstance(rule, str) or "axis" not in rule else "non_neg"
        layers = [{"type": "lstm", "name": "core", "units": 4, "kernel_constraint": rule, "recurrent_constraint": rule,
                   "bias_constraint": bias},
                  {"type": "dense", "name": "out", "units": 1, "kernel_constraint": rule}]
        for rule_name, optimizer in (("sgd", sgd), ("adam", adam)):
            bundle.add(keras_cases.training_run(seed, f"constraint.{name}.{rule_name}", layers, TRAINING_SHAPE, MSE, optimizer,
                                                steps=30))
    return bundle


def schedules(seed):
    bundle = Bundle()
    exponential = {"name": "exponential_decay", "initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}
    cosine = {"name": "cosine_decay", "initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.05}
    keras_tables = {
        "exponential": exponential, "exponential_staircase": exponential | {"staircase": True}, "cosine": cosine,
        "cosine_warmup": cosine | {"initial_learning_rate": 0.01, "warmup_target": 0.2, "warmup_steps": 8},
        "piecewise": {"name": "piecewise_constant_decay", "boundaries": [5, 12], "values": [0.1, 0.05, 0.01]},
        "restarts": {"name": "cosine_decay_restarts", "initial_learning_rate": 0.1, "first_decay_steps": 5, "alpha": 0.05},
        "restarts_alike": {"name": "cosine_decay_restarts", "initial_learning_rate": 0.1, "first_decay_steps": 7, "t_mul": 1.0,
                           "m_mul": 0.8},
        "restarts_lower": {"name": "cosine_decay_restarts", "initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.5,
                           "m_mul": 0.5},
        "polynomial": {"name": "polynomial_decay", "initial_learning_rate": 0.1, "decay_steps": 20, "end_learning_rate": 0.01,
                       "power": 2.0},
        "inverse_time": {"name": "inverse_time_decay", "initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5}}
    for name, schedule in keras_tables.items():
        bundle.add(schedule_case(seed, f"schedule.keras.{name}", schedule, 40))
    cycle = {"name": "one_cycle", "max_lr": 0.1, "total_steps": 40}
    torch_tables = {
        "step": {"name": "step_decay", "initial_learning_rate": 0.1, "step_size": 7, "gamma": 0.5},
        "multi_step": {"name": "multi_step_decay", "initial_learning_rate": 0.1, "milestones": [5, 12], "gamma": 0.1},
        "cosine": {"name": "cosine_annealing", "initial_learning_rate": 0.1, "T_max": 15, "eta_min": 0.01},
        "one_cycle": cycle, "one_cycle_linear": cycle | {"anneal_strategy": "linear", "pct_start": 0.2},
        "one_cycle_three_phases": cycle | {"three_phase": True, "div_factor": 10.0, "final_div_factor": 100.0}}
    for name, schedule in torch_tables.items():
        bundle.add(torch_cases.schedule_case(seed, f"schedule.torch.{name}", schedule, 40))
    return bundle
