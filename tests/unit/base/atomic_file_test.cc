#include "rondo/base/atomic_file.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "rondo/base/error.h"

// ---- faults on order: these stand before the C library's functions in this program ----

namespace {

/// Which call of write, fsync and rename (counted together) goes wrong next, and how. Inactive when `at` < 0.
struct Fault {
  std::atomic<int> at{-1};
  std::atomic<int> seen{0};
  int error_number = 0;
  bool short_write = false;  // instead of an error, take one byte only
} fault;

bool fault_is_due() { return fault.at.load() >= 0 && fault.seen.fetch_add(1) == fault.at.load(); }

template <class F>
F next(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" ssize_t write(int descriptor, const void* bytes, std::size_t count) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
  if (descriptor > 2 && fault_is_due()) {
    if (fault.short_write) return real(descriptor, bytes, count > 0 ? 1 : 0);
    errno = fault.error_number;
    return -1;
  }
  return real(descriptor, bytes, count);
}

extern "C" int fsync(int descriptor) {
  static const auto real = next<int (*)(int)>("fsync");
  if (fault_is_due() && !fault.short_write) {
    errno = fault.error_number;
    return -1;
  }
  return real(descriptor);
}

extern "C" int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  if (fault_is_due() && !fault.short_write) {
    errno = fault.error_number;
    return -1;
  }
  return real(from, to);
}

namespace rondo {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public testing::Test {
 protected:
  AtomicFileTest() {
    std::string name = (fs::temp_directory_path() / "rondo-atomic-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~AtomicFileTest() override {
    fault.at = -1;
    fs::remove_all(folder_);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  void arm(int at, int error_number) {
    fault.seen = 0;
    fault.error_number = error_number;
    fault.short_write = false;
    fault.at = at;
  }

  fs::path folder_;
};

Error error_of(auto&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::usage, "nothing was thrown");
}

TEST_F(AtomicFileTest, WritesWhatReadsBack) {
  const std::string content("a\0b\xff\n", 5);
  write_file_atomically(path("x"), content);
  EXPECT_EQ(read_file(path("x")), content);
  write_file_atomically(path("x"), "");
  EXPECT_EQ(read_file(path("x")), "");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, WithoutCommitTheOldFileStandsAndNothingIsLeft) {
  write_file_atomically(path("x"), "old");
  {
    AtomicFile file(path("x"));
    file.write("new");
    EXPECT_EQ(files(), 2u);
  }
  EXPECT_EQ(read_file(path("x")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, ReadersSeeTheOldFileUntilTheNewIsComplete) {
  write_file_atomically(path("x"), "old");
  AtomicFile file(path("x"));
  file.write("ne");
  EXPECT_EQ(read_file(path("x")), "old");
  file.write("w");
  file.commit();
  EXPECT_EQ(read_file(path("x")), "new");
  EXPECT_EQ(file.bytes_written(), 3u);
  EXPECT_THROW(file.write("more"), Error);
  EXPECT_THROW(file.commit(), Error);
}

TEST_F(AtomicFileTest, WhicheverCallFailsTheOldFileStandsOrTheNewIsComplete) {
  for (const int error_number : {ENOSPC, EIO, EDQUOT, EROFS}) {
    for (int n = 0;; ++n) {
      ASSERT_LT(n, 10);
      write_file_atomically(path("x"), "old content");
      arm(n, error_number);
      bool failed = false;
      try {
        AtomicFile file(path("x"), 6);
        file.write("new");
        file.write("est");
        file.commit();
      } catch (const Error& error) {
        failed = true;
        EXPECT_EQ(error.kind(), ErrorKind::resources);
        EXPECT_NE(std::string(error.what()).find(path("x")), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("fix:"), std::string::npos) << error.what();
      }
      fault.at = -1;
      const std::string now = read_file(path("x"));
      // Calls: two writes, fsync, rename, fsync of the folder (by then the new file is in place).
      EXPECT_EQ(now, n < 4 ? "old content" : "newest") << "call " << n;
      EXPECT_EQ(files(), 1u) << "call " << n;
      EXPECT_EQ(failed, n < 5) << "call " << n;
      if (!failed) break;
    }
  }
}

TEST_F(AtomicFileTest, InterruptedCallsAreRepeated) {
  for (int n = 0; n < 5; ++n) {
    if (n == 3) continue;  // rename is never interrupted
    arm(n, EINTR);
    AtomicFile file(path("x"));
    file.write("new");
    file.write("est");
    file.commit();
    fault.at = -1;
    EXPECT_EQ(read_file(path("x")), "newest");
    fs::remove(path("x"));
  }
}

TEST_F(AtomicFileTest, ShortWritesAreContinued) {
  arm(0, 0);
  fault.short_write = true;
  write_file_atomically(path("x"), "all of it");
  fault.at = -1;
  EXPECT_EQ(read_file(path("x")), "all of it");
}

TEST_F(AtomicFileTest, ALimitOnFileSizesLeavesTheOldFile) {
  write_file_atomically(path("x"), "old");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 100000;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Error error = error_of([&] { write_file_atomically(path("x"), std::string(200000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  const std::string text = error.what();
  EXPECT_NE(text.find("after 100000 of 200000 bytes"), std::string::npos) << text;
  EXPECT_EQ(read_file(path("x")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, AFullDiskLeavesTheOldFile) {
  if (mount("none", folder_.c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "may not mount a small disk here";
  struct Unmount {
    fs::path folder;
    ~Unmount() { umount2(folder.c_str(), MNT_DETACH); }
  } unmount{folder_};
  write_file_atomically(path("x"), "old");
  const Error error = error_of([&] { write_file_atomically(path("x"), std::string(200000, 'x')); });
  const std::string text = error.what();
  EXPECT_EQ(error.kind(), ErrorKind::resources);
  EXPECT_NE(text.find("No space left on device"), std::string::npos) << text;
  EXPECT_NE(text.find("room for 200000 bytes"), std::string::npos) << text;
  EXPECT_NE(text.find("bytes are free there"), std::string::npos) << text;
  EXPECT_EQ(read_file(path("x")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, AKilledWriterLeavesTheOldFileAndItsTemporaryIsRemovedLater) {
  write_file_atomically(path("x"), "old");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    AtomicFile file(path("x"));
    file.write("half");
    raise(SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(read_file(path("x")), "old");
  EXPECT_EQ(files(), 2u);

  write_file_atomically(path("x"), "newer");
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(read_file(path("x")), "newer");
}

TEST_F(AtomicFileTest, AnOldTemporaryThatIsBeingWrittenStays) {
  AtomicFile slow(path("x"));
  slow.write("slow");
  for (const auto& entry : fs::directory_iterator(folder_)) {
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::minutes(5));
  }
  write_file_atomically(path("x"), "fast");
  slow.commit();
  EXPECT_EQ(read_file(path("x")), "slow");
}

TEST_F(AtomicFileTest, WritersOfOneNameDoNotDisturbEachOther) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i)
        write_file_atomically(path("x"), std::string(5000, static_cast<char>('a' + t)));
    });
  }
  threads.clear();
  const std::string content = read_file(path("x"));
  EXPECT_EQ(content, std::string(5000, content.at(0)));
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, FilesChangeTogether) {
  write_file_atomically(path("a"), "old a");
  {
    AtomicFiles all;
    all.add(path("a"), "new a");
    all.add(path("b"), "new b");
    EXPECT_EQ(read_file(path("a")), "old a");
    EXPECT_FALSE(fs::exists(path("b")));
  }
  EXPECT_EQ(files(), 1u) << "nothing changes without a commit";
  AtomicFiles all;
  all.add(path("a"), "new a");
  all.add(path("b"), "new b");
  all.commit();
  EXPECT_EQ(read_file(path("a")), "new a");
  EXPECT_EQ(read_file(path("b")), "new b");
  EXPECT_EQ(files(), 2u);
}

TEST_F(AtomicFileTest, WhenOneCannotChangeTheOthersBecomeWhatTheyWere) {
  write_file_atomically(path("a"), "old a");
  AtomicFiles all;
  all.add(path("a"), "new a");
  all.add(path("b"), "new b");
  all.add(path("c"), "new c");
  fs::create_directory(path("c"));  // a file cannot be renamed to it
  EXPECT_THROW(all.commit(), Error);
  EXPECT_EQ(read_file(path("a")), "old a");
  EXPECT_FALSE(fs::exists(path("b")));
  fs::remove(path("c"));
  all = {};
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, RefusesAFolderADeviceAndAMissingFolder) {
  fs::create_directory(path("folder"));
  EXPECT_NE(std::string(error_of([&] { AtomicFile(path("folder")); }).what()).find("a folder of that name"),
            std::string::npos);
  EXPECT_NE(std::string(error_of([&] { AtomicFile("/dev/null"); }).what()).find("a device"),
            std::string::npos);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_NE(std::string(error_of([&] { AtomicFile(path("no/x")); }).what()).find("make the folder first"),
            std::string::npos);
  EXPECT_THROW(AtomicFile(""), Error);
  EXPECT_THROW(AtomicFile(path("x/")), Error);
}

TEST_F(AtomicFileTest, FollowsALinkAndKeepsThePermissions) {
  write_file_atomically(path("real"), "old");
  fs::permissions(path("real"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real", path("link"));
  write_file_atomically(path("link"), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read_file(path("real")), "new");
  EXPECT_EQ(fs::status(path("real")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(AtomicFileTest, ANewFileObeysTheUmask) {
  const mode_t before = umask(027);
  write_file_atomically(path("x"), "");
  umask(before);
  EXPECT_EQ(static_cast<unsigned>(fs::status(path("x")).permissions()), 0640u);
}

TEST_F(AtomicFileTest, ReadingAMissingFileSuggestsTheNearest) {
  write_file_atomically(path("prices.csv"), "x");
  const Error error = error_of([&] { read_file(path("price.csv")); });
  EXPECT_EQ(error.kind(), ErrorKind::data);
  EXPECT_NE(std::string(error.what()).find("did you mean 'prices.csv'?"), std::string::npos) << error.what();
}

TEST_F(AtomicFileTest, ReadingRefusesFoldersAndTooLongFiles) {
  EXPECT_NE(std::string(error_of([&] { read_file(folder_.string()); }).what()).find("Is a directory"),
            std::string::npos);
  write_file_atomically(path("x"), "12345");
  EXPECT_EQ(read_file(path("x"), 5), "12345");
  EXPECT_EQ(error_of([&] { read_file(path("x"), 4); }).kind(), ErrorKind::data);
  EXPECT_EQ(error_of([&] { read_file(""); }).kind(), ErrorKind::data);
}

TEST_F(AtomicFileTest, ReadsAPipeToItsEnd) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  std::jthread writer([&] {
    std::FILE* file = std::fopen(path("pipe").c_str(), "wb");
    for (int i = 0; i < 100000; ++i) std::fputs("0123456789", file);
    std::fclose(file);
  });
  EXPECT_EQ(read_file(path("pipe")).size(), 1000000u);
}

}  // namespace
}  // namespace rondo
