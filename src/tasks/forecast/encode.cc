#include "tasks/forecast/encode.h"

#include <algorithm>
#include <cmath>

#include "rondo/error.h"

namespace rondo::forecasting {

std::string series_name(const Table& table, const RawSeries& series, const std::string& target) {
  std::string name = table.source();
  if (!series.data.id.empty()) name += ", series '" + series.data.id + "'";
  if (!target.empty()) name += ", column '" + target + "'";
  return name;
}

Encoder::Encoder(const RawPanel& raw, const Table& table, const std::vector<std::int64_t>& train_rows)
    : raw_(raw), table_(table), train_rows_(train_rows) {
  std::size_t column = raw.roles.targets.size();
  past_ = learn_group(raw.roles.past, column, false, past_names);
  known_ = learn_group(raw.roles.known, column, false, known_names);
  statics_ = learn_group(raw.roles.statics, column, true, static_names);
}

std::vector<double> Encoder::past(const RawSeries& series, std::int64_t begin, std::int64_t end) {
  return rows_of(series, past_, begin, end);
}

std::vector<double> Encoder::known(const RawSeries& series, std::int64_t begin, std::int64_t end) {
  return rows_of(series, known_, begin, end);
}

std::vector<double> Encoder::statics(const RawSeries& series) const {
  std::vector<double> out;
  for (const Encoding& encoding : statics_) {
    const double value = constant_of(series, encoding.column);
    if (encoding.one_hot) {
      encoding.one_hot->append(value, out);
    } else {
      out.push_back(std::isnan(value) ? encoding.mean : value);
    }
  }
  return out;
}

Encoder::Encoding Encoder::learn(const std::string& name, std::size_t column, bool constant) const {
  Encoding out;
  out.column = column;
  const auto found = raw_.texts.find(name);
  std::vector<std::int64_t> counts(found != raw_.texts.end() ? found->second.size() : 0);
  double sum = 0, n = 0;
  for (std::size_t s = 0; s < raw_.series.size(); ++s) {
    const std::int64_t rows = constant ? std::min<std::int64_t>(1, raw_.series[s].history) : train_rows_[s];
    for (std::int64_t row = 0; row < rows; ++row) {
      const double value = constant ? constant_of(raw_.series[s], column) : raw_.series[s].at(row, column);
      if (std::isnan(value)) continue;
      if (!counts.empty()) ++counts[static_cast<std::size_t>(value)];
      sum += value;
      ++n;
    }
  }
  if (found != raw_.texts.end()) out.one_hot = OneHot::learn(counts);
  out.mean = n > 0 ? sum / n : 0;
  return out;
}

std::vector<Encoder::Encoding> Encoder::learn_group(const std::vector<std::string>& names,
                                                    std::size_t& column, bool constant,
                                                    std::vector<std::string>& out_names) const {
  std::vector<Encoding> encodings;
  for (const std::string& name : names) {
    encodings.push_back(learn(name, column++, constant));
    if (!encodings.back().one_hot) {
      out_names.push_back(name);
      continue;
    }
    for (const std::size_t code : encodings.back().one_hot->chosen) {
      out_names.push_back(name + "=" + raw_.texts.at(name).text(code));
    }
  }
  return encodings;
}

/// The one value that a static column has in a series; NaN where it has none.
double Encoder::constant_of(const RawSeries& series, std::size_t column) const {
  double value = std::nan("");
  for (std::int64_t row = 0; row < series.history; ++row) {
    const double here = series.at(row, column);
    if (std::isnan(here) || here == value) continue;
    if (std::isnan(value)) {
      value = here;
      continue;
    }
    const std::string name = raw_.roles.all()[column];
    const std::int64_t source =
        series.data.source.empty() ? -1 : series.data.source[static_cast<std::size_t>(row)];
    throw Error(ErrorKind::data, "a static column changes within a series")
        .where(source >= 0 ? table_.where(source, name) : series_name(table_, series, name))
        .seen("another value than in the rows before")
        .expected("one value for each id")
        .cure("name it with --past, or with --known when its future is known");
  }
  return value;
}

/// Rows begin … end - 1 of some columns, holes filled by the value before.
std::vector<double> Encoder::rows_of(const RawSeries& series, const std::vector<Encoding>& encodings,
                                     std::int64_t begin, std::int64_t end) {
  std::vector<double> out;
  std::vector<double> last;
  for (const Encoding& encoding : encodings) {
    last.push_back(encoding.one_hot ? std::nan("") : encoding.mean);
    for (std::int64_t row = begin; row-- > 0;) {
      if (std::isnan(series.at(row, encoding.column))) continue;
      last.back() = series.at(row, encoding.column);
      break;
    }
  }
  for (std::int64_t row = begin; row < end; ++row) {
    for (std::size_t e = 0; e < encodings.size(); ++e) {
      const double here = row < series.data.length() ? series.at(row, encodings[e].column) : std::nan("");
      if (!std::isnan(here)) last[e] = here;
      if (encodings[e].one_hot) {
        unseen_ += !std::isnan(here) && encodings[e].one_hot->is_unseen(here) ? 1 : 0;
        encodings[e].one_hot->append(last[e], out);
      } else {
        out.push_back(last[e]);
      }
    }
  }
  return out;
}

}  // namespace rondo::forecasting
