#include "kernel_suite.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

namespace rondo::kernels {
namespace {

TEST(KernelEqualsReference, IsAskedOfEveryKernelThatIsCompiledForInstructionSets) {
  const std::regex exported("HWY_EXPORT\\((\\w+)\\)");
  std::size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(RONDO_SOURCE_DIR "/src/kernels/cpu")) {
    std::ifstream in(file.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::sregex_iterator it(text.begin(), text.end(), exported), end; it != end; ++it, ++count) {
      EXPECT_TRUE(kernels_with_a_test().contains((*it)[1]))
          << file.path() << ": " << (*it)[1] << " has no test_kernel";
    }
  }
  EXPECT_GT(count, 30U);
}

}  // namespace
}  // namespace rondo::kernels
