#include "rondo/base/run_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "support/scratch_folder.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;

class RunFilesTest : public testing::Test {
 protected:
  ScratchFolder folder_;
  std::string path(const std::string& name) const { return folder_ / name; }
};

TEST_F(RunFilesTest, OneRunAtATimeHoldsALock) {
  {
    const FileLock first(path("lock"), "the folder");
    EXPECT_THROW(FileLock(path("lock"), "the folder"), Error);
  }
  EXPECT_FALSE(fs::exists(path("lock"))) << "it goes with its run";
  const FileLock again(path("lock"), "the folder");
}

TEST_F(RunFilesTest, TheLockOfAKilledRunIsFree) {
  const pid_t child = fork();
  if (child == 0) {
    const FileLock held(path("lock"), "the folder");
    raise(SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(fs::exists(path("lock")));
  const FileLock next(path("lock"), "the folder");
}

TEST_F(RunFilesTest, AnOutputIsNoInput) {
  write_file_atomically(path("table"), "1");
  write_file_atomically(path("other"), "2");
  fs::create_symlink(path("table"), path("link"));
  fs::create_hard_link(path("table"), path("hard"));
  for (const char* name : {"table", "link", "hard", "./table"})
    EXPECT_THROW(check_is_no_input(path(name), {"", path("other"), path("table")}), Error) << name;
  check_is_no_input(path("other"), {path("table")});
  check_is_no_input(path("new"), {path("table")});
  check_is_no_input("", {""});
}

TEST_F(RunFilesTest, TwoOutputsThatAreNotThereYetHaveTwoNames) {
  EXPECT_THROW(check_is_no_input(path("x"), {path("./x")}), Error);
  check_is_no_input(path("x"), {path("y")});
}

TEST_F(RunFilesTest, WhatIsReadFromTheStandardInputIsAnInput) {
  write_file_atomically(path("table"), "1");
  const int kept = dup(STDIN_FILENO), table = open(path("table").c_str(), O_RDONLY);
  dup2(table, STDIN_FILENO);
  EXPECT_THROW(check_is_no_input(path("table"), {"-"}), Error);
  dup2(kept, STDIN_FILENO);
  close(kept);
  close(table);
}

}  // namespace
}  // namespace rondo
