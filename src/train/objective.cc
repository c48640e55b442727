#include "rondo/train/objective.h"

#include <algorithm>

#include "rondo/base/error.h"

namespace rondo {

/// One recording of an objective whose passes are its own.
class Objective::Recorded final : public Operation {
 public:
  Recorded(const Objective& objective, const Target& target, double count)
      : objective_(objective), target_(target), count_(count) {}
  void forward(Call& call) const override { objective_.forward(call, target_, count_); }
  void backward(Call& call) const override { objective_.backward(call, target_, count_); }
  bool has_trainable_parameters() const override { return objective_.has_trainable_parameters(); }

 private:
  const Objective& objective_;
  Target target_;
  double count_;
};

Json Objective::config() const { return Json::object({{"name", name()}}); }
void Objective::declare(ParameterStore&, const std::string&) {}
void Objective::initialize(ParameterStore&, std::uint64_t) const {}

Var Objective::record(Tape& tape, std::span<const Var> predictions, const Target& target,
                      double count) const {
  ParameterStore* const store = parameters_.infos().empty() ? nullptr : &parameters_;
  return tape.apply(tape.make<Recorded>(*this, target, count), predictions, store).front();
}

void Objective::join(ParameterStore& model, std::span<const ValueShape> predictions,
                     const std::string& prefix, std::uint64_t seed) {
  infer(predictions);
  ParameterStore wanted(model.dtype());
  for (std::size_t i = 0; i < model.infos().size(); ++i) {
    if (model.infos()[i].name.starts_with(prefix))
      wanted.share(model, static_cast<int>(i), model.infos()[i].name);
  }
  declare(wanted, prefix);
  if (!declared_) {
    parameters_ = std::move(wanted);
    declared_ = true;
  } else {
    check_same(wanted);
  }
  model.share_all(parameters_);
  if (parameters_.allocated()) return;  // none, or those of an earlier compilation or of another model
  model.allocate();
  initialize(parameters_, seed);
}

void Objective::check_same(const ParameterStore& wanted) const {
  const auto refuse = [&](const std::string& seen, const std::string& expected) {
    throw Error(ErrorKind::usage, "an objective has the parameters of another model")
        .where("objective " + name())
        .seen(seen)
        .expected(expected)
        .fix("make another object for this model");
  };
  const auto have = parameters_.infos(), want = wanted.infos();
  for (std::size_t i = 0; i < std::min(have.size(), want.size()); ++i) {
    const int index = static_cast<int>(i);
    if (have[i].shape != want[i].shape)
      refuse(have[i].name + " " + to_string(have[i].shape), to_string(want[i].shape));
    if (wanted.allocated(index) && parameters_.find(wanted, index) < 0)
      refuse("'" + want[i].name + "' of the model, and another one of the objective", "one of them");
  }
}

void Objective::forward(Call&, const Target&, double) const {
  throw Error(ErrorKind::usage, "objective '" + name() + "' has no forward pass")
      .fix("override forward and backward, or record");
}
void Objective::backward(Call&, const Target&, double) const {
  throw Error(ErrorKind::usage, "objective '" + name() + "' has no backward pass")
      .fix("override forward and backward, or record");
}

int Objective::declare_array(ParameterStore& parameters, const std::string& name, Shape shape, bool trainable,
                             double l1, double l2) {
  trainable_ = trainable_ || trainable;
  return parameters.adopt(name, shape, trainable, l1, l2);
}

}  // namespace rondo
