// History as a projection: whatever is killed between the journal's commit and the write of
// history.db, the rows are those of a life without crashes, and what is not written yet is answered
// from memory.
#include "ctld/history_desk.h"

#include <gtest/gtest.h>

#include "ctld/history_rows.h"
#include "ctld/history_testing.h"
#include "testsuite/support/random_life.h"

namespace cox::ctld {
namespace {

using testing::Dice;

core::Facts random_journal(std::uint64_t seed) {
  cox::testing::RandomLife life(seed);
  for (int i = 0; i < 250; ++i) life.event();
  return life.cluster.journal;
}

HistoryRows rows_without_crash(const core::Facts& journal, std::size_t facts) {
  HistoryRows rows;
  core::State state;
  for (std::size_t i = 0; i < facts; ++i) {
    add_history_rows(state, journal[i], i + 1, &rows);
    core::evolve(state, journal[i]);
  }
  return rows;
}

HistoryDisk disk_without_crash(const core::Facts& journal, std::size_t facts) {
  HistoryDisk disk;
  disk.write(rows_without_crash(journal, facts));
  return disk;
}

/// One life of a controller over a journal that is known beforehand.
class Life {
 public:
  Life(const core::Facts& journal, HistoryDisk& disk, std::size_t most = HistoryDesk::rows_max)
      : journal_(journal), history_(disk), desk_(&history_, Log(-1), most) {
    desk_.begin();
  }

  void recover(std::size_t committed) {
    while (learned_ < committed) {
      learn();
      desk_.replayed(learned_);
    }
    desk_.recovered(learned_);
  }

  void learn() {
    desk_.learn(state_, journal_[learned_], learned_ + 1);
    core::evolve(state_, journal_[learned_]);
    ++learned_;
  }

  void write_one() {
    if (const std::uint64_t sequence = history_.write_one(); sequence != 0) {
      desk_.written(sequence);
    }
  }

  void park() {
    if (const std::uint64_t sequence = history_.park(); sequence != 0) desk_.parked(sequence);
  }

  void write_all() {
    while (history_.waiting() != 0) write_one();
  }

  std::size_t learned() const { return learned_; }

  HistoryDesk& desk() { return desk_; }

  FakeHistory& history() { return history_; }

 private:
  const core::Facts& journal_;
  FakeHistory history_;
  HistoryDesk desk_;
  core::State state_;
  std::size_t learned_ = 0;
};

HistoryDisk everything(HistoryDesk& desk) {
  HistoryDisk found;
  HistoryFilter filter{.all_attempts = true, .with_steps = true, .limit = 100'000};
  desk.query(filter, [&](const Result<HistoryPage>& page) {
    for (const AttemptRow& row : page->attempts) found.attempts[row.key()] = row;
    for (const StepRow& row : page->steps) found.steps[row.key()] = row;
  });
  return found;
}

TEST(HistoryProperty, crashes_between_commit_and_write_change_no_row) {
  std::size_t rows = 0;
  for (std::uint64_t seed = 1; seed <= 34; ++seed) {
    const core::Facts journal = random_journal(seed);
    Dice dice(seed);
    HistoryDisk disk;
    std::size_t committed = 0;
    while (committed < journal.size()) {
      Life life(journal, disk);
      life.recover(committed);
      for (std::uint64_t left = dice.roll(200); left > 0; --left) {
        if (life.learned() < journal.size() && dice.chance(80)) life.learn();
        if (dice.chance(30)) life.desk().committed(committed = life.learned());
        if (dice.chance(20)) life.write_one();
      }
      // Killed: facts after `committed` never were, rows that were not written are gone.
      ASSERT_LE(disk.sequence, committed) << seed;
    }
    Life last(journal, disk);
    last.recover(committed);
    last.write_all();
    const HistoryDisk expected = disk_without_crash(journal, journal.size());
    EXPECT_EQ(disk.attempts, expected.attempts) << seed;
    EXPECT_EQ(disk.steps, expected.steps) << seed;
    rows += disk.attempts.size() + disk.steps.size();
  }
  EXPECT_GT(rows, 500U);
}

TEST(HistoryProperty, every_row_is_found_from_the_fact_on) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const core::Facts journal = random_journal(seed);
    Dice dice(seed);
    HistoryDisk disk;
    Life life(journal, disk);
    while (life.learned() < journal.size()) {
      life.learn();
      if (dice.chance(30)) life.desk().committed(life.learned());
      if (dice.chance(20)) life.write_one();
      if (!dice.chance(5)) continue;
      const HistoryDisk expected = disk_without_crash(journal, life.learned());
      const HistoryDisk found = everything(life.desk());
      ASSERT_EQ(found.attempts, expected.attempts) << seed;
      for (const auto& [key, row] : found.steps) ASSERT_EQ(row, expected.steps.at(key)) << seed;
      for (const auto& [key, row] : expected.steps) {
        const bool has_ended = expected.attempts.contains({key.job, key.attempt});
        ASSERT_TRUE(found.steps.contains(key) == has_ended) << seed;
      }
    }
  }
}

TEST(HistoryProperty, the_journal_up_to_complete_to_is_never_needed_again) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    const core::Facts journal = random_journal(seed);
    Dice dice(seed);
    HistoryDisk disk;
    Life life(journal, disk);
    for (std::uint64_t left = 100 + dice.roll(journal.size()); left > 0; --left) {
      if (life.learned() < journal.size()) life.learn();
      if (dice.chance(30)) life.desk().committed(life.learned());
      if (dice.chance(15)) life.write_one();
    }
    const auto complete = static_cast<std::size_t>(life.desk().complete_to());
    HistoryDisk cut = disk_without_crash(journal, complete);
    for (const auto& [key, row] : cut.attempts) ASSERT_EQ(disk.attempts.at(key), row) << seed;
    for (const auto& [key, row] : cut.steps) ASSERT_EQ(disk.steps.at(key), row) << seed;
  }
}

TEST(HistoryDesk, rows_that_wait_too_long_are_left_to_the_journal) {
  const core::Facts journal = random_journal(3);
  HistoryDisk disk;
  {
    Life life(journal, disk, 10);
    while (life.learned() < journal.size()) {
      life.learn();
      life.desk().committed(life.learned());
    }
    EXPECT_LE(life.history().waiting(), 10U) << "memory is bounded";
    life.write_all();
    EXPECT_LT(life.desk().complete_to(), journal.size()) << "the journal must be kept";
    EXPECT_LE(disk.sequence, life.desk().complete_to());
  }
  Life next(journal, disk);
  next.recover(journal.size());
  next.write_all();
  const HistoryDisk expected = disk_without_crash(journal, journal.size());
  EXPECT_EQ(disk.attempts, expected.attempts);
  EXPECT_EQ(disk.steps, expected.steps);
}

TEST(HistoryDesk, a_row_in_memory_has_its_group_as_one_in_the_file) {
  const core::Facts journal = random_journal(5);
  HistoryDisk disk;
  Life life(journal, disk);
  while (life.learned() < journal.size()) life.learn();
  const HistoryDisk found = everything(life.desk());
  ASSERT_FALSE(found.attempts.empty());
  EXPECT_TRUE(disk.attempts.empty());
  for (const auto& [key, row] : found.attempts) EXPECT_EQ(row.group, name_of_group(row.gid));
}

TEST(HistoryDesk, rows_that_are_parked_need_no_memory_and_are_caught_up_with_while_it_runs) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const core::Facts journal = random_journal(seed);
    Dice dice(seed);
    HistoryDisk disk;
    // Sooner or later more rows than fit wait: the desk would leave them to the journal.
    Life life(journal, disk, 10);
    while (life.learned() < journal.size()) {
      life.learn();
      life.desk().committed(life.learned());
      if (dice.chance(40)) life.park();
      if (dice.chance(10)) life.write_one();
      if (!dice.chance(5)) continue;
      const HistoryDisk cut = disk_without_crash(journal, life.desk().complete_to());
      for (const auto& [key, row] : cut.attempts) ASSERT_EQ(disk.attempts.at(key), row) << seed;
    }
    life.write_all();
    const HistoryDisk expected = disk_without_crash(journal, journal.size());
    EXPECT_EQ(disk.attempts, expected.attempts) << seed;
    EXPECT_EQ(disk.steps, expected.steps) << seed;
    EXPECT_EQ(life.desk().complete_to(), journal.size()) << seed;
  }
}

TEST(HistoryDesk, a_history_ahead_of_its_journal_goes_on_from_there) {
  const core::Facts journal = random_journal(4);
  HistoryDisk disk = disk_without_crash(journal, journal.size());
  disk.sequence = journal.size() + 1000;
  Life life(journal, disk);
  life.recover(journal.size() / 2);
  while (life.learned() < journal.size()) life.learn();
  life.desk().committed(journal.size());
  life.write_all();
  EXPECT_EQ(disk.sequence, journal.size());
  EXPECT_EQ(disk.attempts, disk_without_crash(journal, journal.size()).attempts);
}

TEST(HistoryRows, a_cancelled_wait_has_a_row_of_its_own_beside_the_attempts) {
  cox::testing::Cluster cluster;
  HistoryRows rows;
  cluster.watch = [&](const core::State& state, const core::Fact& fact) {
    add_history_rows(state, fact, 1, &rows);
  };
  const JobId id = cluster.run(cox::testing::job());
  cluster.ask(core::RequeueJob{cox::testing::ada(), id});
  cluster.ask(core::SetNodeAside{cox::testing::root(), "n0", false, "test"});
  cluster.ask(core::SetNodeAside{cox::testing::root(), "n1", false, "test"});
  cluster.answer_all();
  cluster.ask(core::CancelJob{cox::testing::ada(), id});
  ASSERT_EQ(rows.attempts.size(), 2U);
  EXPECT_EQ(rows.attempts.front().attempt, Attempt(1));
  EXPECT_EQ(rows.attempts.front().state, "REQUEUED");
  EXPECT_EQ(rows.attempts.front().failure, "requeued");
  EXPECT_EQ(rows.attempts.front().ended_by, 1000U);
  EXPECT_FALSE(rows.attempts.front().is_last);
  EXPECT_EQ(rows.attempts.front().cores, "n0:0");
  EXPECT_EQ(rows.attempts.back().attempt, Attempt(2));
  EXPECT_EQ(rows.attempts.back().state, "CANCELLED");
  EXPECT_EQ(rows.attempts.back().ended_by, 1000U);
  EXPECT_EQ(rows.attempts.back().requeues, 1U);
  EXPECT_TRUE(rows.attempts.back().is_last);
  EXPECT_FALSE(rows.attempts.back().started.is_set());
  EXPECT_EQ(rows.attempts.back().node_list, "");
  EXPECT_EQ(rows.steps.size(), 1U);
}

TEST(HistoryRows, exit_code_signal_and_kind_of_failure_stand_apart) {
  cox::testing::Cluster cluster;
  HistoryRows rows;
  cluster.watch = [&](const core::State& state, const core::Fact& fact) {
    add_history_rows(state, fact, 1, &rows);
  };
  const JobId bad = cluster.run(cox::testing::job().cpus(2));
  cluster.batch_ended(cluster.node_of(bad), bad, 3);
  const JobId killed = cluster.run(cox::testing::job());
  StepResult result;
  result.cause = EndCause::out_of_memory;
  result.signal = 9;
  const NodeId node = cluster.node_of(killed);
  cluster.ask(core::ReportClosed{node, cluster.session(node), killed, cluster.attempt(killed),
                                 Usage{7, 8, 9}, result});
  ASSERT_EQ(rows.attempts.size(), 2U);
  EXPECT_EQ(rows.attempts.front().state, "FAILED");
  EXPECT_EQ(rows.attempts.front().failure, "program");
  EXPECT_EQ(rows.attempts.front().exit_code, 3);
  EXPECT_EQ(rows.attempts.front().signal, 0);
  EXPECT_EQ(rows.attempts.front().cpus, 2U);
  EXPECT_EQ(rows.attempts.front().usage, (Usage{1000, 10, 4096}));
  EXPECT_EQ(rows.attempts.back().failure, "memory");
  EXPECT_EQ(rows.attempts.back().exit_code, 0);
  EXPECT_EQ(rows.attempts.back().signal, 9);
  EXPECT_EQ(rows.attempts.back().usage.memory_peak_bytes, 9);
  ASSERT_EQ(rows.steps.size(), 2U);
  EXPECT_EQ(rows.steps.back().failure, "memory");
}

}  // namespace
}  // namespace cox::ctld
