#include <cmath>
#include <filesystem>
#include <functional>
#include <iostream>

#include "base/index_range.h"
#include "rondo/base/error.h"
#include "train/fit/checkpoint.h"
#include "train/fit/fit_loop.h"

namespace rondo {
namespace {

void check_options(const FitOptions& o) {
  const auto require = [](bool holds, const char* what, const std::string& seen) {
    if (!holds) throw Error(ErrorKind::usage, std::string("fit: ") + what).seen(seen);
  };
  require(o.batch_size >= 1, "batch_size must be at least 1", std::to_string(o.batch_size));
  require(o.epochs >= 0, "epochs must not be negative", std::to_string(o.epochs));
  require(o.validation_split >= 0 && o.validation_split < 1, "validation_split must lie between 0 and 1",
          std::to_string(o.validation_split));
  require(o.validation_split == 0 || o.validation_data == nullptr,
          "validation_split or validation_data, not both", "both");
  require(o.validation_freq >= 1, "validation_freq must be at least 1", std::to_string(o.validation_freq));
  require(o.micro_batch_size >= 0, "micro_batch_size must not be negative",
          std::to_string(o.micro_batch_size));
  require(o.micro_batch_size == 0 || o.tbptt == 0, "micro_batch_size or tbptt, not both", "both");
  require(o.tbptt >= 0, "tbptt must not be negative", std::to_string(o.tbptt));
  require(o.bptt_memory >= 0, "bptt_memory must not be negative", std::to_string(o.bptt_memory));
  require(!o.run.resume || !o.run.checkpoint.empty(), "resume needs the path of a checkpoint",
          "checkpoint is empty");
  require(o.run.checkpoint_every >= 1, "checkpoint_every must be at least 1",
          std::to_string(o.run.checkpoint_every));
  require(o.run.checkpoint_every_batches >= 0, "checkpoint_every_batches must not be negative",
          std::to_string(o.run.checkpoint_every_batches));
  for (const CallbackPtr& callback : o.callbacks) require(callback != nullptr, "a callback is null", "null");
  require(o.run.verbose >= -1 && o.run.verbose <= 2, "verbose must be -1, 0, 1 or 2",
          std::to_string(o.run.verbose));
}

}  // namespace

FitLoop::FitLoop(Trainer& trainer, const Dataset& data, const FitOptions& options)
    : trainer_(trainer), impl_(*trainer.impl_), options_(options), meters_(impl_.plans), train_(data) {
  check_options(options);
  train_size_ = static_cast<std::int64_t>(
      std::floor(static_cast<double>(data.size()) * (1 - options.validation_split)));
  if (options.validation_split > 0) {
    validation_ = &data;
    validation_begin_ = train_size_;
  } else {
    validation_ = options.validation_data;
  }
  if (train_size_ == 0) {
    throw Error(ErrorKind::data, "there are no samples to train on")
        .seen(std::to_string(data.size()) + " samples, validation_split " +
              std::to_string(options.validation_split));
  }
  impl_.check_batches(train_size_, options.batch_size, "fit");
  if (validation_ != nullptr)
    impl_.check_batches(validation_size(), validation_batch_size(), "fit, validation data");
  if (validation_ != nullptr && validation_size() == 0) {
    throw Error(ErrorKind::data, "there are no samples to validate on")
        .fix("raise validation_split or leave it 0");
  }
}

History FitLoop::run() {
  const StopWatch watch(options_.run);
  for (const CallbackPtr& callback : options_.callbacks) callback->on_train_begin(*this);
  impl_.carried.clear();
  if (options_.run.resume && std::filesystem::exists(options_.run.checkpoint))
    load_checkpoint(options_.run.checkpoint);
  open_progress();
  while (epoch_ < options_.epochs && !stopping_) run_epoch();
  impl_.optimizer->finalize(impl_.network.parameters());
  for (const CallbackPtr& callback : options_.callbacks) callback->on_train_end(*this);
  return std::move(history_);
}

void FitLoop::open_progress() {
  const bool terminal = options_.run.progress == nullptr;
  std::ostream& out = terminal ? std::cerr : *options_.run.progress;
  ProgressStyle style = ProgressStyle::lines;
  if (options_.run.verbose == 0) style = ProgressStyle::none;
  if (options_.run.verbose == 1) style = ProgressStyle::bar;
  if (options_.run.verbose == -1 && terminal) style = detect_progress_style();
  progress_.emplace(out, style, terminal && style == ProgressStyle::bar && colour_wanted());
}

void FitLoop::order_epoch() {
  detail::assign_range(order_, 0, train_size_);
  if (options_.shuffle) {
    shuffle_indices(RandomStream(options_.seed, purpose_key("shuffle"), static_cast<std::uint64_t>(epoch_)),
                    order_);
  }
}

void FitLoop::run_epoch() {
  if (batch_ == 0) {
    meters_.reset();
    if (options_.reset_states_every_epoch) impl_.carried.clear();
    for (const CallbackPtr& callback : options_.callbacks) callback->on_epoch_begin(*this);
  }
  progress_->begin_epoch(epoch_, options_.epochs, batches());
  order_epoch();
  while (batch_ < batches()) {
    run_batch();
    progress_->step(batch_, last_logs_);
    write_queued();
    const std::int64_t every = options_.run.checkpoint_every_batches;
    if (!options_.run.checkpoint.empty() && every > 0 && batch_ % every == 0 && batch_ < batches())
      save_now(options_.run.checkpoint, true);
    stop_when_asked();
  }
  end_epoch();
}

void FitLoop::run_batch() {
  const std::int64_t first = batch_ * options_.batch_size;
  const auto count = std::min(options_.batch_size, train_size_ - first);
  const std::span<const std::int64_t> indices(order_.data() + first, static_cast<std::size_t>(count));
  PassOptions pass;
  pass.training = true;
  pass.seed = options_.seed;
  pass.micro_batch_size = options_.micro_batch_size;
  pass.tbptt = options_.tbptt;
  pass.bptt_memory = options_.bptt_memory;
  pass.class_weight = options_.class_weight.empty() ? nullptr : &options_.class_weight;
  pass.carried = &impl_.carried;
  pass.terminate_on_nan = options_.terminate_on_nan;
  train_.gather_into(indices, impl_.network.parameters().dtype(), layouts_, examples_);
  impl_.run_batch(examples_, pass, meters_);
  meters_.results_into(last_logs_);
  ++batch_;
  for (const CallbackPtr& callback : options_.callbacks)
    callback->on_batch_end(*this, batch_ - 1, last_logs_);
}

void FitLoop::stop_when_asked() {
  if (options_.run.stop == nullptr || !options_.run.stop->load(std::memory_order_relaxed)) return;
  Error error(ErrorKind::interrupted, "training was interrupted");
  error.where("epoch " + std::to_string(epoch_ + 1) + ", batch " + std::to_string(batch_));
  if (options_.run.checkpoint.empty()) {
    error.fix("name a checkpoint file to be able to resume");
  } else {
    save_now(options_.run.checkpoint, true);
    error.fix("resume from " + options_.run.checkpoint);
  }
  throw error;
}

void FitLoop::end_epoch() {
  NamedValues logs = meters_.results();
  if (validation_ != nullptr && (epoch_ + 1) % options_.validation_freq == 0) {
    const std::int64_t size = validation_batch_size();
    const std::int64_t end = validation_->size();
    // A run that resumes at this place although it is to stop gets on nevertheless: batch by batch or not at
    // all.
    std::function<void()> stop;
    if (options_.run.stop != nullptr && !options_.run.stop->load(std::memory_order_relaxed))
      stop = [&] { stop_when_asked(); };
    for (const auto& [name, value] : impl_.evaluate(*validation_, validation_begin_, end, size, stop))
      logs.emplace_back("val_" + name, value);
  }
  for (const CallbackPtr& callback : options_.callbacks) callback->on_epoch_end(*this, logs);
  history_.append(epoch_, logs);
  progress_->end_epoch(batches(), logs);
  ++epoch_;
  batch_ = 0;
  meters_.reset();
  write_queued();
  const bool last = epoch_ >= options_.epochs || stopping_;
  if (!options_.run.checkpoint.empty() && (last || epoch_ % options_.run.checkpoint_every == 0)) {
    save_now(options_.run.checkpoint, true);
  }
  if (!last) stop_when_asked();
}

void FitLoop::write_queued() {
  for (const auto& [path, complete] : queued_) save_now(path, complete);
  queued_.clear();
}

Network& FitLoop::network() { return impl_.network; }
Optimizer& FitLoop::optimizer() { return *impl_.optimizer; }

History Trainer::fit(const Dataset& data, const FitOptions& options) {
  return FitLoop(*this, data, options).run();
}

}  // namespace rondo
