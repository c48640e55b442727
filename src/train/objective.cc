#include "rondo/train/objective.h"

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

Var Objective::record(Tape& tape, std::span<const Var> predictions, const Target& target, double count,
                      ParameterStore& parameters) const {
  return tape.apply(tape.make<Recorded>(*this, target, count), predictions, &parameters).front();
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
