#include "data/table/csv_tokenizer.h"

#include <csv.h>

#include <algorithm>
#include <utility>

#include "data/table/cell_text.h"
#include "rondo/base/error.h"

namespace rondo::detail {

namespace {

constexpr std::size_t kLargestCell = std::size_t{64} << 20;

Error unclosed(const std::string& source, std::int64_t line) {
  return Error(ErrorKind::data, "a quote is not closed")
      .where(source + ", row that starts on line " + std::to_string(line))
      .expected("a second \" at the end of the cell")
      .fix("close the quote; a quote inside a quoted cell is written twice");
}

}  // namespace

struct CsvTokenizer::Parser {
  csv_parser state{};
  Parser() { csv_init(&state, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { csv_free(&state); }
};

CsvTokenizer::CsvTokenizer(char separator, std::string source, std::function<void(const RawRow&)> on_row)
    : parser_(std::make_unique<Parser>()),
      source_(std::move(source)),
      separator_(separator),
      on_row_(std::move(on_row)) {
  csv_set_delim(&parser_->state, static_cast<unsigned char>(separator));
}

CsvTokenizer::~CsvTokenizer() = default;

void CsvTokenizer::cell_done(void* text, std::size_t size, void* self) {
  auto& me = *static_cast<CsvTokenizer*>(self);
  if (me.error_) return;
  try {
    const std::string_view cell(static_cast<const char*>(text), size);
    me.lines_inside_ += std::count(cell.begin(), cell.end(), '\n');
    me.row_.cells.push_back(cell);
  } catch (...) {
    me.error_ = std::current_exception();
  }
}

void CsvTokenizer::row_done(int terminator, void* self) {
  auto& me = *static_cast<CsvTokenizer*>(self);
  if (me.error_) return;
  const bool second_of_pair = me.row_.cells.empty() && terminator == '\n' && me.last_terminator_ == '\r';
  me.last_terminator_ = second_of_pair ? 0 : terminator;
  if (second_of_pair) return;
  try {
    me.row_.line = me.line_;
    me.line_ += 1 + std::exchange(me.lines_inside_, 0);
    me.on_row_(me.row_);
    me.row_.cells.clear();
  } catch (...) {
    me.error_ = std::current_exception();
  }
}

void CsvTokenizer::rethrow() {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void CsvTokenizer::feed(std::string_view text) {
  csv_parser* state = &parser_->state;
  const std::size_t done = csv_parse(state, text.data(), text.size(), &cell_done, &row_done, this);
  rethrow();
  if (done != text.size()) {
    if (csv_error(state) != CSV_EPARSE)
      throw Error(ErrorKind::resources, "no memory for a CSV cell").where(source_);
    const std::string_view before = text.substr(0, std::min(done, text.size()));
    const std::size_t start = before.find_last_of("\r\n");
    const std::size_t from = start == std::string_view::npos ? 0 : start + 1;
    throw Error(ErrorKind::data, "a quote stands where none may be")
        .where(source_ + ", line " + std::to_string(line_ + lines_inside_))
        .seen(shown(text.substr(from, done - from + 1)))
        .expected(std::string("cells with quotes to be quoted as a whole, separated by '") + separator_ + "'")
        .fix("write a quote inside a quoted cell twice, and quote cells that contain one");
  }
  if (csv_get_buffer_size(state) > kLargestCell) throw unclosed(source_, line_);
}

void CsvTokenizer::finish() {
  const std::int64_t line = line_;
  if (csv_fini(&parser_->state, &cell_done, &row_done, this) != 0) {
    rethrow();
    throw unclosed(source_, line);
  }
  rethrow();
}

}  // namespace rondo::detail
