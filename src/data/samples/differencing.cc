#include <numeric>

#include "rondo/base/error.h"
#include "rondo/base/options.h"
#include "rondo/data/scaler.h"

namespace rondo {

namespace {

/// Rows of numbers in double.
struct Rows {
  std::vector<double> values;
  std::int64_t columns = 0;
  std::int64_t count() const { return columns == 0 ? 0 : static_cast<std::int64_t>(values.size()) / columns; }
};

Rows rows_of(const Tensor& tensor) {
  if (tensor.rank() != 2) {
    throw Error(ErrorKind::usage, "differences are taken of [time, columns]")
        .seen("shape " + to_string(tensor.shape()));
  }
  Rows out{{}, tensor.dim(1)};
  out.values.resize(static_cast<std::size_t>(tensor.size()));
  for (std::int64_t i = 0; i < tensor.size(); ++i) out.values[static_cast<std::size_t>(i)] = tensor.at(i);
  return out;
}

Rows difference(const Rows& in, std::int64_t lag) {
  const auto distance = static_cast<std::size_t>(lag * in.columns);
  Rows out{{}, in.columns};
  for (std::size_t i = distance; i < in.values.size(); ++i)
    out.values.push_back(in.values[i] - in.values[i - distance]);
  return out;
}

}  // namespace

Differencing::Differencing(std::vector<std::int64_t> lags) : lags_(std::move(lags)) {
  for (const std::int64_t lag : lags_) {
    if (lag >= 1) continue;
    throw Error(ErrorKind::usage, "a difference needs a lag of at least 1").seen(std::to_string(lag));
  }
}

std::int64_t Differencing::lost() const {
  return std::accumulate(lags_.begin(), lags_.end(), std::int64_t{0});
}

Tensor Differencing::transform(const Tensor& values) const {
  Rows rows = rows_of(values);
  if (rows.count() <= lost()) {
    throw Error(ErrorKind::data, "too few rows to take differences of")
        .seen(std::to_string(rows.count()))
        .expected("more than " + std::to_string(lost()));
  }
  for (const std::int64_t lag : lags_) rows = difference(rows, lag);
  return Tensor::from(std::span<const double>(rows.values), {rows.count(), rows.columns});
}

Tensor Differencing::inverse(const Tensor& differences, const Tensor& history) const {
  Rows past = rows_of(history), changes = rows_of(differences);
  if (past.columns != changes.columns || past.count() < lost()) {
    throw Error(ErrorKind::usage, "the history does not fit the differences")
        .seen("shape " + to_string(history.shape()))
        .expected("at least [" + std::to_string(lost()) + ", " + std::to_string(changes.columns) + "]");
  }
  // History at every stage of differencing; the last stage is what `differences` continues.
  std::vector<Rows> stages = {past};
  for (const std::int64_t lag : lags_) stages.push_back(difference(stages.back(), lag));
  for (std::size_t s = lags_.size(); s-- > 0;) {
    std::vector<double> all = stages[s].values;
    const auto distance = static_cast<std::size_t>(lags_[s] * changes.columns);
    const std::size_t start = all.size();
    for (const double change : changes.values) all.push_back(all[all.size() - distance] + change);
    changes.values.assign(all.begin() + static_cast<std::ptrdiff_t>(start), all.end());
  }
  return Tensor::from(std::span<const double>(changes.values), differences.shape());
}

Json Differencing::to_config() const { return Json::object({{"lags", Json::list(lags_)}}); }

Differencing Differencing::from_config(const Json& config, std::string_view path) {
  std::vector<std::int64_t> lags;
  detail::from_config(config.at("lags", path), lags, std::string(path) + ".lags");
  return Differencing(std::move(lags));
}

}  // namespace rondo
