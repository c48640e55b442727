#pragma once

// Distribution functions of the normal, Student's t, gamma and beta distributions. All are pure, thread-safe
// and accurate to about 1e-12 (1e-9 where an argument exceeds 1e5).

namespace rondo::detail {

/// log Γ(x + y) − log Γ(x) for x > 0, y ≥ 0, without the cancellation of large x.
double log_gamma_ratio(double x, double y);
/// ψ(x + y) − ψ(x) for x > 0, y ≥ 0, in the same way.
double digamma_difference(double x, double y);

/// Density and distribution function of the standard normal.
double normal_density(double z);
double normal_cdf(double z);
/// Its inverse on (0, 1); ∓infinity at 0 and 1, NaN outside.
double normal_quantile(double p);

/// Regularised incomplete beta function I_x(a, b), a, b > 0, 0 ≤ x ≤ 1. The second form takes 1 − x too, for
/// callers who know it better than a subtraction does.
double incomplete_beta(double a, double b, double x);
double incomplete_beta(double a, double b, double x, double one_minus_x);
/// Regularised upper incomplete gamma function Q(a, x) = Γ(a, x) / Γ(a), a > 0, x ≥ 0.
double incomplete_gamma_upper(double a, double x);

/// Student's t distribution with ν > 0 degrees of freedom (not necessarily whole).
double student_t_log_density(double t, double nu);
double student_t_cdf(double t, double nu);
/// Its inverse on (0, 1); ∓infinity at 0 and 1, NaN outside.
double student_t_quantile(double p, double nu);

}  // namespace rondo::detail
