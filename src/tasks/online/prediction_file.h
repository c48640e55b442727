#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rondo::online {

/// A CSV file of forecasts that grows with the stream. A snapshot remembers its length; a run that resumes
/// cuts off what was written after the snapshot and continues there.
class PredictionFile {
 public:
  PredictionFile() = default;
  PredictionFile(const PredictionFile&) = delete;
  PredictionFile& operator=(const PredictionFile&) = delete;
  ~PredictionFile();

  /// "-": the standard output. A new file begins with `header`; with `length` > 0 it is one that has so many
  /// bytes or more. Throws Error(resources) when it cannot be opened, Error(data) when it is shorter.
  void open(const std::string& path, std::int64_t length, const std::string& header);
  bool is_open() const { return descriptor_ >= 0; }
  /// `time` may be null; the others are [targets] each, NaN an empty cell.
  void write_row(std::int64_t row, const std::string* time, std::span<const double> actual,
                 std::span<const double> forecast, std::span<const double> next);
  /// To the file; with `durable` it survives a power cut. Throws Error(resources).
  void flush(bool durable = false);
  std::int64_t length() const { return length_; }

 private:
  [[noreturn]] void fail(const char* doing, int error_number) const;

  std::string path_, buffer_;
  int descriptor_ = -1;
  std::int64_t length_ = 0;  // with what is in the buffer
};

/// A cell of a CSV file, in quotes where it needs them.
std::string csv_cell(std::string_view text);

}  // namespace rondo::online
