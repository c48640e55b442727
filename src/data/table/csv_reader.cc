#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "data/table/cell_text.h"
#include "data/table/csv_sniff.h"
#include "data/table/csv_tokenizer.h"
#include "data/table/encoding.h"
#include "data/table/text_source.h"
#include "rondo/base/error.h"
#include "rondo/data/csv.h"

namespace rondo {

/// Collects the cells of a column and finds out whether they are numbers. Until `settle` it keeps text and
/// number of every cell; after that only what the column turned out to be.
class ColumnBuilder {
 public:
  ColumnBuilder(std::string name, bool as_text, const detail::CsvDialect& dialect,
                const std::vector<std::string>* missing)
      : name_(std::move(name)),
        state_(as_text ? State::text : State::open),
        decimal_(dialect.decimal),
        thousands_(dialect.thousands),
        more_(missing) {}

  void add(std::string_view cell);
  /// From now on the kind of the column is fixed.
  void settle();
  /// What has been collected, as a column; collects the next piece after that.
  Column take();

 private:
  enum class State { open, number, text };
  std::string name_;
  State state_;
  char decimal_, thousands_;
  const std::vector<std::string>* more_;
  std::vector<double> numbers_;
  TextList texts_;
  std::int64_t missing_ = 0;
  std::int64_t rows_ = 0;
  BadCell first_bad_;
};

void ColumnBuilder::add(std::string_view cell) {
  double value = 0;
  const detail::CellKind kind = detail::read_cell(cell, decimal_, *more_, value, thousands_);
  if (kind == detail::CellKind::missing) ++missing_;
  if (kind == detail::CellKind::text && first_bad_.row < 0) {
    first_bad_ = {rows_, std::string(cell)};
    if (state_ == State::open) {
      state_ = State::text;
      numbers_ = {};
    }
  }
  if (state_ != State::number) texts_.push_back(cell);
  if (state_ != State::text) numbers_.push_back(value);
  ++rows_;
}

void ColumnBuilder::settle() {
  if (state_ != State::open) return;
  state_ = State::number;
  texts_ = {};
}

Column ColumnBuilder::take() {
  settle();
  Column column = state_ == State::number ? Column(name_, std::exchange(numbers_, {}))
                                          : Column(name_, std::exchange(texts_, {}));
  column.missing_ = std::exchange(missing_, 0);
  column.first_bad_ = std::exchange(first_bad_, {});
  rows_ = 0;
  return column;
}

namespace {

constexpr std::size_t kSampleBytes = std::size_t{1} << 18;
constexpr std::size_t kBlockBytes = std::size_t{1} << 18;
constexpr std::size_t kLongestSample = std::size_t{64} << 20;
constexpr std::int64_t kSettledRows = 4096;

}  // namespace

struct CsvReader::State {
  State(detail::TextSource text, const CsvOptions& wanted) : source(std::move(text)), options(wanted) {
    open();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void open() {
    bool more = true;
    // At least the names and one row, however wide they are.
    while (more && (sample.size() < kSampleBytes ||
                    (std::count(sample.begin(), sample.end(), '\n') < 2 && sample.size() < kLongestSample))) {
      more = source.append(sample, kSampleBytes);
    }
    latin1 = detail::prepare_start(sample, !more, options);
    dialect = detail::sniff(sample, !more, options, source.name());
    ended = !more;
    for (const auto* list : {&options.columns, &options.text_columns}) {
      for (const std::string& name : *list) {
        if (std::find(dialect.names.begin(), dialect.names.end(), name) == dialect.names.end()) {
          detail::throw_unknown_column(dialect, name, source.name());
        }
      }
    }
    const auto listed = [](const std::vector<std::string>& names, const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const std::string& name : dialect.names) {
      place.push_back(-1);
      if (!options.columns.empty() && !listed(options.columns, name)) continue;
      place.back() = static_cast<int>(builders.size());
      builders.emplace_back(name, listed(options.text_columns, name), dialect, &options.missing);
    }
    tokenizer.emplace(dialect.separator, source.name(), [this](const detail::RawRow& row) { add(row); });
  }

  void add(const detail::RawRow& row) {
    if (row.cells.empty()) {
      // In a file of one column a blank line between values is a value that is missing.
      if (place.size() == 1 && any_row) blanks.push_back(row.line);
      return;
    }
    if (!any_row) {
      if (titles++ < dialect.title_rows) return;
      any_row = true;
      if (dialect.header) return;
    }
    if (static_cast<std::size_t>(row.cells.size()) != place.size())
      detail::throw_ragged(dialect, row, source.name());
    for (const std::int64_t line : std::exchange(blanks, {})) {
      start_row(line);
      for (ColumnBuilder& builder : builders) builder.add({});
      end_row();
    }
    start_row(row.line);
    for (std::size_t c = 0; c < place.size(); ++c) {
      if (place[c] >= 0)
        builders[static_cast<std::size_t>(place[c])].add(row.cells[static_cast<std::int64_t>(c)]);
    }
    end_row();
  }

  void start_row(std::int64_t line) {
    if (lines.empty() || lines.back().second + (rows - lines.back().first) != line)
      lines.emplace_back(rows, line);
  }

  void end_row() {
    ++rows;
    if (!settled && rows == kSettledRows) {
      settled = true;
      for (ColumnBuilder& builder : builders) builder.settle();
    }
  }

  bool advance() {
    if (!sample.empty()) {
      const std::string text = std::exchange(sample, {});
      tokenizer->feed(text);
      return true;
    }
    if (!ended) {
      block.clear();
      if (source.append(block, kBlockBytes)) {
        tokenizer->feed(latin1 ? detail::utf8_of_latin1(block) : block);
        return true;
      }
      ended = true;
    }
    if (!finished) {
      finished = true;
      tokenizer->finish();
      return true;
    }
    return false;
  }

  detail::TextSource source;
  CsvOptions options;
  detail::CsvDialect dialect;
  std::string sample, block;
  std::vector<int> place;  // by column of the file: its builder, or -1
  std::vector<ColumnBuilder> builders;
  std::optional<detail::CsvTokenizer> tokenizer;
  std::vector<std::pair<std::int64_t, std::int64_t>> lines;
  std::vector<std::int64_t> blanks;
  std::int64_t rows = 0, titles = 0;
  bool any_row = false, latin1 = false, settled = false, ended = false, finished = false;
};

CsvReader::CsvReader(const std::filesystem::path& path, const CsvOptions& options)
    : state_(std::make_unique<State>(detail::TextSource(path), options)) {}
CsvReader::CsvReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

CsvReader CsvReader::from_text(std::string_view text, const CsvOptions& options, std::string source) {
  return CsvReader(std::make_unique<State>(detail::TextSource(text, std::move(source)), options));
}

Table CsvReader::read(std::int64_t rows) {
  State& state = *state_;
  while ((state.rows < rows || !state.settled) && state.advance()) {
  }
  state.settled = true;
  Table table(state.source.name());
  table.has_header_ = state.dialect.header;
  table.separator_ = state.dialect.separator;
  table.lines_ = std::exchange(state.lines, {});
  state.rows = 0;
  for (ColumnBuilder& builder : state.builders) table.columns_.push_back(builder.take());
  return table;
}

namespace {

/// Columns that were taken for numbers by their first rows and are none.
std::vector<std::string> words_among_numbers(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns()) {
    if (column.is_number() && column.first_bad().row >= 0) names.push_back(column.name());
  }
  return names;
}

/// All rows. `open` makes a reader; where it can be called `again`, once more where a column turns out to
/// hold words after thousands of numbers, so that it is the text that it is in a short table.
template <class Open>
Table whole(const Open& open, CsvOptions options, bool again) {
  Table table = open(options).read(std::numeric_limits<std::int64_t>::max());
  if (const std::vector<std::string> words = words_among_numbers(table); again && !words.empty()) {
    options.text_columns.insert(options.text_columns.end(), words.begin(), words.end());
    table = open(options).read(std::numeric_limits<std::int64_t>::max());
  }
  if (table.rows() == 0) {
    throw Error(ErrorKind::data, "the table has no rows")
        .where(table.source())
        .seen("a row of names and nothing below")
        .expected("at least one row of values");
  }
  return table;
}

}  // namespace

Table read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  return whole([&](const CsvOptions& o) { return CsvReader(path, o); }, options,
               std::filesystem::is_regular_file(path));
}

Table parse_csv(std::string_view text, const CsvOptions& options, std::string source) {
  return whole([&](const CsvOptions& o) { return CsvReader::from_text(text, o, source); }, options, true);
}

}  // namespace rondo
