// Group commit, a full disk, and a writer that is killed at any moment.
#include "ctld/store/store_thread.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ctld/store/sqlite_store.h"
#include "ctld/store/store_testing.h"
#include "platform/scratch_dir.h"

namespace cox::ctld {
namespace {

using platform::ScratchDir;

/// A store whose commits wait for the test, and fail when it says so.
class SlowStore final : public Store {
 public:
  Result<void> append(const std::vector<Batch>& batches) override {
    std::unique_lock lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return allowed_ > 0; });
    --allowed_;
    if (failure_) return Failure(*failure_);
    groups_.push_back(batches.size());
    return {};
  }

  Result<void> load(std::uint64_t, const Visitor&) override { return {}; }

  Result<bool> cut(std::uint64_t, std::size_t) override { return true; }

  Result<void> drop_blobs(const std::vector<Hash>&) override { return {}; }

  Result<std::string> read_blob(const Hash&) override { return fail(Code::not_found, "none"); }

  Result<std::vector<Hash>> list_blobs(const Hash&, std::size_t) override {
    return std::vector<Hash>{};
  }

  Result<void> tidy() override { return {}; }

  std::uint64_t untidy_bytes() const override { return 0; }

  void wait_for_commit(int number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return entered_ >= number; });
  }

  void allow(int commits, std::optional<Error> failure = std::nullopt) {
    const std::lock_guard lock(mutex_);
    allowed_ += commits;
    failure_ = std::move(failure);
    changed_.notify_all();
  }

  std::vector<std::size_t> groups() {
    const std::lock_guard lock(mutex_);
    return groups_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int entered_ = 0;
  int allowed_ = 0;
  std::optional<Error> failure_;
  std::vector<std::size_t> groups_;
};

/// What the thread said, in order, as words.
class Heard {
 public:
  StoreEvents events() {
    StoreEvents made;
    made.committed = [this](std::uint64_t sequence) { add("to " + std::to_string(sequence)); };
    made.full = [this](bool full) { add(full ? "full" : "room"); };
    made.failed = [this](const Error& error) { add("failed: " + error.message); };
    return made;
  }

  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return words_.size() >= count; });
    return words_;
  }

  void add(std::string word) {
    const std::lock_guard lock(mutex_);
    words_.push_back(std::move(word));
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> words_;
};

TEST(StoreThread, what_gathers_during_one_sync_is_committed_by_the_next) {
  auto owned = std::make_unique<SlowStore>();
  SlowStore& store = *owned;
  Heard heard;
  StoreThread thread(std::move(owned), heard.events());
  thread.append(batch(1, {"a"}));
  store.wait_for_commit(1);
  thread.append(batch(2, {"b", "c"}));
  thread.append(batch(4, {"d"}));
  store.allow(2);
  EXPECT_EQ(heard.wait_for(2), (std::vector<std::string>{"to 1", "to 4"}));
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{1, 2}));
}

TEST(StoreThread, a_read_is_answered_after_the_batches_before_it) {
  auto owned = std::make_unique<SlowStore>();
  SlowStore& store = *owned;
  Heard heard;
  StoreThread thread(std::move(owned), heard.events());
  thread.append(batch(1, {"a"}));
  thread.read_blob(Hash{},
                   [&heard](const Result<std::string>& read) { heard.add(read.error().message); });
  store.allow(1);
  EXPECT_EQ(heard.wait_for(2), (std::vector<std::string>{"to 1", "none"}));
}

TEST(StoreThread, a_full_disk_keeps_the_batch_and_tries_it_again) {
  auto owned = std::make_unique<SlowStore>();
  SlowStore& store = *owned;
  Heard heard;
  StoreThread thread(std::move(owned), heard.events(), milliseconds(1));
  thread.append(batch(1, {"a"}));
  store.allow(1, Error{Code::storage_full, "no room"});
  heard.wait_for(1);
  store.wait_for_commit(2);
  store.allow(1);
  EXPECT_EQ(heard.wait_for(3), (std::vector<std::string>{"full", "room", "to 1"}));
}

TEST(StoreThread, an_error_of_the_disk_is_told_once_and_ends_the_work) {
  auto owned = std::make_unique<SlowStore>();
  SlowStore& store = *owned;
  Heard heard;
  StoreThread thread(std::move(owned), heard.events());
  thread.append(batch(1, {"a"}));
  store.allow(2, Error{Code::internal, "disk I/O error"});
  EXPECT_EQ(heard.wait_for(1), (std::vector<std::string>{"failed: disk I/O error"}));
  thread.append(batch(2, {"b"}));
  EXPECT_TRUE(store.groups().empty());
}

TEST(StoreThread, everything_appended_before_its_end_is_committed) {
  const ScratchDir dir;
  Heard heard;
  {
    StoreThread thread(opened(dir.path()), heard.events());
    for (std::uint64_t i = 1; i <= 100; ++i) thread.append(batch(i, {std::to_string(i)}));
  }
  auto store = opened(dir.path());
  EXPECT_EQ(loaded(*store)->size(), 100U);
}

/// Appends for ever and writes each acknowledged sequence to `fd`.
[[noreturn]] void write_for_ever(const std::string& directory, int fd) {
  constexpr std::uint64_t ahead_max = 16;
  std::atomic<std::uint64_t> committed = 0;
  StoreEvents events;
  events.committed = [fd, &committed](std::uint64_t sequence) {
    if (::write(fd, &sequence, sizeof sequence) != sizeof sequence) ::_exit(1);
    committed = sequence;
    committed.notify_one();
  };
  events.full = [](bool) { ::_exit(1); };
  events.failed = [](const Error&) { ::_exit(1); };
  auto store = open_sqlite_store(directory);
  if (!store) ::_exit(1);
  std::uint64_t next = 1;
  if (!(*store)->load(0, [&](const FoundRecord&) -> Result<void> {
        ++next;
        return {};
      })) {
    ::_exit(1);
  }
  committed = next - 1;
  StoreThread thread(std::move(*store), events);
  const std::string padding(300, 'x');
  for (;; ++next) {
    thread.append(batch(next, {std::to_string(next) + padding}));
    for (auto reached = committed.load(); next - reached > ahead_max; reached = committed.load()) {
      committed.wait(reached);
    }
  }
}

/// Reads acknowledgements until `count` came, kills the writer, and reads the rest.
std::uint64_t last_acknowledged(int fd, pid_t writer, int count) {
  std::uint64_t sequence = 0;
  std::uint64_t last = 0;
  for (int seen = 0; ::read(fd, &sequence, sizeof sequence) == sizeof sequence; ++seen) {
    last = sequence;
    if (seen == count) ::kill(writer, SIGKILL);
  }
  return last;
}

TEST(StoreThread, every_acknowledged_batch_outlives_a_writer_killed_at_any_moment) {
  const ScratchDir dir;
  std::minstd_rand random(7);
  for (int round = 0; round < 12; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const pid_t writer = ::fork();
    if (writer == 0) write_for_ever(dir.path(), ends[1]);
    ::close(ends[1]);
    const std::uint64_t last = last_acknowledged(ends[0], writer, static_cast<int>(random() % 40));
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(writer, &status, 0), writer);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
    auto store = opened(dir.path());
    const auto records = loaded(*store);
    ASSERT_TRUE(records) << records.error().message;
    EXPECT_GE(records->size(), last);
    EXPECT_GT(last, 0U);
  }
}

/// A small file system of its own, gone with the object.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    is_mounted_ = ::mount("none", path.c_str(), "tmpfs", 0, "size=1m") == 0;
  }

  ~SmallDisk() {
    if (is_mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }

  bool is_mounted() const { return is_mounted_; }

 private:
  std::string path_;
  bool is_mounted_;
};

TEST(StoreThread, a_disk_that_fills_up_and_gets_room_again_loses_nothing) {
  const ScratchDir dir;
  const SmallDisk disk(dir.path());
  if (!disk.is_mounted()) GTEST_SKIP() << "no right to mount a small file system";
  const std::string ballast = dir.path() + "/ballast";
  const int fd = ::open(ballast.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0);
  Heard heard;
  {
    StoreThread thread(opened(dir.path()), heard.events(), milliseconds(1));
    thread.append(batch(1, {"a"}));
    heard.wait_for(1);
    const std::string block(4096, 'x');
    while (::write(fd, block.data(), block.size()) > 0) {
    }
    ::close(fd);
    // More than the log was lengthened by.
    thread.append(batch(2, {std::string(300'000, 'b')}));
    EXPECT_EQ(heard.wait_for(2).back(), "full");
    ASSERT_EQ(::unlink(ballast.c_str()), 0);
    EXPECT_EQ(heard.wait_for(4).back(), "to 2");
  }
  auto store = opened(dir.path());
  EXPECT_EQ(loaded(*store)->size(), 2U);
}

}  // namespace
}  // namespace cox::ctld
