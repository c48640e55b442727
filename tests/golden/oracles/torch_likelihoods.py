"""Likelihood and quantile losses from their formulas, differentiated by PyTorch in float64.

A prediction holds the distribution's raw parameters in its last axis; the target has no such axis.
  gaussian_nll   (mean, raw): standard deviation softplus(raw) + 1e-6
  student_t_nll  (location, raw scale, raw freedom): scale softplus(raw) + 1e-6, degrees of freedom 2 + softplus(raw)
  negative_binomial_nll  (raw mean, raw dispersion): mean softplus(raw) + 1e-6, dispersion a likewise; variance mean + a mean²
  poisson_nll    (raw mean)
  quantile       one column for each level q: the mean over levels of max(q (y - p), (q - 1) (y - p))
The loss is the mean over rows and steps, weights times total/valid where a mask is given (semantics 2.6, 2.4.7).
"""

import numpy as np

from .bundle import Case, mask_of
from .torch_alone import F, torch

LEVELS = [0.1, 0.5, 0.9]


def _gaussian(p, y):
    return -torch.distributions.Normal(p[..., 0], F.softplus(p[..., 1]) + 1e-6).log_prob(y)


def _student_t(p, y):
    scale, freedom = F.softplus(p[..., 1]) + 1e-6, 2 + F.softplus(p[..., 2])
    return -torch.distributions.StudentT(freedom, p[..., 0], scale).log_prob(y)


def _negative_binomial(p, y):
    mean, dispersion = F.softplus(p[..., 0]) + 1e-6, F.softplus(p[..., 1]) + 1e-6
    odds = mean * dispersion
    return -torch.distributions.NegativeBinomial(1 / dispersion, probs=odds / (1 + odds)).log_prob(y)


def _poisson(p, y):
    return -torch.distributions.Poisson(F.softplus(p[..., 0]) + 1e-6).log_prob(y)


def _quantile(p, y):
    level = torch.tensor(LEVELS, dtype=torch.float64)
    error = y[..., None] - p
    return torch.maximum(level * error, (level - 1) * error).mean(dim=-1)


LOSSES = {"gaussian_nll": (_gaussian, 2), "student_t_nll": (_student_t, 3), "quantile": (_quantile, len(LEVELS)),
          "negative_binomial_nll": (_negative_binomial, 2), "poisson_nll": (_poisson, 1)}
COUNTS = ("negative_binomial_nll", "poisson_nll")


def likelihood_case(seed, name, kind, shape, *, weighted=False, mask=None):
    case = Case(name, "torch", "loss", seed)
    formula, columns = LOSSES[kind]
    p = torch.tensor(case.normal(shape + (columns,)), requires_grad=True)
    y = case.rng.poisson(3.0, size=shape).astype(np.float64) if kind in COUNTS else case.normal(shape)
    inputs = {"y_pred": case.given("y_pred", p.detach().numpy()), "y_true": case.given("y_true", y), "sample_weight": None,
              "mask": None}
    weight = np.ones(shape)
    if weighted:
        rows = case.uniform(shape[:1], 0.25, 2.0)
        inputs["sample_weight"] = case.given("sample_weight", rows)
        weight = weight * rows.reshape((-1,) + (1,) * (len(shape) - 1))
    if mask is not None:
        keep = mask_of(mask, shape[0], shape[1], case.rng)
        inputs["mask"] = case.given("mask", keep)
        weight = weight * keep * keep.size / keep.sum()
    loss = (formula(p, torch.tensor(y)) * torch.tensor(weight)).mean()
    loss.backward()
    spec = {"name": kind} | ({"levels": LEVELS} if kind == "quantile" else {})
    case.meta.update(spec={"loss": spec}, reduction="sum_over_batch_size", inputs=inputs, expected={"loss": case.expected("loss", loss.item()),
                                                                   "grad_y_pred": case.expected("g", p.grad.numpy())})
    return case
