#include <functional>

#include "unit/layers/run_network.h"

// Every primitive operation of the tape against central differences in double.

namespace rondo {
namespace {

struct OpCase {
  std::string name;
  std::vector<Shape> shapes;
  std::function<Var(Tape&, const std::vector<Var>&)> apply;
  bool positive = false;
};

void PrintTo(const OpCase& c, std::ostream* out) { *out << c.name; }

using Vars = std::vector<Var>;
const Shape kFull{3, 4};

OpCase unary(std::string name, Var (*op)(Tape&, Var), bool positive = false) {
  return {std::move(name), {kFull}, [op](Tape& t, const Vars& v) { return op(t, v[0]); }, positive};
}

std::string size_text(const Shape& shape) {
  return std::to_string(shape[0]) + "x" + std::to_string(shape[1]);
}

const std::vector<std::int64_t> kPicked = {2, 0, 2, 1, 2};

std::vector<OpCase> cases() {
  std::vector<OpCase> all = {unary("negate", ops::negate),     unary("tanh", ops::tanh),
                             unary("sigmoid", ops::sigmoid),   unary("relu", ops::relu),
                             unary("softplus", ops::softplus), unary("exp", ops::exp),
                             unary("log", ops::log, true),     unary("sqrt", ops::sqrt, true),
                             unary("square", ops::square),     unary("abs", ops::abs),
                             unary("softmax", ops::softmax),   unary("log_softmax", ops::log_softmax),
                             unary("sum", ops::sum),           unary("mean", ops::mean),
                             unary("row_sum", ops::row_sum),   unary("transpose", ops::transpose)};
  all.push_back({"scale", {kFull}, [](Tape& t, const Vars& v) { return ops::scale(t, v[0], -1.5, 2); }});
  all.push_back({"columns", {kFull}, [](Tape& t, const Vars& v) { return ops::columns(t, v[0], 1, 2); }});
  all.push_back(
      {"matmul", {kFull, {4, 5}}, [](Tape& t, const Vars& v) { return ops::matmul(t, v[0], v[1]); }});
  all.push_back({"concatenate", {kFull, {3, 2}}, [](Tape& t, const Vars& v) {
                   return ops::concatenate(t, v[0], v[1]);
                 }});
  all.push_back({"rows", {kFull}, [](Tape& t, const Vars& v) { return ops::rows(t, v[0], 1, 2); }});
  all.push_back({"gather", {kFull}, [](Tape& t, const Vars& v) { return ops::gather(t, v[0], kPicked); }});
  all.push_back({"scatter_add", {{5, 4}}, [](Tape& t, const Vars& v) {
                   return ops::scatter_add(t, v[0], kPicked, 4);
                 }});
  for (const Shape& from : {kFull, Shape{1, 4}, Shape{3, 1}, Shape{1, 1}}) {
    all.push_back({"broadcast_" + size_text(from), {from}, [](Tape& t, const Vars& v) {
                     return ops::broadcast(t, v[0], 3, 4);
                   }});
  }
  all.push_back({"batch_matmul", {{6, 4}, {8, 5}}, [](Tape& t, const Vars& v) {
                   return ops::batch_matmul(t, v[0], v[1], 2);
                 }});
  all.push_back({"batch_matmul_transposed", {{6, 4}, {10, 4}}, [](Tape& t, const Vars& v) {
                   return ops::batch_matmul(t, v[0], v[1], 2, true);
                 }});
  all.push_back({"twice", {kFull}, [](Tape& t, const Vars& v) {
                   return ops::multiply(t, v[0], ops::add(t, v[0], v[0]));
                 }});
  const std::pair<const char*, Var (*)(Tape&, Var, Var)> pairs[] = {
      {"add", ops::add}, {"subtract", ops::subtract}, {"multiply", ops::multiply}, {"divide", ops::divide}};
  for (const auto& [name, op] : pairs) {
    const std::pair<Shape, Shape> operands[] = {{kFull, kFull},  {kFull, {1, 4}}, {kFull, {3, 1}},
                                                {kFull, {1, 1}}, {{1, 4}, kFull}, {{3, 1}, kFull},
                                                {{1, 1}, kFull}, {{3, 1}, {1, 4}}};
    for (const auto& [left, right] : operands) {
      all.push_back({std::string(name) + "_" + size_text(left) + "_" + size_text(right),
                     {left, right},
                     [op = op](Tape& t, const Vars& v) { return op(t, v[0], v[1]); },
                     true});
    }
  }
  return all;
}

class EveryOp : public ::testing::TestWithParam<OpCase> {};

TEST_P(EveryOp, HasTheGradientOfCentralDifferences) {
  const OpCase& c = GetParam();
  std::vector<Tensor> inputs;
  for (const Shape& shape : c.shapes) {
    Tensor t = normal(shape, 20 + inputs.size(), DType::float64);
    for (std::int64_t i = 0; c.positive && i < t.size(); ++i) t.set(i, 0.5 + std::abs(t.at(i)));
    inputs.push_back(std::move(t));
  }
  Tape tape(DType::float64);
  Vars vars;
  const auto loss = [&] {
    tape.reset({}, true);
    vars.clear();
    for (const Tensor& t : inputs) vars.push_back(tape.input(Samples(t), true));
    const Var out = c.apply(tape, vars);
    const Value& value = tape.value(out);
    const Var weights = tape.input(Samples(normal({value.data.rows, value.data.cols}, 50, DType::float64)));
    return ops::sum(tape, ops::multiply(tape, out, weights));
  };
  tape.backward(loss());
  std::vector<Tensor> gradients;
  for (const Var v : vars) gradients.push_back(tape.gradient(v));
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    for (std::int64_t i = 0; i < inputs[k].size(); ++i) {
      constexpr double kStep = 1e-5;
      const double middle = inputs[k].at(i);
      inputs[k].set(i, middle + kStep);
      const double above = tape.get(loss()).values().at(0);
      inputs[k].set(i, middle - kStep);
      const double below = tape.get(loss()).values().at(0);
      inputs[k].set(i, middle);
      const double numeric = (above - below) / (2 * kStep);
      EXPECT_NEAR(gradients[k].at(i), numeric, 1e-8 + 1e-6 * std::abs(numeric))
          << "input " << k << ", element " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, EveryOp, ::testing::ValuesIn(cases()),
                         [](const auto& param) { return param.param.name; });

TEST(Ops, StopGradientStops) {
  Tape tape;
  tape.reset();
  const Var x = tape.input(Samples(Tensor::from({1, 2}, {1, 2})), true);
  tape.backward(ops::sum(tape, ops::multiply(tape, x, ops::stop_gradient(tape, x))));
  EXPECT_EQ(numbers(tape.gradient(x)), (std::vector<double>{1, 2}));
}

TEST(Ops, RefuseOperandsThatDoNotFit) {
  Tape tape;
  tape.reset();
  const Var a = tape.input(Samples(Tensor({2, 3}))), b = tape.input(Samples(Tensor({2, 2})));
  expect_usage_error({"matmul", "2 x 3", "2 x 2"}, [&] { ops::matmul(tape, a, b); });
  expect_usage_error({"add", "2 x 3"}, [&] { ops::add(tape, a, b); });
  expect_usage_error({"columns"}, [&] { ops::columns(tape, a, 2, 2); });
  const Var row = tape.input(Samples(Tensor({1, 3})));
  expect_usage_error({"concatenate"}, [&] { ops::concatenate(tape, a, row); });
}

TEST(Ops, MoveRows) {
  Tape tape;
  tape.reset();
  const Var a = tape.input(Samples(Tensor::from({1, 2, 3, 4, 5, 6}, {3, 2})));
  const auto values = [&](Var v) { return numbers(tape.get(v).values()); };
  EXPECT_EQ(values(ops::rows(tape, a, 1, 2)), (std::vector<double>{3, 4, 5, 6}));
  EXPECT_EQ(values(ops::rows(tape, a, 3, 0)), std::vector<double>{});
  EXPECT_EQ(values(ops::gather(tape, a, kPicked)), (std::vector<double>{5, 6, 1, 2, 5, 6, 3, 4, 5, 6}));
  EXPECT_EQ(values(ops::scatter_add(tape, a, std::vector<std::int64_t>{3, 0, 3}, 4)),
            (std::vector<double>{3, 4, 0, 0, 0, 0, 6, 8}));
  const Var row = ops::rows(tape, a, 0, 1);
  EXPECT_EQ(values(ops::broadcast(tape, row, 2, 2)), (std::vector<double>{1, 2, 1, 2}));
  EXPECT_EQ(values(ops::subtract(tape, row, ops::columns(tape, a, 0, 1))),
            (std::vector<double>{0, 1, -2, -1, -4, -3}));
  expect_usage_error({"rows", "2 to 4", "0 to 3"}, [&] { ops::rows(tape, a, 2, 2); });
  expect_usage_error({"gather", "3"}, [&] { ops::gather(tape, a, std::vector<std::int64_t>{3}); });
  expect_usage_error({"scatter_add", "2 indices"}, [&] {
    ops::scatter_add(tape, a, std::vector<std::int64_t>{0, 1}, 4);
  });
  expect_usage_error({"batch_matmul", "3 x 2"}, [&] { ops::batch_matmul(tape, a, a, 2); });
  expect_usage_error({"broadcast", "3 x 2", "6 x 2"}, [&] { ops::broadcast(tape, a, 6, 2); });
}

/// `seed` bits of a product of blocks and of its gradients, of block `only` or of all.
template <class T>
std::vector<std::vector<double>> block_products(std::int64_t only, bool transposed) {
  constexpr std::int64_t kBlocks = 3, kRows = 7, kInner = 19, kColumns = 33;
  const DType dtype = sizeof(T) == 4 ? DType::float32 : DType::float64;
  const std::int64_t right_rows = transposed ? kColumns : kInner, right_cols = transposed ? kInner : kColumns;
  const auto part = [&](const Tensor& t, std::int64_t rows) {
    return only < 0 ? t : t.slice(only * rows, (only + 1) * rows);
  };
  Tape tape(dtype);
  tape.reset();
  const Var a = tape.input(Samples(part(normal({kBlocks * kRows, kInner}, 1, dtype), kRows)), true),
            b = tape.input(Samples(part(normal({kBlocks * right_rows, right_cols}, 2, dtype), right_rows)),
                           true);
  const Var y = ops::batch_matmul(tape, a, b, only < 0 ? kBlocks : 1, transposed);
  const Tensor up = part(normal({kBlocks * kRows, kColumns}, 3, dtype), kRows);
  tape.backward(std::vector<Var>{y}, std::vector<Tensor>{up});
  return {numbers(tape.get(y).values()), numbers(tape.gradient(a)), numbers(tape.gradient(b))};
}

template <class T>
void expect_blocks_as_alone() {
  for (const bool transposed : {false, true}) {
    const auto all = block_products<T>(-1, transposed);
    for (std::int64_t block = 0; block < 3; ++block) {
      const auto alone = block_products<T>(block, transposed);
      for (std::size_t k = 0; k < all.size(); ++k) {
        const auto size = static_cast<std::ptrdiff_t>(alone[k].size());
        EXPECT_EQ(alone[k],
                  std::vector<double>(all[k].begin() + block * size, all[k].begin() + (block + 1) * size));
      }
    }
  }
}

TEST(Ops, ABlockOfABatchOfProductsHasTheBitsThatItHasAlone) {
  expect_blocks_as_alone<float>();
  expect_blocks_as_alone<double>();
}

TEST(Tape, RefusesValuesOfAPassThatIsOver) {
  Tape tape;
  tape.reset();
  const Var old = tape.input(Samples(Tensor({2, 3})), true);
  tape.reset();
  expect_usage_error({"Var", "reset"}, [&] { ops::tanh(tape, old); });
  expect_usage_error({"Var"}, [&] { tape.get(Var{}); });
}

TEST(Tape, RefusesValuesOfAnEarlierPassThoughItHasAsMany) {
  Tape tape, other;
  tape.reset();
  other.reset();
  const Var old = tape.input(Samples(Tensor({2, 2})));
  tape.reset();
  const Var now = tape.input(Samples(Tensor({2, 2})));
  other.input(Samples(Tensor({2, 2})));
  EXPECT_NO_THROW(tape.value(now));
  EXPECT_THROW(tape.value(old), Error);
  EXPECT_THROW(ops::add(tape, now, old), Error);
  EXPECT_THROW(tape.backward(old), Error);
  EXPECT_THROW(other.value(now), Error) << "of another tape";
}

TEST(Tape, RefusesABackwardPassThatCannotBe) {
  Tape tape;
  tape.reset({}, false);
  const Var x = tape.input(Samples(Tensor({1, 1})), true);
  expect_usage_error({"gradients", "reset"}, [&] { tape.backward(x); });
  tape.reset();
  const Var y = tape.input(Samples(Tensor({2, 3})), true);
  expect_usage_error({"one number", "2 x 3", "sum"}, [&] { tape.backward(y); });
  const std::vector<Var> values = {y};
  expect_usage_error({"(3, 3)", "2 x 3"}, [&] {
    tape.backward(values, std::vector<Tensor>{Tensor({3, 3})});
  });
  expect_usage_error({"one gradient"}, [&] { tape.backward(values, std::vector<Tensor>{}); });
  tape.backward(values, std::vector<Tensor>{Tensor({2, 3})});
  expect_usage_error({"already"}, [&] { tape.backward(values, std::vector<Tensor>{Tensor({2, 3})}); });
}

/// Σ of input 0 as one number.
class SumInDouble : public Operation {
 public:
  void forward(Call& call) const override {
    const View<const float> x = call.input(0).data.view<const float>();
    double sum = 0;
    for (std::int64_t i = 0; i < x.rows * x.cols; ++i) sum += static_cast<double>(x.data[i]);
    call.make_number(0, sum);
  }
  void backward(Call& call) const override {
    const Matrix to = call.input_gradient(0);
    for (std::int64_t i = 0; i < to.rows * to.cols; ++i)
      to.view<float>().data[i] += static_cast<float>(call.number_gradient(0));
  }
};

TEST(Tape, KeepsALossInDoubleWhateverItsType) {
  Tape tape(DType::float32);
  tape.reset();
  const SumInDouble sum;
  const Var x = tape.input(Samples(Tensor::from({1, 0x1p-30, 2}, {1, 3})), true);
  const Var loss = tape.apply_one(sum, {x});
  EXPECT_EQ(tape.number(loss), 3 + 0x1p-30);  // a float would not hold it
  EXPECT_EQ(tape.get(loss).values().dtype(), DType::float64);
  expect_usage_error({"float64", "float32", "backward"}, [&] { ops::add(tape, loss, loss); });
  EXPECT_EQ(tape.number(ops::sum(tape, x)), 3);
  expect_usage_error({"one number", "1 x 3"}, [&] { tape.number(x); });
}

TEST(Tape, RunsBackwardFromSeveralLossesByTheirWeights) {
  Tape tape(DType::float32);
  tape.reset();
  const SumInDouble sum;
  const Var x = tape.input(Samples(Tensor::from({1, 2}, {1, 2})), true);
  const std::vector<Var> losses = {tape.apply_one(sum, {x}), ops::sum(tape, ops::square(tape, x))};
  expect_usage_error({"one weight"}, [&] { tape.backward(losses, std::vector<double>{1}); });
  tape.backward(losses, std::vector<double>{3, 0.5});
  EXPECT_EQ(numbers(tape.gradient(x)), (std::vector<double>{4, 5}));
  EXPECT_EQ(numbers(tape.gradient(losses[0])), std::vector<double>{3});
}

TEST(Tape, TakesValuesOfAnotherTapeAsConstants) {
  Tape teacher(DType::float64), tape(DType::float32);
  teacher.reset();
  tape.reset();
  const Samples x = Samples::padded(normal({2, 3, 2}, 1), std::vector<std::int64_t>{1, 3});
  const Value& given = teacher.value(teacher.input(x, true));
  const Var taken = tape.input(given), y = tape.input(x, true);
  EXPECT_EQ(tape.value(taken).layout, given.layout);
  EXPECT_EQ(numbers(tape.get(taken).values()), numbers(tape.get(y).values()));
  tape.backward(ops::sum(tape, ops::multiply(tape, taken, y)));
  EXPECT_EQ(numbers(tape.gradient(y)), numbers(tape.get(taken).values()));
  EXPECT_EQ(numbers(tape.gradient(taken)), std::vector<double>(8, 0.0));
}

TEST(Tape, RefusesParametersOfAnotherType) {
  ParameterStore store(DType::float64);
  store.declare("a", {2});
  store.allocate();
  Tape tape(DType::float32);
  tape.reset();
  expect_usage_error({"float64", "float32"}, [&] { tape.parameter(store, 0); });
}

TEST(Tape, TrainsParametersOfItsOwn) {
  ParameterStore store(DType::float64);
  store.declare("w", {2, 1});
  store.allocate();
  Tape tape(DType::float64);
  tape.reset();
  const Var x = tape.input(Samples(Tensor::from({1, 2, 3, 4}, {2, 2})));
  tape.backward(ops::sum(tape, ops::matmul(tape, x, tape.parameter(store, 0))));
  EXPECT_EQ(numbers(store.get_gradient(0)), (std::vector<double>{4, 6}));
}

TEST(Tape, TakesNoMoreMemoryFromTheSecondPassOnAndGivesTheSame) {
  Network network = network_of(lstm({.units = 12, .return_sequences = true}), {ValueShape{true, -1, {5}}});
  const Samples x(normal({8, 40, 5}, 1));
  const Tensor gradient = normal({320, 12}, 2);
  Tape tape;
  std::vector<double> first;
  std::size_t bytes = 0;
  for (int pass = 0; pass < 5; ++pass) {
    tape.reset({.training = true});
    const std::vector<Var> out = network.run(tape, std::vector<Samples>{x});
    network.parameters().zero_gradients();
    tape.backward(out, std::vector<Tensor>{gradient});
    const std::vector<double> now = numbers(network.parameters().gradients());
    if (pass == 0) first = now, bytes = tape.arena_bytes();
    EXPECT_EQ(now, first);
    EXPECT_EQ(tape.arena_bytes(), bytes) << pass;
  }
}

}  // namespace
}  // namespace rondo
