#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace rondo {

/// Writes scalars as an event file that TensorBoard shows: records with masked CRC-32C checksums
/// around protocol buffers (tensorflow/core/util/event.proto, of which four fields are enough). `tensorboard
/// --logdir FOLDER`. Keras's habit is a folder `train` and a folder `validation` side by side, each with its
/// own writer.
///
/// Throws Error(resources) when the folder or file cannot be made or written.
class EventFileWriter {
 public:
  /// Makes `folder` and a new file in it, named after the time and this process.
  explicit EventFileWriter(const std::string& folder);

  void scalar(std::string_view tag, double value, std::int64_t step) { scalar(tag, value, step, now()); }
  void scalar(std::string_view tag, double value, std::int64_t step, double wall_time);
  /// Hands everything to the system; done also at the end.
  void flush();

  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  static double now();
  void write_event(std::string_view event);

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

/// CRC-32C (Castagnoli) of `bytes`.
std::uint32_t crc32c(std::span<const std::byte> bytes);
/// As event files store it: rotated and shifted, so that checksums of texts with checksums in them stay
/// useful.
std::uint32_t masked_crc32c(std::span<const std::byte> bytes);

}  // namespace rondo
