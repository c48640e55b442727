#include "data/table/csv_sniff.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "data/table/cell_text.h"
#include "data/table/encoding.h"
#include "rondo/base/error.h"

namespace rondo::detail {

namespace {

constexpr std::int64_t kSampleRows = 200;

/// Separators outside quotes, row by row.
std::vector<std::int64_t> count_separators(std::string_view text, char separator) {
  std::vector<std::int64_t> counts;
  std::int64_t count = 0;
  bool quoted = false, anything = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '\n' || c == '\r')) {
      if (anything) counts.push_back(count);
      count = 0;
      anything = false;
      if (static_cast<std::int64_t>(counts.size()) == kSampleRows) break;
      continue;
    }
    anything = anything || c != ' ';
    if (!quoted && c == separator) ++count;
  }
  if (anything && counts.size() < 2) counts.push_back(count);
  return counts;
}

/// The rows above those that all have as many separators as the last one; -1 where that is none or most rows
/// are above.
std::int64_t rows_above(const std::vector<std::int64_t>& counts) {
  if (counts.empty() || counts.back() == 0) return -1;
  std::size_t first = counts.size();
  while (first > 0 && counts[first - 1] == counts.back()) --first;
  const bool fewer = std::all_of(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(first),
                                 [&](std::int64_t n) { return n < counts.back(); });
  return fewer && first * 3 < counts.size() ? static_cast<std::int64_t>(first) : -1;
}

/// Finds the separator and the rows of a title.
void find_separator(std::string_view sample, CsvDialect& dialect) {
  // A comma may be a decimal sign where another separator stands in every row, so it comes after those.
  constexpr std::array kCandidates = {'\t', ';', ',', '|'};
  std::int64_t most = 0, above = -1;
  char below_title = ',';
  for (const char candidate : kCandidates) {
    const std::vector<std::int64_t> counts = count_separators(sample, candidate);
    if (counts.empty()) continue;
    const std::int64_t rows = rows_above(counts);
    if (rows == 0) {
      dialect.separator = candidate;
      return;
    }
    if (rows > 0 && above < 0) {
      above = rows;
      below_title = candidate;
    }
    if (counts.front() > most) {
      most = counts.front();
      dialect.separator = candidate;
    }
  }
  if (above < 0) return;
  dialect.separator = below_title;
  dialect.title_rows = above;
}

char separator_of(const CsvOptions& options) {
  const std::string& text = options.separator;
  if (text == "tab" || text == "\\t") return '\t';
  if (text == "comma") return ',';
  if (text == "semicolon") return ';';
  if (text.size() == 1 && text != "\"" && text != "\n" && text != "\r" && text != " ") return text[0];
  throw Error(ErrorKind::usage, "this cannot separate the cells of a CSV file")
      .where("option separator")
      .seen(shown(text))
      .expected("'auto', ',', ';', 'tab', '|' or any one character but quote, blank and line end");
}

std::vector<RawRow> sample_rows(std::string_view sample, bool whole, char separator,
                                const std::string& source) {
  std::vector<RawRow> rows;
  struct Enough {};
  try {
    CsvTokenizer tokenizer(separator, source, [&](const RawRow& row) {
      if (row.cells.empty()) return;
      rows.push_back(row);
      if (static_cast<std::int64_t>(rows.size()) == kSampleRows) throw Enough{};
    });
    tokenizer.feed(sample);
    if (whole) tokenizer.finish();
  } catch (const Enough&) {
  }
  return rows;
}

bool is_decimal_comma(std::string_view cell) {
  const std::size_t comma = cell.find(',');
  if (comma == std::string_view::npos || cell.find(',', comma + 1) != std::string_view::npos) return false;
  double ignored = 0;
  return read_cell(cell, ',', {}, ignored) == CellKind::number;
}

/// 1,012 is one thousand and twelve, or one and twelve thousandths. Where all numbers with a comma could be
/// either, nobody but the user knows.
[[noreturn]] void throw_ambiguous_comma(std::string_view cell, std::int64_t line, const std::string& source) {
  throw Error(ErrorKind::data, "the comma may separate thousands or decimals")
      .where(source + ", line " + std::to_string(line))
      .seen(shown(cell) + "; every number with a comma has three digits behind it")
      .expected("one reading")
      .fix("say thousands = ',' (--thousands ,) or decimal = ',' (--decimal ,)");
}

char thousands_of(const CsvOptions& options) {
  if (options.thousands == "none") return '\0';
  if (options.thousands.size() == 1 &&
      std::string_view(",.' _").find(options.thousands[0]) != std::string::npos)
    return options.thousands[0];
  throw Error(ErrorKind::usage, "this does not group digits")
      .where("option thousands")
      .seen(shown(options.thousands))
      .expected("'none', ',', '.', ' ', '_' or an apostrophe");
}

char decimal_of(const CsvOptions& options, const std::vector<RawRow>& rows, char separator,
                const std::string& source) {
  if (options.decimal == "." || options.decimal == ",") return options.decimal[0];
  if (options.decimal != "auto") {
    throw Error(ErrorKind::usage, "this is no decimal sign")
        .where("option decimal")
        .seen(shown(options.decimal))
        .expected("'auto', '.' or ','");
  }
  if (options.thousands == ".") return ',';
  if (separator == ',' || options.thousands == ",") return '.';
  bool comma = false, decimals = false;
  const RawRow* grouped = nullptr;
  std::int64_t place = 0;
  for (const RawRow& row : rows) {
    for (std::int64_t c = 0; c < row.cells.size(); ++c) {
      const std::string_view cell = row.cells[c];
      double ignored = 0;
      if (cell.find('.') != std::string_view::npos && read_cell(cell, '.', {}, ignored) == CellKind::number)
        return '.';
      if (!is_decimal_comma(cell)) continue;
      comma = true;
      if (!has_thousands(cell, ',')) {
        decimals = true;
      } else if (grouped == nullptr) {
        grouped = &row;
        place = c;
      }
    }
  }
  if (grouped != nullptr && !decimals) throw_ambiguous_comma(grouped->cells[place], grouped->line, source);
  return comma ? ',' : '.';
}

/// Whether the cells behind a text are whole numbers that count on, as years do over the columns of a wide
/// table.
bool counts_on(const TextList& cells) {
  constexpr std::int64_t kFewest = 3;
  double before = 0, number = 0;
  if (cells.size() <= kFewest || read_cell(cells[0], '.', {}, number) != CellKind::text) return false;
  for (std::int64_t c = 1; c < cells.size(); ++c) {
    if (read_cell(cells[c], '.', {}, number) != CellKind::number || number != std::floor(number))
      return false;
    if (c > 1 && number != before + 1) return false;
    before = number;
  }
  return true;
}

bool first_row_is_header(const std::vector<RawRow>& rows, const CsvDialect& dialect,
                         const CsvOptions& options) {
  const auto kind = [&](const RawRow& row, std::int64_t c) {
    double ignored = 0;
    return c < row.cells.size()
               ? read_cell(row.cells[c], dialect.decimal, options.missing, ignored, dialect.thousands)
               : CellKind::missing;
  };
  const std::int64_t width = rows.front().cells.size();
  if (rows.size() > 1 && counts_on(rows[0].cells) && !counts_on(rows[1].cells)) return true;
  bool any_numbers = false;
  for (std::int64_t c = 0; c < width; ++c) {
    // A lone row: a table if it has a number, else names without a table.
    bool numbers = rows.size() == 1 && kind(rows.front(), c) == CellKind::number;
    bool texts = false;
    for (std::size_t r = 1; r < rows.size(); ++r) {
      const CellKind found = kind(rows[r], c);
      numbers = numbers || found == CellKind::number;
      texts = texts || found == CellKind::text;
    }
    if (!numbers) continue;
    // One stray text further down must not hide that the name of a number column stands on top.
    if (kind(rows.front(), c) == CellKind::text &&
        (!texts || rows.front().cells[c].find_first_of("0123456789") == std::string_view::npos)) {
      return true;
    }
    any_numbers = any_numbers || !texts;
  }
  return !any_numbers;
}

}  // namespace

bool prepare_start(std::string& sample, bool whole, CsvOptions& options) {
  place_among({"auto", "utf-8", "latin1"}, options.encoding, "unknown value of option encoding");
  const bool latin1 = options.encoding == "latin1" || (options.encoding == "auto" && !is_utf8(sample, whole));
  if (latin1) sample = utf8_of_latin1(sample);
  if (sample.size() > 5 && sample.starts_with("sep=") && (sample[5] == '\n' || sample[5] == '\r')) {
    if (options.separator == "auto") options.separator = std::string(1, sample[4]);
    sample.erase(0, 5);
  }
  return latin1;
}

CsvDialect sniff(std::string_view sample, bool whole, const CsvOptions& options, const std::string& source) {
  CsvDialect dialect;
  if (options.separator == "auto") {
    find_separator(sample, dialect);
  } else {
    dialect.separator = separator_of(options);
  }
  dialect.thousands = thousands_of(options);
  std::vector<RawRow> rows = sample_rows(sample, whole, dialect.separator, source);
  if (rows.empty()) {
    throw Error(ErrorKind::data, "the file is empty")
        .where(source)
        .seen(sample.empty() ? "no bytes" : "blank lines only")
        .expected("a table: a row of names, then rows of values");
  }
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(dialect.title_rows));
  dialect.decimal = decimal_of(options, rows, dialect.separator, source);
  dialect.header_line = rows.front().line;
  if (options.header == "auto") {
    dialect.header = first_row_is_header(rows, dialect, options);
  } else if (options.header == "yes" || options.header == "no") {
    dialect.header = options.header == "yes";
  } else {
    throw Error(ErrorKind::usage, "unknown value of option header")
        .seen(shown(options.header))
        .expected("'auto', 'yes' or 'no'");
  }
  const TextList& first = rows.front().cells;
  for (std::int64_t c = 0; c < first.size(); ++c) {
    std::string name(dialect.header ? first[c] : std::string_view());
    dialect.names.push_back(name.empty() ? "column_" + std::to_string(c + 1) : name);
  }
  return dialect;
}

void throw_unknown_column(const CsvDialect& dialect, const std::string& name, const std::string& source) {
  const std::string near = did_you_mean(name, dialect.names);
  throw Error(ErrorKind::data, "there is no column '" + name + "'")
      .where(source + ", line " + std::to_string(dialect.header_line))
      .seen("columns " + listed(dialect.names))
      .fix(near.empty() ? "look at the first line of the file for the names" : near);
}

void throw_ragged(const CsvDialect& dialect, const RawRow& row, const std::string& source) {
  throw Error(ErrorKind::data, "a row has another number of cells than the first one")
      .where(source + ", line " + std::to_string(row.line))
      .seen(count_of(row.cells.size(), "cell"))
      .expected(count_of(static_cast<std::int64_t>(dialect.names.size()), "cell") + ", as on line " +
                std::to_string(dialect.header_line) + " (separator " +
                (dialect.separator == '\t' ? "tab" : "'" + std::string(1, dialect.separator) + "'") + ")")
      .fix(
          "quote cells that contain the separator, leave cells without a value empty, or name another "
          "separator");
}

}  // namespace rondo::detail
