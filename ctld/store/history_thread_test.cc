// The history thread: everything is written once, in order, also when writing fails for a while.
#include "ctld/store/history_thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "ctld/store/history_testing.h"
#include "platform/file.h"
#include "platform/scratch_dir.h"

namespace cox::ctld {
namespace {

/// What the thread said and wrote, for a test that waits for it.
class Witness {
 public:
  HistoryEvents events() {
    return {[this](std::uint64_t sequence) { note([&] { written_ = sequence; }); },
            [this](const Error& error) {
              note([&] {
                ++failures_;
                message_ = error.message;
              });
            },
            [this] { note([&] { ++recoveries_; }); },
            [this](std::uint64_t sequence) { note([&] { parked_ = sequence; }); }};
  }

  void note(const std::function<void()>& change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }

  template <class Holds>
  bool waits_until(Holds holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return holds(*this); });
  }

  std::uint64_t written_ = 0, parked_ = 0;
  int failures_ = 0, recoveries_ = 0;
  std::string message_;
  std::vector<std::uint64_t> jobs_;  // in the order written
  bool is_broken_ = false;
  int opened_ = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class FakeStore final : public HistoryStore {
 public:
  explicit FakeStore(Witness& witness) : witness_(witness) {}

  Result<void> append(const std::vector<std::shared_ptr<const HistoryRows>>& all) override {
    Result<void> done;
    witness_.note([&] {
      if (witness_.is_broken_) done = fail(Code::storage_full, "no room");
      if (!done) return;
      for (const auto& rows : all) {
        for (const AttemptRow& row : rows->attempts) witness_.jobs_.push_back(row.job.value);
      }
    });
    return done;
  }

  std::uint64_t sequence() const override { return 0; }

 private:
  Witness& witness_;
};

constexpr HistoryPace quick{milliseconds(1), milliseconds(1), 4};

HistoryThread::Opener opener(Witness& witness) {
  return [&witness]() -> Result<std::unique_ptr<HistoryStore>> {
    bool is_broken = false;
    witness.note([&] {
      ++witness.opened_;
      is_broken = witness.is_broken_;
    });
    if (is_broken) return fail(Code::internal, "not a database");
    return std::make_unique<FakeStore>(witness);
  };
}

TEST(HistoryThread, rows_are_written_in_order_and_said_to_be) {
  Witness witness;
  {
    HistoryThread thread(std::make_unique<FakeStore>(witness), opener(witness), witness.events(),
                         quick);
    for (std::uint64_t i = 1; i <= 50; ++i) thread.append(rows_of(i, {ended_job(i, 1)}));
    EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.written_ == 50; }));
  }
  ASSERT_EQ(witness.jobs_.size(), 50U);
  EXPECT_TRUE(std::ranges::is_sorted(witness.jobs_));
  EXPECT_EQ(witness.failures_, 0);
}

TEST(HistoryThread, what_waits_at_the_end_is_written) {
  Witness witness;
  {
    HistoryThread thread(std::make_unique<FakeStore>(witness), opener(witness), witness.events(),
                         {seconds(3600), seconds(3600), 1000});
    thread.append(rows_of(7, {ended_job(1, 1)}));
    EXPECT_EQ(thread.finish(), 7U);
  }
  EXPECT_EQ(witness.jobs_.size(), 1U);
}

TEST(HistoryThread, a_full_disk_is_said_once_and_nothing_is_lost) {
  Witness witness;
  witness.is_broken_ = true;
  HistoryThread thread(std::make_unique<FakeStore>(witness), opener(witness), witness.events(),
                       quick);
  for (std::uint64_t i = 1; i <= 9; ++i) thread.append(rows_of(i, {ended_job(i, 1)}));
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.failures_ == 1; }));
  thread.catch_up();  // does not wait for a disk that may never come back
  witness.note([&] {
    EXPECT_EQ(witness.message_, "no room");
    witness.is_broken_ = false;
  });
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.written_ == 9; }));
  witness.note([&] {
    EXPECT_EQ(witness.jobs_.size(), 9U);
    EXPECT_EQ(witness.failures_, 1);
    EXPECT_EQ(witness.recoveries_, 1);
  });
}

TEST(HistoryThread, a_file_that_cannot_be_opened_is_tried_again) {
  Witness witness;
  witness.is_broken_ = true;
  HistoryThread thread(nullptr, opener(witness), witness.events(), quick);
  thread.append(rows_of(1, {ended_job(1, 1)}));
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.opened_ >= 2; }));
  witness.note([&] { witness.is_broken_ = false; });
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.written_ == 1; }));
}

HistoryPace parking() {
  HistoryPace pace = quick;
  pace.rows_in_memory = 10;
  return pace;
}

TEST(HistoryThread, with_many_rows_the_rest_waits_in_a_file_and_is_written_in_order) {
  const platform::ScratchDir dir;
  Witness witness;
  witness.is_broken_ = true;
  HistoryThread thread(std::make_unique<FakeStore>(witness), opener(witness), witness.events(),
                       parking(), [&dir] { return HistoryPark::open(dir.path()); });
  for (std::uint64_t i = 1; i <= 1000; ++i) thread.append(rows_of(i, {ended_job(i, 1)}));
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.parked_ >= 980; }));
  EXPECT_TRUE(platform::list_directory(dir.path())->empty()) << "a crash must leave nothing";
  witness.note([&] { witness.is_broken_ = false; });
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.written_ == 1000; }));
  ASSERT_EQ(witness.jobs_.size(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(witness.jobs_));
  thread.append(rows_of(1001, {ended_job(1001, 1)}));
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.written_ == 1001; }));
}

TEST(HistoryThread, at_the_end_what_is_parked_is_left_to_the_journal) {
  const platform::ScratchDir dir;
  Witness witness;
  witness.is_broken_ = true;
  HistoryThread thread(std::make_unique<FakeStore>(witness), opener(witness), witness.events(),
                       parking(), [&dir] { return HistoryPark::open(dir.path()); });
  for (std::uint64_t i = 1; i <= 100; ++i) thread.append(rows_of(i, {ended_job(i, 1)}));
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.parked_ >= 80; }));
  EXPECT_EQ(thread.finish(), 0U);
  EXPECT_TRUE(witness.jobs_.empty());
}

TEST(HistoryThread, where_nothing_can_be_parked_rows_wait_in_memory) {
  Witness witness;
  witness.is_broken_ = true;
  HistoryThread thread(std::make_unique<FakeStore>(witness), opener(witness), witness.events(),
                       parking(), [] { return HistoryPark::open("/nowhere"); });
  for (std::uint64_t i = 1; i <= 100; ++i) thread.append(rows_of(i, {ended_job(i, 1)}));
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.failures_ == 1; }));
  witness.note([&] { witness.is_broken_ = false; });
  EXPECT_TRUE(witness.waits_until([](const Witness& w) { return w.written_ == 100; }));
  EXPECT_EQ(witness.parked_, 0U);
}

TEST(HistoryPark, gives_every_column_back) {
  const platform::ScratchDir dir;
  auto park = HistoryPark::open(dir.path());
  ASSERT_TRUE(park) << park.error().message;
  AttemptRow full = ended_job(0x1'0000'0005, 7);
  full.ended_by = 0;
  full.exit_code = -1;
  full.reason = std::string("a\0b\xff", 4);
  full.labels = {{"rack", "a"}, {"", ""}};
  const StepRow step = ended_step(full, StepId{3});
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(park->put(*rows_of(7, {full, ended_job(2, 1)}, {step})));
    ASSERT_TRUE(park->put(*rows_of(9, {})));
    const auto first = park->take();
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ((*first)->last_sequence, 7U);
    EXPECT_EQ((*first)->attempts, (std::list<AttemptRow>{full, ended_job(2, 1)}));
    EXPECT_EQ((*first)->steps, std::list<StepRow>{step});
    EXPECT_EQ((*park->take())->last_sequence, 9U);
    EXPECT_TRUE(park->empty());
  }
}

TEST(HistoryThread, a_recovery_waits_until_little_waits) {
  Witness witness;
  HistoryThread thread(std::make_unique<FakeStore>(witness), opener(witness), witness.events(),
                       quick);
  for (std::uint64_t i = 1; i <= 40; ++i) thread.append(rows_of(i, {ended_job(i, 1)}));
  thread.catch_up();
  witness.note([&] { EXPECT_GT(witness.jobs_.size(), 36U); });
}

}  // namespace
}  // namespace cox::ctld
