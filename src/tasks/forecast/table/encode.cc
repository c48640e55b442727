#include "tasks/forecast/table/encode.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo::forecasting {

std::string series_name(const Table& table, const RawSeries& series, const std::string& target) {
  std::string name = table.source();
  if (!series.data.id.empty()) name += ", series '" + series.data.id + "'";
  if (!target.empty()) name += ", column '" + target + "'";
  return name;
}

std::string place_of(const Table& table, const RawSeries& series, std::int64_t row,
                     const std::string& column) {
  const auto& rows = series.data.source;
  const std::int64_t source = rows.empty() ? -1 : rows[static_cast<std::size_t>(row)];
  return source >= 0 ? table.where(source, column)
                     : series_name(table, series, column) + ", row " + std::to_string(row + 1);
}

namespace {

/// The one value that a static column has in a series; NaN where it has none.
double constant_of(const RawPanel& raw, const Table& table, const RawSeries& series, std::size_t column) {
  double value = std::nan("");
  for (std::int64_t row = 0; row < series.history; ++row) {
    const double here = series.at(row, column);
    if (std::isnan(here) || here == value) continue;
    if (std::isnan(value)) {
      value = here;
      continue;
    }
    throw Error(ErrorKind::data, "a static column changes within a series")
        .where(place_of(table, series, row, raw.roles.all()[column]))
        .seen("another value than in the rows before")
        .expected("one value for each id")
        .fix("name it with --past, or with --known when its future is known");
  }
  return value;
}

class Learner {
 public:
  Learner(const RawPanel& raw, const Table& table, const std::vector<std::int64_t>& train_rows)
      : raw_(raw), table_(table), train_rows_(train_rows), column_(raw.roles.targets.size()) {}

  /// The next columns of the raw series.
  std::vector<Encoding> group(const std::vector<std::string>& names, bool constant,
                              std::vector<std::string>& out_names) {
    std::vector<Encoding> encodings;
    for (const std::string& name : names) {
      encodings.push_back(learn(name, column_++, constant));
      const Encoding& learnt = encodings.back();
      if (!learnt.one_hot) {
        out_names.push_back(name);
        if (learnt.empty == Empty::zero_and_mark) out_names.push_back(name + " (given)");
        continue;
      }
      for (const std::size_t code : learnt.one_hot->chosen) {
        const std::string& text = raw_.texts.at(name).text(code);
        out_names.push_back(name + "=" + (text.empty() ? "(empty)" : text));
      }
    }
    return encodings;
  }

 private:
  Encoding learn(const std::string& name, std::size_t column, bool constant) const {
    Encoding out;
    out.column = column;
    const auto found = raw_.texts.find(name);
    std::vector<std::int64_t> counts(found != raw_.texts.end() ? found->second.size() : 0);
    double sum = 0, n = 0;
    for (std::size_t s = 0; s < raw_.series.size(); ++s) {
      const RawSeries& series = raw_.series[s];
      const std::int64_t rows = constant ? std::min<std::int64_t>(1, series.history) : train_rows_[s];
      for (std::int64_t row = 0; row < rows; ++row) {
        const double value = constant ? constant_of(raw_, table_, series, column) : series.at(row, column);
        if (std::isnan(value)) continue;
        if (!counts.empty()) ++counts[static_cast<std::size_t>(value)];
        sum += value;
        ++n;
      }
    }
    if (found != raw_.texts.end()) out.one_hot = OneHot::learn(counts);
    out.mean = n > 0 ? sum / n : 0;
    if (!out.one_hot && !constant) out.empty = meaning_of_empty(column);
    return out;
  }

  /// By the rows of the table before the test part. Of columns whose future is not known only flags: the
  /// last of a few measurements is the best guess of what it is now.
  Empty meaning_of_empty(std::size_t column) const {
    std::int64_t empty = 0, filled = 0;
    double first = 0;
    bool same = true;
    for (std::size_t s = 0; s < raw_.series.size(); ++s) {
      for (std::int64_t row = 0; row < train_rows_[s]; ++row) {
        if (!raw_.series[s].stands_in_table(row)) continue;
        const double value = raw_.series[s].at(row, column);
        if (std::isnan(value)) {
          ++empty;
          continue;
        }
        if (filled++ == 0) first = value;
        same = same && value == first;
      }
    }
    if (filled == 0 || empty <= filled) return Empty::previous;
    if (same && first != 0) return Empty::zero;
    const std::size_t known = raw_.roles.targets.size() + raw_.roles.past.size();
    return column >= known ? Empty::zero_and_mark : Empty::previous;
  }

  const RawPanel& raw_;
  const Table& table_;
  const std::vector<std::int64_t>& train_rows_;
  std::size_t column_;
};

}  // namespace

Encodings Encodings::learn(const RawPanel& raw, const Table& table,
                           const std::vector<std::int64_t>& train_rows) {
  Encodings out;
  Learner learner(raw, table, train_rows);
  out.past = learner.group(raw.roles.past, false, out.past_names);
  out.known = learner.group(raw.roles.known, false, out.known_names);
  out.statics = learner.group(raw.roles.statics, true, out.static_names);
  const std::vector<Encoding> holidays = learner.group(raw.roles.holidays, false, out.known_names);
  out.known.insert(out.known.end(), holidays.begin(), holidays.end());
  return out;
}

std::vector<std::string> Encodings::notes(const RawPanel& raw) const {
  std::vector<std::string> out;
  const auto look = [&](const std::vector<Encoding>& encodings, const std::vector<std::string>& names) {
    for (std::size_t e = 0; e < encodings.size(); ++e) {
      const Encoding& how = encodings[e];
      std::int64_t empty = 0, rows = 0;
      for (const RawSeries& series : raw.series) {
        for (std::int64_t row = 0; row < series.history; ++row) {
          if (!series.stands_in_table(row)) continue;
          const double value = series.at(row, how.column);
          empty += std::isnan(value) || (how.one_hot &&
                                         raw.texts.at(names[e]).text(static_cast<std::size_t>(value)).empty())
                       ? 1
                       : 0;
          ++rows;
        }
      }
      if (empty == 0) continue;
      const bool own = how.one_hot || how.empty != Empty::previous;
      out.push_back("column '" + names[e] + "' is empty in " + std::to_string(empty) + " of " +
                    detail::count_of(rows, "row") + ": " +
                    (own ? "taken as a value of its own, as no event is"
                         : "filled by the value before (by the mean where there is none)"));
    }
  };
  look(past, raw.roles.past);
  look(known, raw.roles.known);
  return out;
}

std::vector<double> Encoder::past(const RawSeries& series, std::int64_t begin, std::int64_t end) {
  return rows_of(series, encodings_.past, begin, end);
}

std::vector<double> Encoder::known(const RawSeries& series, std::int64_t begin, std::int64_t end) {
  return rows_of(series, encodings_.known, begin, end);
}

std::vector<KnownDoubt> Encoder::doubts(const RawSeries& series, std::int64_t begin, std::int64_t from,
                                        std::int64_t end) const {
  std::vector<KnownDoubt> out;
  std::size_t column = 0;
  for (const Encoding& how : encodings_.known) {
    for (std::int64_t row = from; how.one_hot && row < std::min(end, series.data.length()); ++row) {
      if (how.one_hot->is_unseen(series.at(row, how.column)))
        out.push_back({row - begin, column, how.width(), 0, 1});
    }
    column += how.width();
  }
  return out;
}

std::vector<double> Encoder::statics(const RawSeries& series) const {
  std::vector<double> out;
  for (const Encoding& encoding : encodings_.statics) {
    const double value = constant_of(raw_, table_, series, encoding.column);
    if (encoding.one_hot) {
      encoding.one_hot->append(value, out);
    } else {
      out.push_back(std::isnan(value) ? encoding.mean : value);
    }
  }
  return out;
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
        if (!std::isnan(here) && encodings[e].one_hot->is_unseen(here))
          note_unseen(series, encodings[e].column, row, here);
        encodings[e].one_hot->append(last[e], out);
      } else if (encodings[e].empty == Empty::previous) {
        out.push_back(last[e]);
      } else {
        out.push_back(std::isnan(here) ? 0 : here);
        if (encodings[e].empty == Empty::zero_and_mark) out.push_back(std::isnan(here) ? 0 : 1);
      }
    }
  }
  return out;
}

void Encoder::note_unseen(const RawSeries& series, std::size_t column, std::int64_t row, double code) {
  const std::string name = raw_.roles.all()[column];
  unseen_[column][raw_.texts.at(name).text(static_cast<std::size_t>(code))].emplace(&series, row);
}

std::vector<std::string> Encoder::unseen_notes() const {
  std::vector<std::string> out;
  const std::vector<std::string> names = raw_.roles.all();
  for (const auto& [column, texts] : unseen_) {
    std::size_t rows = 0;
    std::vector<std::string> words;
    for (const auto& [text, where] : texts) {
      rows += where.size();
      if (words.size() < 5) words.push_back(text);
    }
    out.push_back("column '" + names[column] + "' says " + detail::listed(words, "'") +
                  (texts.size() > words.size() ? " and more" : "") + " in " +
                  detail::count_of(static_cast<std::int64_t>(rows), "row") +
                  ", which the training part never does: nothing is known of its effect, and the average of "
                  "the texts that it has stands for it");
  }
  return out;
}

}  // namespace rondo::forecasting
