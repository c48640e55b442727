#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/model/network.h"
#include "rondo/train/callbacks.h"
#include "rondo/train/optimizers.h"
#include "rondo/train/tensorboard.h"

// Callbacks that write what was measured.

namespace rondo {

struct CsvLogger::File {
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> handle;
  std::vector<std::string> columns;
};

CsvLogger::CsvLogger(std::string path, char separator, bool append)
    : path_(std::move(path)), separator_(separator), append_(append) {}
CsvLogger::~CsvLogger() = default;

void CsvLogger::on_train_begin(TrainingRun&) { file_.reset(); }

void CsvLogger::on_epoch_end(TrainingRun& run, NamedValues& logs) {
  const auto check = [&](bool fine) {
    if (fine) return;
    const int reason = errno;
    throw Error(ErrorKind::resources, "the training log cannot be written")
        .where(path_)
        .seen(std::strerror(reason))
        .fix("choose another path, or make room on the disk");
  };
  const auto number = [](double value) { return detail::print("%.17g", value); };
  const auto write_line = [&](const std::string& line) {
    check(std::fwrite(line.data(), 1, line.size(), file_->handle.get()) == line.size());
  };
  if (!file_) {
    file_ = std::make_unique<File>();
    std::FILE* old = append_ ? std::fopen(path_.c_str(), "r") : nullptr;
    const bool goes_on = old != nullptr && std::fgetc(old) != EOF;
    if (old != nullptr) std::fclose(old);
    file_->handle.reset(std::fopen(path_.c_str(), append_ ? "a" : "w"));
    check(file_->handle != nullptr);
    for (const auto& [name, value] : logs) file_->columns.push_back(name);
    std::string header = "epoch";
    for (const std::string& name : file_->columns) header += separator_ + name;
    if (!goes_on) write_line(header + "\n");
    // A resumed training writes the epochs of the earlier runs again: the file has every epoch once.
    const History& past = run.history();
    for (std::size_t e = 0; e < past.epochs.size() && !goes_on; ++e) {
      std::string line = std::to_string(past.epochs[e]);
      for (const std::string& name : file_->columns) {
        const auto* values = past.find(name);
        line += separator_ + (values == nullptr ? std::string("NA") : number((*values)[e]));
      }
      write_line(line + "\n");
    }
  }
  std::string line = std::to_string(run.epoch());
  for (const std::string& name : file_->columns) {
    const auto found = std::ranges::find(logs, name, &NamedValues::value_type::first);
    line += separator_ + (found == logs.end() ? std::string("NA") : number(found->second));
  }
  write_line(line + "\n");
  check(std::fflush(file_->handle.get()) == 0);
}

void CsvLogger::on_train_end(TrainingRun&) { file_.reset(); }

struct TensorBoard::Writers {
  explicit Writers(const std::string& folder) : folder(folder) {}
  EventFileWriter& of(bool validation) {
    auto& writer = validation ? validation_writer : train_writer;
    if (!writer) writer.emplace(folder + (validation ? "/validation" : "/train"));
    return *writer;
  }
  std::string folder;
  std::optional<EventFileWriter> train_writer, validation_writer;
};

TensorBoard::TensorBoard(std::string folder, std::int64_t every_batches)
    : folder_(std::move(folder)),
      every_batches_(every_batches),
      writers_(std::make_unique<Writers>(folder_)) {}
TensorBoard::~TensorBoard() = default;

void TensorBoard::on_batch_end(TrainingRun& run, std::int64_t batch, const NamedValues& logs) {
  if (every_batches_ <= 0 || (batch + 1) % every_batches_ != 0) return;
  for (const auto& [name, value] : logs) {
    writers_->of(false).scalar("batch_" + name, value, run.optimizer().iterations());
  }
}

void TensorBoard::on_epoch_end(TrainingRun& run, NamedValues& logs) {
  bool rate = false;
  for (const auto& [name, value] : logs) {
    const bool validation = name.starts_with("val_");
    writers_->of(validation).scalar("epoch_" + (validation ? name.substr(4) : name), value, run.epoch());
    rate = rate || name == "learning_rate";
  }
  if (!rate) writers_->of(false).scalar("epoch_learning_rate", run.optimizer().learning_rate(), run.epoch());
  writers_->of(false).flush();
  if (writers_->validation_writer) writers_->validation_writer->flush();
}

void TensorBoard::on_train_end(TrainingRun&) { writers_ = std::make_unique<Writers>(folder_); }

}  // namespace rondo
