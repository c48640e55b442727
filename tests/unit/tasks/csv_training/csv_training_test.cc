#include "rondo/tasks/csv_training.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/tensor/tensor_file.h"
#include "support/message_of.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;

class CsvTrainingTest : public testing::Test {
 protected:
  CsvTrainingTest() {
    std::string name = (fs::temp_directory_path() / "rondo-csv-training-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~CsvTrainingTest() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    write_file_atomically((folder_ / name).string(), text);
    return (folder_ / name).string();
  }
  CsvTraining job(const std::string& toml) const {
    return read_csv_training(ConfigFile::read(write("job.toml", toml)));
  }
  static RunControls quiet() {
    RunControls controls;
    controls.log = Logger::silent();
    controls.verbose = 0;
    return controls;
  }

  fs::path folder_;
};

double value_of(const std::vector<std::pair<std::string, double>>& values, const std::string& name) {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  ADD_FAILURE() << "no " << name;
  return NAN;
}

/// The sum of the last two values: a window of two or more holds all that is needed.
std::string growing_table(int rows) {
  std::string text = "step,value\n";
  for (int i = 0; i < rows; ++i)
    text += std::to_string(i) + "," + std::to_string(std::sin(0.3 * i) * 10 + 50) + "\n";
  return text;
}

const char* const kWindowJob =
    "[data]\nfile = 'table.csv'\ntarget = ['value']\ntime = 'step'\n"
    "[samples]\nlength = 8\nhorizon = 2\n"
    "[[model.layers]]\ntype = 'lstm'\nunits = 8\n"
    "[[model.layers]]\ntype = 'dense'\nunits = 2\n"
    "[training]\nepochs = 60\noptimizer = { name = 'adam', learning_rate = 0.02 }\n";

TEST_F(CsvTrainingTest, WindowsLearnASeriesAndPredictPastItsEnd) {
  write("table.csv", growing_table(300));
  const CsvTraining training = job(kWindowJob);
  const CsvTrainingResult result = train_csv(training, quiet());
  EXPECT_GT(result.samples_train, 150);
  EXPECT_LT(value_of(result.test, "table_rmse"), 2.0)
      << "the series swings by 10; its mean alone would give 7";
  EXPECT_EQ(evaluate_csv(training, "test", quiet()), result.test) << "what was saved is what was trained";

  const Table table = predict_csv(training, quiet());
  const auto truth = table.numbers("value"), predicted = table.numbers("value_predicted");
  ASSERT_GE(table.rows(), 4);
  EXPECT_EQ(table.column("step").text(table.rows() - 2), "300");
  EXPECT_EQ(table.column("step").text(table.rows() - 1), "301");
  EXPECT_TRUE(std::isnan(truth[truth.size() - 1]));
  EXPECT_NEAR(predicted[predicted.size() - 2], std::sin(0.3 * 300) * 10 + 50, 0.05);
}

TEST_F(CsvTrainingTest, ScalersLearnFromTheTrainingPartOnly) {
  write("table.csv", growing_table(300));
  const CsvTraining first = job(kWindowJob);
  train_csv(first, quiet());
  const auto preparation = [&] { return *read_tensor_file(first.model_path()).find_metadata("preparation"); };
  const std::string before = preparation();
  std::string changed = growing_table(295);
  for (int i = 295; i < 300; ++i) changed += std::to_string(i) + ",1000000\n";
  write("table.csv", changed);
  train_csv(first, quiet());
  EXPECT_EQ(preparation(), before);
}

/// Sequences of unequal length whose class is whether they go up or down.
std::string slopes(int count) {
  std::string text = "run,x,label\n";
  for (int s = 0; s < count; ++s) {
    const bool up = s % 2 == 0;
    for (int t = 0; t < 3 + s % 5; ++t) {
      text += "s" + std::to_string(s) + "," + std::to_string((up ? 1 : -1) * t * 0.5 + s % 7) + "," +
              (up ? "up" : "down") + "\n";
    }
  }
  return text;
}

TEST_F(CsvTrainingTest, SequencesOfUnequalLengthAreClassified) {
  write("runs.csv", slopes(120));
  const CsvTraining training =
      job("[data]\nfile = 'runs.csv'\ntarget = ['label']\nid = 'run'\n[samples]\nkind = 'sequences'\n"
          "[split]\nshuffle = true\n"
          "[[model.layers]]\ntype = 'gru'\nunits = 8\n[[model.layers]]\ntype = 'dense'\nunits = "
          "2\nactivation = 'softmax'\n"
          "[training]\nloss = 'sparse_categorical_crossentropy'\nmetrics = ['accuracy']\nepochs = 60\n"
          "optimizer = { name = 'adam', learning_rate = 0.02 }\n");
  const CsvTrainingResult result = train_csv(training, quiet());
  EXPECT_EQ(result.samples_train + result.samples_validation + result.samples_test, 120);
  EXPECT_GE(value_of(result.test, "accuracy"), 0.9);

  const Table table = predict_csv(training, quiet());
  EXPECT_EQ(table.rows(), 120);
  EXPECT_NEAR(table.numbers("p_up")[0] + table.numbers("p_down")[0], 1.0, 1e-5);
  EXPECT_EQ(table.column("label_predicted").text(0), "up");

  // New data has no label.
  write("new.csv", "run,x\na,1\na,2\na,3\na,4\nb,4\nb,3\nb,2\nb,1\n");
  CsvTraining other = training;
  other.data.file = (folder_ / "new.csv").string();
  const Table fresh = predict_csv(other, quiet());
  ASSERT_EQ(fresh.rows(), 2);
  EXPECT_EQ(fresh.column("run").text(1), "b");
}

TEST_F(CsvTrainingTest, EveryStepOfASequenceMayHaveATarget) {
  write("runs.csv", slopes(40));
  const CsvTraining training =
      job("[data]\nfile = 'runs.csv'\ntarget = ['x']\ninputs = ['x']\nid = 'run'\n"
          "[samples]\nkind = 'sequences'\nevery_step = true\n"
          "[[model.layers]]\ntype = 'simple_rnn'\nunits = 4\nreturn_sequences = true\n"
          "[[model.layers]]\ntype = 'dense'\nunits = 1\n[training]\nepochs = 5\n");
  train_csv(training, quiet());
  const Table table = predict_csv(training, quiet());
  EXPECT_EQ(table.rows(), read_csv(training.data_path()).rows());
  EXPECT_EQ(table.numbers("x")[1], 0.5);
}

TEST_F(CsvTrainingTest, RowsByThemselvesAreRegressed) {
  std::string text = "a,b,y\n";
  for (int i = 0; i < 200; ++i) {
    const double a = std::sin(i), b = std::cos(1.7 * i);
    text += std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(3 * a - 2 * b + 100) + "\n";
  }
  write("rows.csv", text);
  const CsvTraining training =
      job("[data]\nfile = 'rows.csv'\ntarget = ['y']\n[samples]\nkind = 'rows'\n"
          "[[model.layers]]\ntype = 'dense'\nunits = 1\n"
          "[training]\nepochs = 200\noptimizer = { name = 'adam', learning_rate = 0.05 }\n");
  train_csv(training, quiet());
  const Table table = predict_csv(training, quiet());
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    const auto i = static_cast<std::size_t>(row);
    ASSERT_NEAR(table.numbers("y_predicted")[i], table.numbers("y")[i], 0.2) << row;
  }
}

TEST_F(CsvTrainingTest, WhatIsWrittenAsTomlIsTheSameJob) {
  write("table.csv", growing_table(300));
  const CsvTraining training = job(kWindowJob);
  const std::string text = to_toml(training);
  const CsvTraining back = read_csv_training(ConfigFile::parse(text));
  EXPECT_EQ(to_toml(back), text);
  EXPECT_EQ(to_config(back.training), to_config(training.training));
}

TEST_F(CsvTrainingTest, ASuggestedJobCanBeReadAndTrained) {
  const std::string table = write("table.csv", growing_table(100));
  const CsvTraining suggested = suggest_csv_training(table, "", "");
  CsvTraining training = job(to_toml(suggested));
  training.training.epochs = 1;
  EXPECT_EQ(training.data.target, std::vector<std::string>{"value"});
  EXPECT_EQ(train_csv(training, quiet()).epochs, 1);
}

TEST_F(CsvTrainingTest, AMistakeIsAnsweredWithItsLine) {
  write("table.csv", growing_table(300));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = kWindowJob;
    text.replace(text.find(from), from.size(), to);
    return message_of([&] { train_csv(job(text), quiet()); });
  };
  EXPECT_NE(changed("units = 8", "unitz = 8").find("line 8"), std::string::npos)
      << changed("units = 8", "unitz = 8");
  EXPECT_NE(changed("units = 8", "unitz = 8").find("'units'"), std::string::npos);
  EXPECT_NE(changed("length = 8", "lenght = 8").find("did you mean 'length'"), std::string::npos);
  EXPECT_NE(changed("length = 8", "length = 0").find("out of range"), std::string::npos);
  EXPECT_NE(changed("units = 2", "units = 3").find("set units = 2"), std::string::npos);
  EXPECT_NE(changed("'value'", "'valeu'").find("value"), std::string::npos);
  EXPECT_NE(changed("length = 8", "kind = 'sequences'").find("data.id"), std::string::npos);
}

TEST_F(CsvTrainingTest, TheModelFileAloneIsEnoughToPredict) {
  write("table.csv", growing_table(120));
  CsvTraining training = job(kWindowJob);
  training.training.epochs = 1;
  train_csv(training, quiet());
  const Table expected = predict_csv(training, quiet());
  const std::string moved = (folder_ / "elsewhere.rondo").string();
  fs::rename(training.model_path(), moved);
  fs::remove_all(training.output_path(""));
  CsvTraining trained = read_trained_csv(moved);
  trained.data.file = training.data_path();
  EXPECT_EQ(to_csv(predict_csv(trained, quiet())), to_csv(expected));
}

TEST_F(CsvTrainingTest, ADamagedModelFileIsRefused) {
  write("table.csv", growing_table(120));
  CsvTraining training = job(kWindowJob);
  training.training.epochs = 1;
  train_csv(training, quiet());
  const TensorFile whole = read_tensor_file(training.model_path());
  for (auto damage : std::vector<std::function<void(TensorFile&)>>{
           [](TensorFile& file) {
             std::erase_if(file.metadata, [](auto& m) { return m.first == "preparation"; });
           },
           [](TensorFile& file) {
             for (auto& [key, text] : file.metadata)
               if (key == "preparation") text = R"({"inputs":1})";
           },
           [](TensorFile& file) {
             for (auto& [key, text] : file.metadata)
               if (key == "csv_training") text = "{";
           },
           [](TensorFile& file) { file.metadata.emplace_back("forecast", "{}"); },
           [](TensorFile& file) { file.tensors.pop_back(); },
           [](TensorFile& file) { file.tensors.emplace_back("more", Tensor({1}, DType::float32)); }}) {
    TensorFile broken = whole;
    damage(broken);
    write_tensor_file(training.model_path(), broken);
    try {
      predict_csv(training, quiet());
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::model_file) << error.what();
      EXPECT_NE(std::string(error.what()).find("model.rondo"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace rondo
