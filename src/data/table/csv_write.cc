#include "data/table/cell_text.h"
#include "rondo/base/atomic_file.h"
#include "rondo/data/csv.h"

namespace rondo {

namespace {

void append_cell(std::string& text, std::string_view cell) {
  const bool blanks = !cell.empty() && (cell.front() == ' ' || cell.back() == ' ');
  if (!blanks && cell.find_first_of(",;|\t\"\r\n") == std::string_view::npos) {
    text += cell;
    return;
  }
  text += '"';
  for (const char c : cell) {
    if (c == '"') text += '"';
    text += c;
  }
  text += '"';
}

}  // namespace

std::string to_csv(const Table& table) {
  std::string text;
  const auto columns = table.columns();
  const auto end_of_cell = [&](std::size_t c) { text += c + 1 == columns.size() ? '\n' : ','; };
  for (std::size_t c = 0; c < columns.size(); ++c) {
    append_cell(text, columns[c].name());
    end_of_cell(c);
  }
  for (std::int64_t r = 0; r < table.rows(); ++r) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (columns[c].is_number()) {
        text += detail::number_text(columns[c].numbers()[static_cast<std::size_t>(r)]);
      } else {
        append_cell(text, columns[c].texts()[r]);
      }
      end_of_cell(c);
    }
  }
  return text;
}

void write_csv(const std::filesystem::path& path, const Table& table) {
  write_file_atomically(path.string(), to_csv(table));
}

}  // namespace rondo
