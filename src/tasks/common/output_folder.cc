#include "tasks/common/output_folder.h"

#include <filesystem>

#include "rondo/base/error.h"

namespace rondo::tasks {

void make_output_folder(const std::string& folder, const std::string& fix) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (!failure && std::filesystem::is_directory(folder, failure)) return;
  throw Error(ErrorKind::resources, "cannot create the output folder")
      .where(folder)
      .seen(failure ? failure.message() : "a file of that name")
      .fix(fix);
}

}  // namespace rondo::tasks
