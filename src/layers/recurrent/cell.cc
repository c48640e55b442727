#include "rondo/layers/cell.h"

#include <algorithm>

#include "layers/common/base_layers.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

/// [batch, features] as sequences of one step, which stands at `time` of the padded array.
class AsOneStep final : public Relabel {
 public:
  explicit AsOneStep(std::int64_t time) : time_(time) {}
  void forward(Call& call) const override {
    const Value in = call.input(0);
    copy(in, call.make_output(0, time_ == 0 ? call.layouts().dense(in.data.rows, 1) : layout(in.data.rows),
                              in.features));
  }

 private:
  std::shared_ptr<const Layout> layout(std::int64_t batch) const {
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(batch * (time_ + 1)), 0);
    for (std::int64_t b = 0; b < batch; ++b) mask[static_cast<std::size_t>((b + 1) * (time_ + 1) - 1)] = 1;
    return Layout::from_mask(mask, batch, time_ + 1);
  }
  std::int64_t time_;
};

}  // namespace

Cell::State::State(std::span<const Var> values) : count_(values.size()) {
  if (count_ > values_.size()) {
    throw Error(ErrorKind::usage, "no cell has so many states").seen(std::to_string(count_));
  }
  std::ranges::copy(values, values_.begin());
}

Cell::Cell(const std::string& type, RecurrentOptions options, std::int64_t inputs, ParameterStore& store,
           const std::string& name)
    : units_(options.units) {
  if (options.return_sequences || options.return_state || options.go_backwards || options.stateful) {
    throw Error(ErrorKind::usage, "a cell that is stepped by hand has no options about sequences")
        .where("cell '" + name + "'")
        .expected("no return_sequences, return_state, go_backwards, stateful")
        .fix("leave them out, or use the layer of that name");
  }
  options.return_state = true;
  options.name = name;
  timed_ = options.zoneout > 0 || options.zoneout_cell > 0;
  layer_ = recurrent(type, std::move(options));
  const ValueShape input{true, 1, {inputs}};
  states_ = layer_->connect(std::span<const ValueShape>(&input, 1)).size() - 1;
  layer_->declare_parameters(store.dtype());
  store.share_all(layer_->parameters());
}

void Cell::initialize(std::uint64_t seed) const { layer_->initialize_parameters(seed); }

Cell::Step Cell::step(Tape& tape, Var x, const State& state, std::int64_t time) const {
  if (!state.empty() && state.size() != states_) {
    throw Error(ErrorKind::usage, "a cell got another number of states")
        .where("cell '" + layer_->name() + "'")
        .seen(std::to_string(state.size()))
        .expected("0 or " + std::to_string(states_));
  }
  const std::span<Var> inputs = tape.vars(1 + state.size());
  inputs[0] = tape.apply_one(tape.make<AsOneStep>(timed_ ? time : 0), {x});
  std::ranges::copy(state, inputs.begin() + 1);
  const Vars out = layer_->record(tape, inputs);
  return {out.front(), State(out.subspan(1))};
}

}  // namespace rondo
