// Random damage to valid tensor files: a reader answers with a value or with Error(model_file), and takes no
// more memory than the file has bytes.

#include <gtest/gtest.h>

#include "rondo/base/error.h"
#include "rondo/tensor/tensor_file.h"
#include "support/mutate.h"

namespace rondo {
namespace {

TEST(MutatedTensorFileTest, IsReadOrRefused) {
  TensorFile small, large;
  small.tensors.emplace_back("w", Tensor::from({1, 2, 3, 4}, {2, 2}));
  small.metadata = {{"format", "rondo"}};
  large.tensors.emplace_back("a", Tensor({3, 5}, DType::float64));
  large.tensors.emplace_back("b", Tensor({0}));
  large.tensors.emplace_back("c", Tensor({1, 1, 7}));
  const std::vector<std::string> seeds = {encode_tensor_file(small), encode_tensor_file(large)};
  std::mt19937_64 random(13);
  int read = 0;
  for (int i = 0; i < 40000; ++i) {
    const std::string bytes = mutate(seeds, random);
    try {
      const TensorFile file = decode_tensor_file(bytes);
      std::size_t total = 0;
      for (const auto& [name, tensor] : file.tensors) total += static_cast<std::size_t>(tensor.size());
      ASSERT_LE(total, bytes.size());
      ++read;
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::model_file) << error.what();
    }
  }
  EXPECT_GT(read, 100) << "the damage should leave some files valid";
}

}  // namespace
}  // namespace rondo
