#include "rondo/base/error.h"
#include "train/fit/checkpoint.h"
#include "train/fit/fit_loop.h"

namespace rondo {
namespace {

std::string callback_prefix(std::size_t i) { return "callback/" + std::to_string(i) + "/"; }

}  // namespace

const std::string& FitLoop::data_hash() const {
  if (!data_hash_.empty()) return data_hash_;
  const std::uint64_t hashes[] = {
      content_hash(train_, 0, train_size_),
      validation_ == nullptr ? 0 : content_hash(*validation_, validation_begin_, validation_->size())};
  for (const std::uint64_t hash : hashes) {
    for (int shift = 60; shift >= 0; shift -= 4) data_hash_ += "0123456789abcdef"[(hash >> shift) & 15];
  }
  return data_hash_;
}

Json FitLoop::fingerprint() const {
  Json class_weight = Json::object();
  for (const auto& [number, weight] : options_.class_weight) class_weight.set(std::to_string(number), weight);
  return Json::object({{"samples", train_size_},
                       {"validation_samples", validation_size()},
                       {"data", data_hash()},
                       {"batch_size", options_.batch_size},
                       {"shuffle", options_.shuffle},
                       {"seed", options_.seed},
                       {"micro_batch_size", options_.micro_batch_size},
                       {"tbptt", options_.tbptt},
                       {"reset_states_every_epoch", options_.reset_states_every_epoch},
                       {"class_weight", std::move(class_weight)},
                       {"compile", impl_.compile_config()},
                       {"callbacks", static_cast<std::int64_t>(options_.callbacks.size())}});
}

void FitLoop::save_now(const std::string& path, bool complete) const {
  TensorFile file;
  detail::put_network(file, impl_.network);
  if (complete) {
    detail::put_optimizer(file, *impl_.optimizer, impl_.network.parameters());
    file.metadata.emplace_back("compile", to_json(impl_.compile_config()));
    Json training = Json::object({{"run", fingerprint()},
                                  {"epoch", epoch_},
                                  {"batch", batch_},
                                  {"stopped", stopping_},
                                  {"last_good_loss", impl_.last_good_loss},
                                  {"meters", meters_.gathered()},
                                  {"history", history_.to_config()}});
    Json callbacks = Json::array();
    for (std::size_t i = 0; i < options_.callbacks.size(); ++i) {
      Callback::State state = options_.callbacks[i]->state();
      callbacks.push_back(std::move(state.numbers));
      for (auto& [name, tensor] : state.tensors)
        file.tensors.emplace_back(callback_prefix(i) + name, std::move(tensor));
    }
    training.set("callbacks", std::move(callbacks));
    Json carried = Json::array();
    for (const CarriedState::Entry& entry : impl_.carried.entries) {
      carried.push_back(
          Json::object({{"layer", entry.layer}, {"states", static_cast<std::int64_t>(entry.states.size())}}));
      for (std::size_t s = 0; s < entry.states.size(); ++s) {
        file.tensors.emplace_back("carried/" + entry.layer + "/" + std::to_string(s), entry.states[s]);
      }
    }
    training.set("carried", std::move(carried));
    file.metadata.emplace_back("training", to_json(training));
  }
  write_tensor_file(path, file);
}

void FitLoop::load_checkpoint(const std::string& path) {
  const TensorFile file = read_tensor_file(path);
  const Json training = detail::take_json(file, "training", path);
  const Json& seen = training.at("run", path);
  const Json wanted = fingerprint();
  for (const auto& [key, value] : wanted.as_object()) {
    const Json* saved = seen.find(key);
    // Through JSON, as a real number without a fraction comes back as an integer.
    if (saved != nullptr && to_json(*saved) == to_json(parse_json(to_json(value)))) continue;
    if (key == "data") {
      throw Error(ErrorKind::usage, "the checkpoint belongs to a run on other data")
          .where(path)
          .seen("data whose hash is " + (saved == nullptr ? "not known" : to_json(*saved)))
          .expected("the data of this run: " + to_json(value))
          .fix("resume with the data of the interrupted run, or remove the file to start over");
    }
    throw Error(ErrorKind::usage, "the checkpoint belongs to a run with other settings")
        .where(path)
        .seen(key + " = " + (saved == nullptr ? "(nothing)" : to_json(*saved)))
        .expected(key + " = " + to_json(value))
        .fix("resume with the settings of the interrupted run, or remove the file to start over");
  }
  detail::take_network(file, impl_.network, path);
  try {
    detail::take_optimizer(file, *impl_.optimizer, impl_.network.parameters(), path);
    restore_run(file, training, path);
  } catch (const Error& error) {
    throw Error(ErrorKind::model_file, "the checkpoint cannot be used: " + error.summary())
        .where(path)
        .seen(error.details().seen)
        .expected(error.details().expected)
        .fix("remove the file to start over");
  }
}

/// Everything of the file is checked: what is out of place would lead outside of the data later.
void FitLoop::restore_run(const TensorFile& file, const Json& training, const std::string& path) {
  const auto number = [&](const char* key, std::int64_t highest) {
    const std::int64_t value = training.at(key, path).as_integer(std::string("training.") + key);
    if (value >= 0 && value <= highest) return value;
    throw Error(ErrorKind::model_file, "training." + std::string(key) + " is out of range")
        .seen(std::to_string(value))
        .expected("0 to " + std::to_string(highest));
  };
  epoch_ = number("epoch", std::int64_t{1} << 53);
  batch_ = number("batch", batches());
  stopping_ = training.at("stopped", path).as_bool("training.stopped");
  const Json& last = training.at("last_good_loss", path);
  impl_.last_good_loss = last.is_number() ? last.as_real() : 0;
  meters_.restore(training.at("meters", path));
  history_ = History::from_config(training.at("history", path));
  if (std::ssize(history_.epochs) != epoch_) {
    throw Error(ErrorKind::model_file, "the history has another number of epochs")
        .seen(std::to_string(history_.epochs.size()))
        .expected(std::to_string(epoch_));
  }
  const auto& callbacks = training.at("callbacks", path).as_array("training.callbacks");
  for (std::size_t i = 0; i < options_.callbacks.size() && i < callbacks.size(); ++i) {
    Callback::State state{callbacks[i], {}};
    for (const auto& [name, tensor] : file.tensors) {
      const std::string prefix = callback_prefix(i);
      if (name.starts_with(prefix) && impl_.network.parameters().find(name) < 0)
        state.tensors.emplace_back(name.substr(prefix.size()), tensor);
    }
    options_.callbacks[i]->restore(state);
  }
  impl_.carried.clear();
  for (const Json& entry : training.at("carried", path).as_array("training.carried")) {
    const std::string layer = entry.at("layer", path).as_string();
    const std::int64_t states = entry.at("states", path).as_integer("training.carried.states");
    if (states < 1)
      throw Error(ErrorKind::model_file, "a layer carries no states").seen(std::to_string(states));
    for (std::int64_t s = 0; s < states; ++s) {
      const Tensor* tensor = file.find("carried/" + layer + "/" + std::to_string(s));
      if (tensor == nullptr) {
        throw Error(ErrorKind::model_file, "a carried state is missing")
            .where(path)
            .expected("carried/" + layer);
      }
      impl_.carried.of(layer).push_back(*tensor);
    }
  }
}

}  // namespace rondo
