#include "rondo/train/model.h"
#include "support/scratch_folder.h"
#include "unit/layers/run_network.h"

namespace rondo {
namespace {

Var squares(Tape& tape, std::span<const Var> x) { return ops::square(tape, x[0]); }

TEST(Lambda, RunsAFunctionOfOps) {
  Network network = network_of(lambda(squares), {{true, -1, {2}}});
  const std::vector<std::int64_t> lengths = {1, 2};
  const Samples y =
      run(network, {Samples::padded(Tensor::from({1, 2, 0, 0, 3, 4, 5, 6}, {2, 2, 2}), lengths)})[0];
  EXPECT_EQ(numbers(y.to_padded()), (std::vector<double>{1, 4, 0, 0, 9, 16, 25, 36}));
}

TEST(Lambda, FindsTheShapeOfWhatComesOut) {
  const auto first_two = [](Tape& tape, std::span<const Var> x) { return ops::columns(tape, x[0], 0, 2); };
  EXPECT_EQ(network_of(lambda(first_two), {{true, 7, {3}}}).output_spec(0), (ValueShape{true, 7, {2}}));
  EXPECT_EQ(network_of(lambda(first_two), {{true, -1, {3}}}).output_spec(0), (ValueShape{true, -1, {2}}));
  EXPECT_EQ(network_of(lambda(first_two), {{false, -1, {3}}}).output_spec(0), (ValueShape{false, -1, {2}}));
  expect_usage_error({"columns", "out of range"}, [&] { network_of(lambda(first_two), {{false, -1, {1}}}); });
  const auto sum = [](Tape& tape, std::span<const Var> x) { return ops::sum(tape, x[0]); };
  expect_usage_error({"one row for each sample"}, [&] { network_of(lambda(sum), {{false, -1, {3}}}); });
}

TEST(Lambda, CannotBeSavedWithoutARegisteredName) {
  const ScratchFolder folder;
  const std::string path = folder / "model.safetensors";
  const Samples x(normal({2, 3}, 1));
  Sequential nameless({false, -1, {3}}, {lambda(squares), dense({.units = 2})});
  nameless.build();
  expect_usage_error({"lambda", "register_lambda"}, [&] { nameless.save(path); });
  expect_usage_error({"no_such_function", "registered"}, [] { lambda({.function = "no_such_function"}); });
  register_lambda("squares", squares);
  Sequential named({false, -1, {3}}, {lambda({.function = "squares"}), dense({.units = 2})});
  named.build();
  named.save(path);
  EXPECT_EQ(numbers(Model::load(path).predict(x).values()), numbers(named.predict(x).values()));
}

TEST(Lambda, IsTrainedThrough) {
  Sequential model({false, -1, {2}}, {dense({.units = 2}), lambda(squares), dense({.units = 1})});
  model.compile({.optimizer = "adam"});
  const Samples x(normal({64, 2}, 1)), y(normal({64, 1}, 2));
  FitOptions options{.epochs = 3};
  options.run.verbose = 0;
  const History history = model.fit(x, y, options);
  EXPECT_LT(history.at("loss").back(), history.at("loss").front());
}

}  // namespace
}  // namespace rondo
