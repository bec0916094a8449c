// Files: limits, atomic replacement, trees, locks.
#include "platform/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

TEST(File, ReadsBackWhatWasWrittenWithItsMode) {
  const ScratchDir dir;
  std::string bytes(300'000, 'x');
  bytes[7] = '\0';
  ASSERT_TRUE(write_file_atomic(dir / "a", bytes, {.mode = 0600, .durable = true}));
  EXPECT_EQ(read_file(dir / "a", bytes.size()).value(), bytes);

  struct stat status {};

  ASSERT_EQ(::stat((dir / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_TRUE(write_file_atomic(dir / "a", "new"));
  EXPECT_EQ(read_file(dir / "a", 100).value(), "new");
  EXPECT_EQ(list_directory(dir.path()).value(), std::vector<std::string>{"a"});
}

TEST(File, RefusesToReadMoreThanTheLimit) {
  const ScratchDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "a", "12345"));
  EXPECT_EQ(read_file(dir / "a", 5).value(), "12345");
  const auto longer = read_file(dir / "a", 4);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, Code::bad_usage);
  EXPECT_NE(longer.error().message.find("longer than 4 bytes"), std::string::npos);
}

TEST(File, NamesTheFileAndTheReasonOfAFailure) {
  const auto missing = read_file("/nonexistent/x", 10);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_EQ(missing.error().message, "open /nonexistent/x: no such file or directory");
  EXPECT_FALSE(write_file_atomic("/nonexistent/x", "a"));
}

TEST(File, MakesAndRemovesDirectoriesWithoutFollowingLinks) {
  const ScratchDir dir;
  ASSERT_TRUE(make_directories(dir / "a/b/c"));
  ASSERT_TRUE(make_directories(dir / "a/b/c"));
  ASSERT_TRUE(make_directories(dir / "kept"));
  ASSERT_TRUE(write_file_atomic(dir / "kept/file", "1"));
  ASSERT_TRUE(write_file_atomic(dir / "a/b/file", "1"));
  ASSERT_EQ(::symlink((dir / "kept").c_str(), (dir / "a/b/link").c_str()), 0);
  ASSERT_TRUE(remove_tree(dir / "a"));
  ASSERT_TRUE(remove_tree(dir / "a"));
  EXPECT_FALSE(path_exists(dir / "a"));
  EXPECT_TRUE(path_exists(dir / "kept/file"));
  const auto blocked = make_directories(dir / "kept/file/x");
  ASSERT_FALSE(blocked);
  EXPECT_FALSE(make_directories(dir / "kept/file"));
}

TEST(File, AppendsToALog) {
  const ScratchDir dir;
  for (const char* text : {"one ", "two"}) {
    const auto log = open_append(dir / "log");
    ASSERT_TRUE(log);
    ASSERT_TRUE(write_all(log->get(), "log", text));
  }
  EXPECT_EQ(read_file(dir / "log", 100).value(), "one two");
}

TEST(LockFile, IsHeldOnceAndNamesItsHolder) {
  const ScratchDir dir;
  EXPECT_EQ(lock_holder(dir / "pid").value(), 0);
  {
    const auto lock = LockFile::acquire(dir / "pid");
    ASSERT_TRUE(lock);
    EXPECT_EQ(lock_holder(dir / "pid").value(), ::getpid());
    const auto second = LockFile::acquire(dir / "pid");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::refused);
    EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
  }
  EXPECT_FALSE(path_exists(dir / "pid"));
  EXPECT_TRUE(LockFile::acquire(dir / "pid"));
}

/// Also one that an earlier version left open to all.
TEST(LockFile, IsClosedToOthersWhoCouldLockItThemselves) {
  const ScratchDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "pid", "1\n", {.mode = 0644}));
  const auto lock = LockFile::acquire(dir / "pid");
  ASSERT_TRUE(lock);

  struct stat found {};

  ASSERT_EQ(::stat((dir / "pid").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST(LockFile, IsHeldNoLongerUnderAnothersFile) {
  const ScratchDir dir;
  {
    const auto lock = LockFile::acquire(dir / "pid");
    ASSERT_TRUE(lock);
    EXPECT_TRUE(lock->is_held());
    ASSERT_TRUE(remove_path(dir / "pid"));
    EXPECT_FALSE(lock->is_held());
    ASSERT_TRUE(write_file_atomic(dir / "pid", "1\n"));
    EXPECT_FALSE(lock->is_held());
  }
  EXPECT_TRUE(path_exists(dir / "pid"));  // it is no longer ours to remove
}

TEST(LockFile, OfAKilledDaemonCountsAsFree) {
  const ScratchDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "pid", "1\n"));
  EXPECT_EQ(lock_holder(dir / "pid").value(), 0);
  EXPECT_TRUE(LockFile::acquire(dir / "pid"));
}

}  // namespace
}  // namespace cox::platform
