#include "tasks/forecast/table/holiday_columns.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <utility>

#include "base/text.h"
#include "data/time/civil_time.h"
#include "rondo/base/error.h"
#include "rondo/data/csv.h"
#include "rondo/data/holidays.h"

namespace rondo::forecasting {

namespace {

constexpr const char* kAny = "holiday";
/// Known columns times rows of the horizon that the linear models look at, at most.
constexpr std::int64_t kMostKnown = 256;

std::string column_of(const std::string& holiday) { return std::string(kAny) + "=" + holiday; }

/// Days of the calendar, the last one included.
struct Days {
  std::int64_t first, last;
};

/// The time that a row stands for, by the clock of its zone. A week or month is named by its first day or by
/// its last: weeks end where that is a Friday to Sunday, months where it is after the 20th.
Days days_of_row(const Timeline& times, std::int64_t row) {
  const Frequency& frequency = times.frequency();
  const Timeline::Fields fields = times.fields(row);
  const auto date = std::chrono::year(fields.year) / fields.month / fields.day;
  const std::int64_t day = detail::days_of_date(date), step = frequency.step;
  switch (frequency.unit) {
    case TimeUnit::month: {
      const std::int64_t month = detail::months_of(date);
      const std::int64_t first = frequency.day_of_month > 20 ? month - step + 1 : month;
      return {detail::day_in_month(first, 1), detail::day_in_month(first + step - 1, 31)};
    }
    case TimeUnit::day: {
      if (step % 7 == 0 && fields.weekday >= 4) return {day - step + 1, day};
      return {day, day + step - 1};
    }
    case TimeUnit::microsecond: return {day, day + std::max<std::int64_t>(1, step / detail::kDay) - 1};
    case TimeUnit::business_day:
      return {day, step == 1 ? day : detail::day_of_business_days(detail::business_days_of(day) + step) - 1};
    default: return {day, day};
  }
}

/// What a row has in its columns: the numbers of holidays, by name and of all.
std::map<std::string, double> counts_of(const HolidayCalendar& calendar, const Days& days) {
  std::map<std::string, double> counts;
  for (auto day = calendar.lower_bound(days.first); day != calendar.end() && day->first <= days.last; ++day) {
    ++counts[kAny];
    for (const std::string& name : day->second) ++counts[column_of(name)];
  }
  return counts;
}

/// Holidays of a column in the rows of the training part that have any, by the first day of the row.
using Counts = std::map<std::int64_t, double>;

/// Whether it says nothing that the months of the year do not say.
bool is_season(const Counts& counts, const std::map<std::int64_t, int>& months) {
  std::map<int, double> usual;
  return std::all_of(months.begin(), months.end(), [&](const auto& row) {
    const auto found = counts.find(row.first);
    const double count = found == counts.end() ? 0 : found->second;
    return usual.try_emplace(row.second, count).first->second == count;
  });
}

/// The most frequent first, and of these the first in the year.
std::pair<std::int64_t, std::int64_t> importance(const Counts& counts) {
  const std::int64_t first = counts.begin()->first;
  return {-std::ssize(counts), first - detail::days_of_date(detail::date_of_days(first).year() / 1 / 1)};
}

/// At least `rows` rows, the new ones empty, and `columns` columns more.
void enlarge(Series& series, std::int64_t rows, std::size_t columns) {
  const std::int64_t old_rows = series.length(), more = std::max<std::int64_t>(0, rows - old_rows);
  const auto old_width = static_cast<std::size_t>(series.values.dim(1)), width = old_width + columns;
  Tensor values({old_rows + more, static_cast<std::int64_t>(width)}, DType::float64);
  const std::span<double> to = values.data<double>();
  const std::span<const double> from = std::as_const(series.values).data<double>();
  std::fill(to.begin(), to.end(), std::nan(""));
  for (std::size_t row = 0; row < static_cast<std::size_t>(old_rows); ++row)
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(row * old_width), old_width,
                to.begin() + static_cast<std::ptrdiff_t>(row * width));
  series.values = std::move(values);
  if (more == 0) return;
  series.times = series.times.joined(series.times.next(more));
  if (!series.source.empty()) series.source.resize(static_cast<std::size_t>(old_rows + more), -1);
}

bool names_a_file(const std::string& source) { return source.find_first_of("./\\") != std::string::npos; }

}  // namespace

HolidayColumns::HolidayColumns(const std::vector<std::string>& sources) {
  for (const std::string& source : sources) {
    if (names_a_file(source)) {
      read_file(source);
      continue;
    }
    std::string code = source;
    std::transform(code.begin(), code.end(), code.begin(), [](unsigned char c) { return std::toupper(c); });
    try {
      static_cast<void>(rondo::holidays(code, 2000));
    } catch (const Error& error) {
      throw Error(ErrorKind::usage, error.summary())
          .where("--holidays")
          .seen("'" + source + "'")
          .expected("a file, or a country of " + detail::listed(holiday_countries()))
          .fix(detail::did_you_mean(code, holiday_countries()));
    }
    if (std::find(countries_.begin(), countries_.end(), code) == countries_.end()) countries_.push_back(code);
  }
}

void HolidayColumns::read_file(const std::string& path) {
  const Table table = read_csv(path);
  const std::vector<std::string> columns = table.names();
  const auto pick = [&](std::initializer_list<const char*> known, std::size_t otherwise) {
    for (const char* name : known) {
      if (table.has(name)) return std::string(name);
    }
    return otherwise < columns.size() ? columns[otherwise] : std::string();
  };
  const std::string dates = pick({"date", "day", "ds"}, 0), names = pick({"name", "holiday"}, 1);
  const Timeline times = read_times(table, dates);
  if (!times.format().is_calendar() || times.empty()) {
    throw Error(ErrorKind::data, "the file of holidays has no dates")
        .where(table.source() + ", column '" + dates + "'")
        .seen(times.empty() ? "no rows" : "'" + times.text(0) + "'")
        .expected("a date in every row, such as 2024-12-25, and perhaps a column 'name'");
  }
  for (std::int64_t row = 0; row < times.size(); ++row) {
    const Timeline::Fields at = times.fields(row);
    file_days_.push_back(
        static_cast<double>(detail::days_of_date(std::chrono::year(at.year) / at.month / at.day)));
    file_names_.push_back(names.empty() || names == dates ? std::string() : table.column(names).text(row));
  }
}

HolidayCalendar HolidayColumns::days_between(std::int64_t first, std::int64_t last) const {
  HolidayCalendar days;
  const auto year_of = [](std::int64_t day) { return static_cast<int>(detail::date_of_days(day).year()); };
  const int first_year = std::max(kFirstHolidayYear, year_of(first));
  const int last_year = std::min(kLastHolidayYear, year_of(last));
  for (const std::string& country : countries_) {
    for (int year = first_year; year <= last_year; ++year) {
      for (const Holiday& holiday : rondo::holidays(country, year))
        days[holiday.date.time_since_epoch().count()].insert(holiday.name);
    }
  }
  for (std::size_t i = 0; i < file_days_.size(); ++i) {
    std::set<std::string>& names = days[std::llround(file_days_[i])];
    if (!file_names_[i].empty()) names.insert(file_names_[i]);
  }
  return days;
}

HolidayCalendar HolidayColumns::calendar_of(const RawPanel& raw) const {
  std::optional<Days> all;
  for (const RawSeries& series : raw.series) {
    const Timeline& times = series.data.times;
    if (times.empty() || !times.format().is_calendar()) continue;
    const Days own = {days_of_row(times, 0).first, days_of_row(times, times.size() - 1).last};
    all = all ? Days{std::min(all->first, own.first), std::max(all->last, own.last)} : own;
  }
  return all ? days_between(all->first, all->last) : HolidayCalendar();
}

std::vector<std::string> HolidayColumns::choose(RawPanel& raw, const std::vector<std::int64_t>& train_rows,
                                                std::int64_t horizon) const {
  const HolidayCalendar calendar = calendar_of(raw);
  std::map<std::string, Counts> met;
  std::map<std::int64_t, int> months;  // of rows that are months, by first day
  for (std::size_t s = 0; s < raw.series.size(); ++s) {
    const Timeline& times = raw.series[s].data.times;
    if (!times.format().is_calendar()) continue;
    for (std::int64_t row = 0; row < train_rows[s]; ++row) {
      const Days days = days_of_row(times, row);
      for (const auto& [column, count] : counts_of(calendar, days)) met[column][days.first] = count;
      if (times.frequency().unit == TimeUnit::month) months[days.first] = times.fields(row).month;
    }
  }
  std::erase_if(met, [&](const auto& m) {
    return m.second.size() < 2 || (!months.empty() && is_season(m.second, months));
  });
  std::vector<std::string> columns;
  for (const auto& [column, counts] : met) columns.push_back(column);
  std::stable_sort(columns.begin(), columns.end(), [&](const std::string& a, const std::string& b) {
    return importance(met.at(a)) < importance(met.at(b));
  });
  // One name alone is the same as all.
  if (columns.size() == 2 && met.at(columns[0]) == met.at(columns[1])) columns = {kAny};
  const auto known = static_cast<std::int64_t>(raw.roles.known.size());
  const auto room = static_cast<std::size_t>(std::max<std::int64_t>(1, kMostKnown / horizon - known));
  if (columns.empty()) {
    raw.notes.push_back("no holiday falls on two rows of the training part: --holidays has no effect");
  } else if (columns.size() > room) {
    raw.notes.push_back("of " + std::to_string(columns.size() - 1) + " holidays " + std::to_string(room - 1) +
                        " have a column of their own, the others are in 'holiday' alone: more is not learnt "
                        "over a horizon of " +
                        std::to_string(horizon) + " rows");
    columns.resize(room);
  }
  return columns;
}

void HolidayColumns::append_to(RawPanel& raw, const std::string& source, std::int64_t horizon) const {
  const std::vector<std::string>& columns = raw.roles.holidays;
  std::int64_t end = 0;  // of all histories
  for (RawSeries& series : raw.series) {
    Series& data = series.data;
    if (!data.times.format().is_calendar()) {
      throw Error(ErrorKind::data, "holidays need rows with dates")
          .where(source + (data.id.empty() ? "" : ", series '" + data.id + "'"))
          .seen(data.times.empty() ? "no rows" : "times such as '" + data.times.text(0) + "'")
          .expected("a column of dates or times")
          .fix("name it with --time, or leave --holidays out");
    }
    if (series.history > 0) end = std::max(end, days_of_row(data.times, series.history - 1).last);
    const std::int64_t rows = series.history + series.truth + horizon;
    enlarge(data, data.length() < 2 ? data.length() : rows, columns.size());
  }
  const HolidayCalendar calendar = calendar_of(raw);
  for (RawSeries& series : raw.series) {
    const Series& data = series.data;
    const auto width = static_cast<std::size_t>(data.values.dim(1)), first = width - columns.size();
    const std::span<double> values = series.data.values.data<double>();
    for (std::int64_t row = 0; row < data.length(); ++row) {
      const std::map<std::string, double> counts = counts_of(calendar, days_of_row(data.times, row));
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const auto found = counts.find(columns[c]);
        values[static_cast<std::size_t>(row) * width + first + c] =
            found == counts.end() ? 0.0 : found->second;
      }
    }
  }
  if (!file_days_.empty() && std::ranges::max(file_days_) <= static_cast<double>(end))
    raw.notes.push_back("the file of holidays has none after the end of the table: give those to come, too");
}

void HolidayColumns::archive(tasks::Archive& archive) {
  archive.field("countries", countries_);
  archive.field("names", file_names_);
  archive.field("days", file_days_);
  if (!archive.reading()) return;
  const auto known = holiday_countries();
  for (const std::string& country : countries_) {
    if (std::find(known.begin(), known.end(), country) == known.end())
      archive.refuse("countries", "is not known", country);
  }
  const bool days =
      std::all_of(file_days_.begin(), file_days_.end(), [](double day) { return std::abs(day) < 1e7; });
  if (file_days_.size() != file_names_.size() || !days) archive.refuse("days", "cannot be used");
}

}  // namespace rondo::forecasting
