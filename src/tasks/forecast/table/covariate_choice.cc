#include "tasks/forecast/table/covariate_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace rondo::forecasting {

namespace {

/// How well one column goes with the steps of a target: the share of their variance that a line, or the means
/// of its texts, explain. Sums of one series, of deviations from nothing: steps have a mean near 0.
class Fit {
 public:
  explicit Fit(bool texts) : texts_(texts) {}

  void add(double x, double step) {
    if (std::isnan(x) || std::isnan(step)) return;
    ++n_;
    y_ += step, yy_ += step * step;
    if (texts_) {
      auto& [count, sum] = groups_[x];
      ++count;
      sum += step;
    } else {
      x_ += x, xx_ += x * x, xy_ += x * step;
    }
  }

  double share() const {
    const double all = yy_ - y_ * y_ / n_;
    if (!(n_ > 2) || !(all > 0)) return 0;
    double explained = 0;
    if (texts_) {
      for (const auto& [code, group] : groups_) explained += group.second * group.second / group.first;
      explained -= y_ * y_ / n_;
    } else {
      const double spread = xx_ - x_ * x_ / n_, both = xy_ - x_ * y_ / n_;
      explained = spread > 1e-12 * xx_ ? both * both / spread : 0;
    }
    return std::isfinite(explained) ? std::clamp(explained / all, 0.0, 1.0) : 0;
  }
  double rows() const { return n_; }

 private:
  bool texts_;
  double n_ = 0, x_ = 0, xx_ = 0, xy_ = 0, y_ = 0, yy_ = 0;
  std::map<double, std::pair<double, double>> groups_;  ///< by code: how many, and the sum of their steps
};

/// Of one column in all series: the best of its value and its change, and of the targets, weighted by rows.
/// What is known ahead stands beside the step itself, what is not beside the one after.
double score(const RawPanel& raw, const std::vector<std::int64_t>& train_rows, std::size_t column, bool texts,
             bool known) {
  double sum = 0, rows = 0;
  for (std::size_t s = 0; s < raw.series.size(); ++s) {
    const RawSeries& series = raw.series[s];
    const std::int64_t end = std::min(train_rows[s], series.data.length());
    double best = 0, used = 0;
    for (std::size_t target = 0; target < raw.roles.targets.size(); ++target) {
      Fit value(texts), change(false);
      for (std::int64_t row = 1; row < end; ++row) {
        const double step = series.at(row, target) - series.at(row - 1, target);
        const std::int64_t at = known ? row : row - 1;
        value.add(series.at(at, column), step);
        if (!texts && at > 0) change.add(series.at(at, column) - series.at(at - 1, column), step);
      }
      best = std::max({best, value.share(), change.share()});
      used = std::max(used, value.rows());
    }
    sum += best * used;
    rows += used;
  }
  return rows > 0 ? sum / rows : 0;
}

/// Those of the columns of a role that are kept, in their order; `first` is the place of the role's first.
std::vector<std::size_t> best_of(const RawPanel& raw, const std::vector<std::int64_t>& train_rows,
                                 const std::vector<std::string>& role, std::size_t first, std::size_t most,
                                 bool known) {
  std::vector<std::size_t> columns(role.size());
  std::iota(columns.begin(), columns.end(), first);
  if (role.size() <= most) return columns;
  std::vector<double> scores;
  for (const std::size_t column : columns)
    scores.push_back(score(raw, train_rows, column, raw.texts.contains(role[column - first]), known));
  std::ranges::stable_sort(
      columns, [&](std::size_t a, std::size_t b) { return scores[a - first] > scores[b - first]; });
  columns.resize(most);
  std::ranges::sort(columns);
  return columns;
}

std::string note_of(const char* option, std::size_t given, std::size_t kept) {
  return std::to_string(given) + " columns of " + option + " are more than a forecast can use: the " +
         std::to_string(kept) +
         " that go best with the next step of the target in the training part are used";
}

}  // namespace

void keep_best_covariates(RawPanel& raw, const std::vector<std::int64_t>& train_rows, std::size_t most,
                          std::vector<std::string>& notes) {
  Roles& roles = raw.roles;
  if (roles.past.size() <= most && roles.known.size() <= most) return;
  const std::vector<std::string> names = roles.all();
  const std::size_t past = roles.targets.size(), known = past + roles.past.size(),
                    rest = known + roles.known.size();
  std::vector<std::size_t> kept(past);
  std::iota(kept.begin(), kept.end(), std::size_t{0});
  const auto choose = [&](std::vector<std::string>& role, std::size_t first, bool is_known,
                          const char* option) {
    std::vector<std::size_t> best = best_of(raw, train_rows, role, first, most, is_known);
    if (best.size() < role.size()) notes.push_back(note_of(option, role.size(), best.size()));
    kept.insert(kept.end(), best.begin(), best.end());
    return best;
    return best;
  };
  const std::vector<std::size_t> best_past = choose(roles.past, past, false, "--past"),
                                 best_known = choose(roles.known, known, true, "--known");
  const auto names_of = [&](const std::vector<std::size_t>& columns) {
    std::vector<std::string> out;
    for (const std::size_t column : columns) out.push_back(names[column]);
    return out;
  };
  roles.past = names_of(best_past);
  roles.known = names_of(best_known);
  for (std::size_t column = rest; column < names.size(); ++column) kept.push_back(column);
  for (RawSeries& series : raw.series) {
    Tensor values({series.data.values.dim(0), static_cast<std::int64_t>(kept.size())}, DType::float64);
    for (std::int64_t row = 0; row < values.dim(0); ++row) {
      for (std::size_t c = 0; c < kept.size(); ++c)
        values.set(row * values.dim(1) + static_cast<std::int64_t>(c), series.at(row, kept[c]));
    }
    series.data.values = std::move(values);
  }
  const std::vector<std::string> all = roles.all();
  const std::set<std::string> used(all.begin(), all.end());
  std::erase_if(raw.texts, [&](const auto& text) { return !used.contains(text.first); });
}

}  // namespace rondo::forecasting
