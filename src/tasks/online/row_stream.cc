#include "tasks/online/row_stream.h"

#include <algorithm>
#include <cmath>

#include "data/table/cell_text.h"
#include "data/table/encoding.h"
#include "rondo/base/error.h"
#include "rondo/tasks/online.h"

namespace rondo::online {
namespace {

constexpr std::size_t kLongestStart = std::size_t{64} << 20;
constexpr std::size_t kLinesOfStart = 30;  // from which separator, decimal sign and names are told

}  // namespace

RowStream::RowStream(const std::string& path, StreamColumns columns, const CsvOptions& csv,
                     const std::atomic<bool>* stop)
    : columns_(std::move(columns)), bytes_(path, stop), more_missing_(csv.missing) {
  open(csv);
}

void RowStream::open(CsvOptions csv) {
  bool more = true;
  // Names and a first row, however long they are.
  const auto lines_needed = [&] { return block_.starts_with("sep=") ? 3 : 2; };
  while (more && std::count(block_.begin(), block_.end(), '\n') < lines_needed() &&
         block_.size() < kLongestStart)
    more = bytes_.append(block_);
  latin1_ = detail::prepare_start(block_, !more, csv);
  // What is wrong further down must not keep the rows before it from being learnt from.
  std::size_t end = 0, lines = 0;
  while (lines < kLinesOfStart && end < block_.size()) lines += block_[end++] == '\n' ? 1 : 0;
  const bool whole = !more && end == block_.size();
  dialect_ = detail::sniff(std::string_view(block_).substr(0, end), whole, csv, bytes_.name());
  for (const std::string& name : columns_.values) places_.push_back(place_of(name));
  if (!columns_.time.empty()) time_place_ = place_of(columns_.time);
  tokenizer_.emplace(dialect_.separator, bytes_.name(), [this](const detail::RawRow& row) { add(row); });
}

std::size_t RowStream::place_of(const std::string& column) const {
  const std::vector<std::string>& names = dialect_.names;
  const auto found = std::find(names.begin(), names.end(), column);
  if (found == names.end()) detail::throw_unknown_column(dialect_, column, bytes_.name());
  if (std::find(found + 1, names.end(), column) != names.end()) {
    throw Error(ErrorKind::data, "two columns have the name '" + column + "'")
        .where(bytes_.name() + ", line " + std::to_string(dialect_.header_line))
        .fix("rename one of them");
  }
  return static_cast<std::size_t>(found - names.begin());
}

void RowStream::read_cell_into(const detail::RawRow& row, std::size_t which, double& value) const {
  const std::string_view cell = row.cells[static_cast<std::int64_t>(places_[which])];
  const detail::CellKind kind =
      detail::read_cell(cell, dialect_.decimal, more_missing_, value, dialect_.thousands);
  const bool too_large = kind == detail::CellKind::number && std::abs(value) > kOnlineLargest;
  if ((kind == detail::CellKind::number && !too_large) ||
      (kind == detail::CellKind::missing && columns_.allow_missing))
    return;
  const bool missing = kind == detail::CellKind::missing;
  throw Error(ErrorKind::data, missing     ? "a value is missing"
                               : too_large ? "a number is too large"
                                           : "a cell is not a number")
      .where(bytes_.name() + ", line " + std::to_string(row.line) + ", column '" + columns_.values[which] +
             "'")
      .seen(detail::shown(cell))
      .expected("a finite number up to 1e100")
      .fix(missing ? "fill the gap, or let --missing previous keep the last value" : "");
}

void RowStream::add(const detail::RawRow& row) {
  if (error_) return;
  if (row.cells.empty()) return;  // a blank line
  if (!any_row_) {
    if (titles_++ < dialect_.title_rows) return;
    any_row_ = true;
    if (dialect_.header) return;
  }
  try {
    const auto width = static_cast<std::size_t>(row.cells.size());
    if (width != dialect_.names.size()) detail::throw_ragged(dialect_, row, bytes_.name());
    if (count_ == rows_.size()) rows_.emplace_back();
    StreamRow& out = rows_[count_];
    out.line = row.line;
    out.values.resize(places_.size());
    for (std::size_t i = 0; i < places_.size(); ++i) read_cell_into(row, i, out.values[i]);
    if (time_place_) out.time.assign(row.cells[static_cast<std::int64_t>(*time_place_)]);
    ++count_;
  } catch (...) {
    error_ = std::current_exception();
  }
}

bool RowStream::advance() {
  if (ended_) return false;
  try {
    if (block_.empty()) {
      if (!bytes_.append(block_)) {
        ended_ = true;
        tokenizer_->finish();
        return true;
      }
      if (latin1_) block_ = detail::utf8_of_latin1(block_);
    }
    tokenizer_->feed(block_);
    block_.clear();
  } catch (...) {
    if (!error_) error_ = std::current_exception();
  }
  return true;
}

const StreamRow* RowStream::next() {
  if (given_ == count_) {
    given_ = count_ = 0;
    while (count_ == 0) {
      if (error_) {
        ended_ = true;
        std::rethrow_exception(error_);
      }
      if (!advance()) return nullptr;
    }
  }
  return &rows_[given_++];
}

}  // namespace rondo::online
