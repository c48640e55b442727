#pragma once

#include "rondo/train/training_step.h"

namespace rondo::examples {

/// Knowledge distillation (Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015): a
/// student learns from a teacher's probabilities, softened by a temperature, beside its targets,
///
///     loss = (1 − share) · objective + share · T² · mean over rows of −Σ_k softmax(teacher / T)_k log
///     softmax(student / T)_k.
///
/// The teacher runs as in inference, on a tape of its own, and does not change.
class Distillation : public TrainingStep {
 public:
  Distillation(Network& teacher, double share, double temperature)
      : teacher_(teacher), tape_(teacher.parameters().dtype()), share_(share), temperature_(temperature) {}

  Json config() const override {
    return Json::object({{"name", "distillation"}, {"share", share_}, {"temperature", temperature_}});
  }
  void run(TrainingPass& pass) override {
    Tape& tape = pass.tape();
    const Vars student = pass.forward();
    tape_.reset({}, false);
    const Var teacher = tape.input(tape_.value(teacher_.run(tape_, pass.inputs())[0]));
    const Var wanted = ops::softmax(tape, ops::scale(tape, teacher, 1 / temperature_));
    const Var seen = ops::log_softmax(tape, ops::scale(tape, student[0], 1 / temperature_));
    const auto rows = static_cast<double>(tape.value(student[0]).data.rows);
    const Var loss = ops::scale(tape, ops::sum(tape, ops::multiply(tape, wanted, seen)),
                                -temperature_ * temperature_ / rows);
    pass.add_objectives(student, 1 - share_);
    pass.add_loss(loss, share_);
    pass.update_metrics(student);
  }

 private:
  Network& teacher_;
  Tape tape_;
  double share_, temperature_;
};

}  // namespace rondo::examples
