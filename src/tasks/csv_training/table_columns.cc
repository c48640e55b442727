// What the columns of a table are to a job.

#include "tasks/csv_training/samples.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

std::vector<double> class_numbers(const Table& table, const std::string& name,
                                  const std::vector<std::string>& classes) {
  const Column& column = table.column(name);
  std::vector<double> numbers;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    const std::string word = column.text(row);
    const auto found = std::lower_bound(classes.begin(), classes.end(), word);
    if (found != classes.end() && *found == word) {
      numbers.push_back(static_cast<double>(found - classes.begin()));
      continue;
    }
    throw Error(ErrorKind::data, "'" + word + "' is not a class that the model knows")
        .where(table.where(row, name))
        .expected("one of " + detail::listed(classes));
  }
  return numbers;
}

}  // namespace

std::vector<std::string> input_columns(const CsvTraining& job, const Table& table) {
  std::vector<std::string> names = job.data.inputs;
  for (const std::string& name : names) table.column(name);
  if (!names.empty()) return names;
  const auto is = [&](const std::string& option, const Column& column) {
    return !option.empty() && table.has(option) && &table.column(option) == &column;
  };
  for (const Column& column : table.columns()) {
    bool other = !column.is_number() || is(job.data.time, column) || is(job.data.id, column);
    if (job.samples.kind != "windows") {
      for (const std::string& target : job.data.target) other = other || is(target, column);
    }
    if (!other) names.push_back(column.name());
  }
  if (names.empty()) {
    throw Error(ErrorKind::data, "no column is left to predict from")
        .where(table.source())
        .seen("no column of numbers beside target, time and id")
        .fix("name the columns in inputs of [data]");
  }
  return names;
}

std::vector<std::string> words_of(const Column& column) {
  std::set<std::string> words;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (std::string word = column.text(row); !word.empty()) words.insert(std::move(word));
  }
  return {words.begin(), words.end()};
}

Table with_number_targets(Table table, const Preparation& preparation) {
  std::vector<std::string> absent;
  for (const std::string& target : preparation.targets) {
    if (!table.has(target)) absent.push_back(target);
  }
  const bool has_classes = !preparation.classes.empty() && absent.empty();
  if (has_classes) {
    Table out(table.source());
    for (const Column& column : table.columns()) {
      const bool is_target = &column == &table.column(preparation.targets[0]);
      out.add(is_target ? Column(column.name(), class_numbers(table, column.name(), preparation.classes))
                        : column);
    }
    table = std::move(out);
  }
  for (const std::string& target : absent) {
    table.add(Column(target, std::vector<double>(static_cast<std::size_t>(table.rows()), 0.0)));
  }
  return table;
}

}  // namespace rondo
