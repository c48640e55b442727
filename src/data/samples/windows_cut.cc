#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/data/windows.h"

// How windows become batches.

namespace rondo {

namespace {

/// Masked steps must hold something that a sum may see.
template <class T>
T number_or_zero(double value, bool& hole) {
  if (!std::isnan(value)) return static_cast<T>(value);
  hole = true;
  return T{0};
}

}  // namespace

struct Windows::Part {
  std::int64_t offset = 0;  ///< first row, from the window's begin
  std::int64_t rows = 0;
  const std::vector<std::int64_t>* columns = nullptr;
  bool scaled = false;
};

template <class T>
Tensor Windows::cut(std::span<const WindowPlace> places, const Part& part,
                    std::vector<std::uint8_t>& whole) const {
  const auto width = static_cast<std::int64_t>(part.columns->size());
  Tensor out({static_cast<std::int64_t>(places.size()), part.rows, width}, dtype_of<T>());
  whole.assign(places.size() * static_cast<std::size_t>(part.rows), 1);
  const std::span<T> to = out.data<T>();
  std::size_t at = 0, step = 0;
  std::vector<WindowScale> scales(part.columns->size());
  for (const WindowPlace& place : places) {
    const Tensor& all = series_->series[static_cast<std::size_t>(place.series)].values;
    const std::span<const double> from = all.data<double>();
    for (std::size_t c = 0; part.scaled && c < scales.size(); ++c) {
      scales[c] = scale(place.series, place.begin, (*part.columns)[c]);
    }
    for (std::int64_t t = 0; t < part.rows; ++t, ++step) {
      const std::int64_t row = (place.begin + part.offset + t) * all.dim(1);
      bool hole = false;
      for (std::size_t c = 0; c < scales.size(); ++c, ++at) {
        const double value = from[static_cast<std::size_t>(row + (*part.columns)[c])];
        to[at] = number_or_zero<T>(scales[c].transform(value), hole);
      }
      if (hole) whole[step] = 0;
    }
  }
  return out;
}

Samples Windows::inputs_of(std::span<const WindowPlace> places, DType dtype) const {
  const Part part{0, options_.length, &inputs_, true};
  std::vector<std::uint8_t> whole;
  Tensor values = with_dtype(dtype, [&](auto zero) { return cut<decltype(zero)>(places, part, whole); });
  const bool complete = std::find(whole.begin(), whole.end(), 0) == whole.end();
  return complete ? Samples(std::move(values)) : Samples::masked(values, whole);
}

Batch Windows::gather(std::span<const std::int64_t> indices, DType dtype) const {
  std::vector<WindowPlace> places;
  places.reserve(indices.size());
  for (const std::int64_t index : indices) places.push_back(place(index));
  Batch out;
  out.inputs.push_back(inputs_of(places, dtype));
  const std::int64_t ahead = options_.length + options_.gap;
  with_dtype(dtype, [&](auto zero) {
    using T = decltype(zero);
    std::vector<std::uint8_t> whole;
    if (!future_.empty())
      out.inputs.emplace_back(cut<T>(places, {ahead, options_.horizon, &future_, false}, whole));
    Tensor targets = cut<T>(places, {ahead, options_.horizon, &targets_, true}, whole);
    const auto count = static_cast<std::int64_t>(places.size());
    const auto horizon = static_cast<std::size_t>(options_.horizon);
    if (std::find(whole.begin(), whole.end(), 0) != whole.end()) {
      // A sequence loses the steps that are not known; a flat row all of itself, as losses weigh rows.
      Tensor weights(options_.flat_targets ? Shape{count} : Shape{count, options_.horizon}, dtype);
      for (std::size_t i = 0; i < whole.size(); ++i) {
        if (!options_.flat_targets) weights.set(static_cast<std::int64_t>(i), whole[i]);
      }
      for (std::size_t b = 0; options_.flat_targets && b < places.size(); ++b) {
        const auto first = whole.begin() + static_cast<std::ptrdiff_t>(b * horizon);
        weights.set(static_cast<std::int64_t>(b),
                    std::find(first, first + options_.horizon, 0) == first + options_.horizon);
      }
      out.weights.push_back(std::move(weights));
    }
    if (options_.flat_targets) {
      targets =
          std::move(targets).reshaped({count, options_.horizon * static_cast<std::int64_t>(targets_.size())});
    }
    out.targets.emplace_back(std::move(targets));
  });
  return out;
}

std::int64_t Windows::last_begin(std::int64_t index, std::optional<std::int64_t> end) const {
  detail::check_index(index, series_->count(), "there is no such series");
  const std::int64_t length = series_->series[static_cast<std::size_t>(index)].length();
  const std::int64_t stop = end.value_or(length);
  if (stop < options_.length || stop > length) {
    throw Error(ErrorKind::data, "too few rows to forecast from")
        .seen(std::to_string(std::min(stop, length)) + " rows")
        .expected("at least " + std::to_string(options_.length) + ", the length of a window");
  }
  return stop - options_.length;
}

Batch Windows::last_inputs(std::int64_t index, DType dtype, std::optional<std::int64_t> end,
                           const Tensor& future) const {
  const WindowPlace place{index, last_begin(index, end)};
  Batch out;
  out.inputs.push_back(inputs_of(std::span(&place, 1), dtype));
  if (future_.empty()) return out;
  const Shape wanted = {options_.horizon, static_cast<std::int64_t>(future_.size())};
  if (future.shape() != wanted) {
    throw Error(ErrorKind::usage, "the values known beforehand do not fit")
        .seen("shape " + to_string(future.shape()))
        .expected("[horizon, future_inputs] = " + to_string(wanted));
  }
  out.inputs.emplace_back(future.cast(dtype).reshaped({1, wanted[0], wanted[1]}));
  return out;
}

WindowScale Windows::last_scale(std::int64_t index, std::int64_t target,
                                std::optional<std::int64_t> end) const {
  return scale(index, last_begin(index, end), targets_.at(static_cast<std::size_t>(target)));
}

}  // namespace rondo
