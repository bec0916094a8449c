// Partitions whose jobs take turns: rows, turns, memory, and what holds over restarts.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/job/lifecycle.h"
#include "core/schedule/settings_effects.h"
#include "core/slice/standing.h"
#include "testsuite/support/cluster.h"
#include "testsuite/support/random_life.h"

namespace cox::core {
namespace {

using namespace cox::testing;

Settings in_turns(std::uint32_t rows, const std::string& backfill = "none") {
  Settings settings = in_order_with(backfill);
  settings.partitions.front().whole_nodes = true;
  settings.partitions.front().rows = rows;
  settings.partitions.front().slice = seconds(10);
  return settings;
}

class Turns : public ::testing::TestWithParam<const char*> {
 public:
  std::uint32_t row(JobId id) const { return cluster.job(id).run->allocation.row; }

  bool stands(JobId id) const { return cluster.job(id).run->stands.is_set(); }

  /// Jobs that may run now: "1 3".
  std::string running() const {
    std::string text;
    for (const Job& job : cluster.state.record.jobs) {
      if (job.phase != JobPhase::running || job.run->stands.is_set()) continue;
      text += (text.empty() ? "" : " ") + std::to_string(job.id.value);
    }
    return text;
  }

  void pass(Duration time) {
    cluster.advance(time);
    cluster.heartbeat_all();
    cluster.ask(CheckTime{});
  }

  void end(JobId id) {
    const auto nodes = cluster.job(id).run->allocation.nodes;
    cluster.batch_ended(nodes.front().node, id);
    for (std::size_t i = 1; i < nodes.size(); ++i) cluster.closed(nodes[i].node, id);
    cluster.schedule();
    cluster.answer_all();
  }

  Verdict verdict_of(JobId id) {
    return explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id);
  }

  void expect_sound() const { EXPECT_EQ(cluster.faults(), std::vector<std::string>{}); }

  Cluster cluster{fleet().nodes(4), in_turns(2, GetParam())};
};

INSTANTIATE_TEST_SUITE_P(EveryBackfill,
                         Turns,
                         ::testing::Values("none", "easy", "easy-sjbf", "conservative"));

TEST_P(Turns, a_second_job_takes_the_same_nodes_in_a_second_row) {
  const JobId first = cluster.run(job().nodes(4));
  const JobId second = cluster.run(job().nodes(4));
  EXPECT_EQ(cluster.job_state(first), JobState::running);
  EXPECT_EQ(cluster.job_state(second), JobState::running);
  EXPECT_EQ(row(first), 1U);
  EXPECT_EQ(row(second), 2U);
  EXPECT_EQ(running(), "1") << "the first has its turn";
  expect_sound();
}

TEST_P(Turns, jobs_that_need_other_nodes_share_a_row) {
  const JobId first = cluster.run(job().nodes(2));
  const JobId second = cluster.run(job().nodes(2));
  EXPECT_EQ(row(first), 1U);
  EXPECT_EQ(row(second), 1U);
  EXPECT_EQ(running(), "1 2");
}

TEST_P(Turns, all_nodes_of_a_job_are_in_one_row) {
  const JobId wide = cluster.run(job().nodes(3));
  const JobId narrow = cluster.run(job().nodes(1));
  const JobId other = cluster.run(job().nodes(1));
  EXPECT_EQ(row(wide), 1U);
  EXPECT_EQ(row(narrow), 1U);
  EXPECT_EQ(row(other), 2U);
  // Of the second row three nodes are free, and of the first none.
  const JobId all = cluster.run(job().nodes(4));
  EXPECT_EQ(cluster.job_state(all), JobState::pending);
  expect_sound();
}

TEST_P(Turns, rows_take_turns_by_the_clock) {
  cluster.run(job().nodes(4));
  cluster.run(job().nodes(4));
  pass(seconds(1));
  EXPECT_EQ(running(), "2") << "who came last has waited, and the first ran long enough";
  pass(seconds(9));
  EXPECT_EQ(running(), "2");
  pass(seconds(1));
  EXPECT_EQ(running(), "1");
  pass(seconds(10));
  EXPECT_EQ(running(), "2");
  expect_sound();
}

TEST_P(Turns, nodes_are_told_first_who_stands_and_then_who_goes) {
  const JobId first = cluster.run(job().nodes(2));
  const JobId second = cluster.run(job().nodes(4));
  cluster.sent.clear();
  pass(seconds(1));
  std::vector<JobId> told;
  for (const SendPause& one : cluster.effects<SendPause>()) told.push_back(one.job);
  EXPECT_EQ(told, (std::vector<JobId>{first, first, second, second, second, second}));
}

/// Messages are made when they leave: one about a job that moved would say that it goes, though
/// another that ran is told only behind it.
TEST_P(Turns, a_job_that_moves_and_then_goes_on_is_told_behind_who_stands) {
  Cluster high(fleet().nodes(1), in_turns(3, GetParam()));
  const JobId first = high.run(job().memory_mib(500));
  const JobId second = high.run(job().memory_mib(500));
  const JobId third = high.run(job().memory_mib(500));
  for (int i = 0; i < 60 && high.job(third).run->stands.is_set(); ++i) {
    high.advance(seconds(1));
    high.heartbeat_all();
    high.ask(CheckTime{});
  }
  ASSERT_FALSE(high.job(third).run->stands.is_set());
  high.advance(milliseconds(1));
  high.sent.clear();
  high.batch_ended(NodeId{0}, first);
  ASSERT_EQ(high.job(second).run->allocation.row, 1U);
  ASSERT_FALSE(high.job(second).run->stands.is_set());
  ASSERT_TRUE(high.job(third).run->stands.is_set());
  std::vector<JobId> told;
  for (const SendPause& one : high.effects<SendPause>()) told.push_back(one.job);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), second);
  EXPECT_EQ(std::ranges::count(told, second), 1);
}

TEST_P(Turns, a_row_that_is_alone_runs_on) {
  const JobId only = cluster.run(job().nodes(4).unlimited());
  const std::size_t facts = cluster.journal.size();
  for (int i = 0; i < 100; ++i) pass(seconds(10));
  EXPECT_EQ(cluster.journal.size(), facts) << "no turn, and nothing written";
  EXPECT_FALSE(stands(only));
}

TEST_P(Turns, a_job_goes_on_at_once_when_the_row_before_it_has_ended) {
  const JobId first = cluster.run(job().nodes(4));
  const JobId second = cluster.run(job().nodes(4));
  EXPECT_TRUE(stands(second));
  end(first);
  EXPECT_EQ(row(second), 1U) << "and it moved to the first row";
  EXPECT_EQ(running(), "2");
  EXPECT_TRUE(cluster.state.record.turns.empty() || turn_of(cluster.state.record, "batch") == 1);
  expect_sound();
}

TEST_P(Turns, jobs_move_to_an_earlier_row_where_their_nodes_are_free) {
  const JobId left = cluster.run(job().nodes(2));
  const JobId right = cluster.run(job().nodes(2));
  const JobId below = cluster.run(job().nodes(2));
  EXPECT_EQ(row(below), 2U);
  EXPECT_EQ(cluster.node_of(below), cluster.node_of(left));
  end(right);
  EXPECT_EQ(row(below), 2U) << "its nodes are the other's in the first row";
  end(left);
  EXPECT_EQ(row(below), 1U);
  EXPECT_EQ(running(), "3");
  expect_sound();
}

TEST_P(Turns, what_waits_starts_as_soon_as_a_row_has_room) {
  const JobId first = cluster.run(job().nodes(4));
  cluster.run(job().nodes(4));
  const JobId third = cluster.run(job().nodes(4));
  EXPECT_EQ(cluster.job_state(third), JobState::pending);
  end(first);
  EXPECT_EQ(cluster.job_state(third), JobState::running);
  EXPECT_EQ(row(third), 2U);
  EXPECT_EQ(running(), "2");
  expect_sound();
}

TEST_P(Turns, nobody_overtakes_a_job_that_waits) {
  cluster.run(job().nodes(4).unlimited());
  cluster.run(job().nodes(2).unlimited());
  const JobId wide = cluster.run(job().nodes(4));
  const JobId narrow = cluster.run(job().nodes(1).minutes(1));
  EXPECT_EQ(cluster.job_state(wide), JobState::pending);
  EXPECT_EQ(cluster.job_state(narrow), JobState::pending) << "two nodes of row 2 are free";
  const Verdict verdict =
      explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), narrow);
  EXPECT_EQ(verdict.code, Reason::priority);
  EXPECT_EQ(cluster.plan().blocked(cluster.state, narrow).code, Reason::priority);
  EXPECT_FALSE(verdict.expected_start.is_set());
}

TEST_P(Turns, memory_of_all_rows_is_there_together) {
  const JobId first = cluster.run(job().nodes(4));
  const JobId second = cluster.run(job().nodes(4));
  std::int64_t sum = 0;
  for (const JobId id : {first, second}) {
    for (const std::int64_t mib : cluster.job(id).run->allocation.nodes.front().memory_mib) {
      EXPECT_EQ(mib, 2000) << "the node's by the number of rows";
      sum += mib;
    }
  }
  EXPECT_EQ(sum, 4000);
  expect_sound();
}

TEST_P(Turns, a_job_whose_memory_is_not_left_waits_though_a_row_is_free) {
  cluster.run(job().nodes(4).memory_mib(3000));
  const JobId second = cluster.run(job().nodes(4).memory_mib(1500));
  EXPECT_EQ(cluster.job_state(second), JobState::pending);
  EXPECT_EQ(cluster.plan().blocked(cluster.state, second).code, Reason::resources);
  // Alone it would fit, and more than a node has fits in no row.
  EXPECT_EQ(verdict_of(second).code, Reason::resources);
  ASSERT_TRUE(cluster.ask(CancelJob{root(), second}));
  const JobId never = cluster.run(job().nodes(4).memory_mib(5000));
  EXPECT_EQ(verdict_of(never).code, Reason::never_fits);
  expect_sound();
}

TEST_P(Turns, devices_are_not_shared_in_turns) {
  Cluster gpus(fleet().nodes(1).devices("gpu", 2), in_turns(2, GetParam()));
  gpus.run(job().devices("gpu", 2));
  const JobId second = gpus.run(job().devices("gpu", 1));
  EXPECT_EQ(gpus.job_state(second), JobState::pending);
  EXPECT_EQ(gpus.faults(), std::vector<std::string>{});
}

TEST_P(Turns, never_wake_a_job_that_somebody_suspended) {
  const JobId first = cluster.run(job().nodes(4));
  const JobId second = cluster.run(job().nodes(4));
  ASSERT_TRUE(cluster.ask(SuspendJob{root(), second}));
  for (int i = 0; i < 5; ++i) {
    pass(seconds(11));
    EXPECT_TRUE(stands(second));
    EXPECT_FALSE(stands(first)) << "a row of which all are suspended has no turn";
  }
  ASSERT_TRUE(cluster.ask(SuspendJob{root(), first}));
  EXPECT_EQ(running(), "");
  for (int i = 0; i < 5; ++i) pass(seconds(11));
  EXPECT_EQ(running(), "");
  ASSERT_TRUE(cluster.ask(ResumeJob{root(), second}));
  EXPECT_EQ(running(), "2") << "at once: nobody else wants the turn";
  expect_sound();
}

TEST_P(Turns, a_suspended_job_of_a_row_that_has_its_turn_stands_still) {
  const JobId left = cluster.run(job().nodes(2));
  cluster.run(job().nodes(2));
  cluster.run(job().nodes(4));
  ASSERT_TRUE(cluster.ask(SuspendJob{root(), left}));
  pass(seconds(1));
  EXPECT_EQ(running(), "3");
  pass(seconds(11));
  EXPECT_EQ(running(), "2");
}

TEST_P(Turns, hold_over_a_restart_of_the_controller) {
  const JobId first = cluster.run(job().nodes(2));
  const JobId second = cluster.run(job().nodes(2));
  const JobId third = cluster.run(job().nodes(2));
  pass(seconds(1));
  ASSERT_EQ(running(), "3");
  std::vector<NodeInventory> nodes;
  for (std::uint32_t i = 0; i < 4; ++i) nodes.push_back(cluster.inventory(NodeId{i}));
  cluster.restart_controller();
  EXPECT_EQ(running(), "3");
  EXPECT_EQ(row(third), 2U);
  const HeldStep script{step_batch, StepPhase::running, "", {}};
  const HeldAttempt ones{first, cluster.attempt(first), true, false, {script}};
  const HeldAttempt others{third, cluster.attempt(third), true, false, {script}};
  const NodeId shared = cluster.node_of(third);
  ASSERT_EQ(shared, cluster.node_of(first));
  cluster.connect(nodes[shared.value], {others, ones});
  std::vector<JobId> told;
  for (const SendPause& one : cluster.effects<SendPause>()) told.push_back(one.job);
  EXPECT_EQ(told, (std::vector<JobId>{first, third})) << "who stands, before who goes";
  EXPECT_EQ(second, JobId{2});
  expect_sound();
}

TEST_P(Turns, time_in_other_rows_is_not_part_of_a_limit) {
  const JobId first = cluster.run(job().nodes(4).minutes(1));
  const JobId second = cluster.run(job().nodes(4).minutes(1));
  const Instant begun = cluster.now;
  for (int i = 0; i < 100; ++i) pass(seconds(1));
  EXPECT_EQ(cluster.job_state(first), JobState::running);
  const Duration both = Duration{stood(cluster.job(first), cluster.now).us +
                                 stood(cluster.job(second), cluster.now).us};
  EXPECT_EQ(both, cluster.now - begun) << "one of the two stood still at any moment";
}

TEST_P(Turns, a_lost_node_ends_its_jobs_and_the_others_go_on) {
  const JobId wide = cluster.run(job().nodes(4).no_requeue());
  const JobId narrow = cluster.run(job().nodes(1));
  ASSERT_EQ(row(narrow), 2U);
  ASSERT_NE(cluster.node_of(narrow), NodeId{3});
  cluster.disconnect(NodeId{3});
  for (int i = 0; i < 40; ++i) {
    cluster.advance(seconds(10));
    for (std::uint32_t n = 0; n < 3; ++n) {
      cluster.ask(Heartbeat{NodeId{n}, cluster.session(NodeId{n})});
    }
    cluster.ask(CheckTime{});
  }
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(wide), JobState::node_fail);
  EXPECT_EQ(row(narrow), 1U);
  EXPECT_FALSE(stands(narrow));
  expect_sound();
}

TEST_P(Turns, end_with_the_jobs_when_the_partition_changes) {
  const JobId first = cluster.run(job().nodes(4));
  const JobId second = cluster.run(job().nodes(4));
  Settings plain = in_order_with(GetParam());
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), plain}));
  const JobId third = cluster.run(job().cpus(1));
  EXPECT_EQ(cluster.job_state(third), JobState::pending) << "rows still have the nodes";
  pass(seconds(31));
  EXPECT_EQ(running(), "2");
  end(first);
  end(second);
  EXPECT_EQ(cluster.job_state(third), JobState::running);
  EXPECT_EQ(row(third), 0U);
  // And the other way round: a job beside which others may run keeps the node from turns.
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), in_turns(2, GetParam())}));
  const JobId all = cluster.run(job().nodes(4));
  EXPECT_EQ(cluster.job_state(all), JobState::pending);
  end(third);
  EXPECT_EQ(cluster.job_state(all), JobState::running);
  expect_sound();
}

TEST_P(Turns, what_stands_still_says_for_whom_and_until_when) {
  const JobId first = cluster.run(job().nodes(4));
  const JobId second = cluster.run(job().nodes(4));
  EXPECT_EQ(standing_text(cluster.state, cluster.job(first)), "");
  EXPECT_EQ(verdict_of(first).summary, "it has started");
  EXPECT_EQ(verdict_of(second).summary,
            "it has started, and stands still: row 2 waits for its turn, which row 1 has");
  EXPECT_EQ(verdict_of(second).next_event, "the end of the turn of row 1");
  pass(seconds(1));
  EXPECT_EQ(verdict_of(second).summary, "it has started");
  EXPECT_EQ(standing_text(cluster.state, cluster.job(first)),
            "row 1 waits for its turn, which row 2 has since " + to_utc_text(cluster.now));
  ASSERT_TRUE(cluster.ask(SuspendJob{an_operator(), first}));
  EXPECT_EQ(
      standing_text(cluster.state, cluster.job(first)),
      "suspended at " + to_utc_text(cluster.now) + " by uid " + std::to_string(an_operator().uid));
  EXPECT_EQ(verdict_of(first).next_event, "cox resume 1");
}

TEST_P(Turns, a_change_of_the_share_names_the_jobs_that_go_on_as_they_are) {
  const JobId first = cluster.run(job().nodes(4));
  const JobId second = cluster.run(job().nodes(2));
  const auto lasting = [this](const Settings& settings) {
    return effects_of(cluster.state, cluster.now, settings).lasting;
  };
  EXPECT_TRUE(lasting(cluster.state.record.settings).empty());
  EXPECT_TRUE(lasting(in_turns(4, GetParam())).empty());
  const Settings plain = in_order_with(GetParam());
  ASSERT_EQ(lasting(plain).size(), 1U);
  EXPECT_EQ(lasting(plain).front().jobs, (std::vector<JobId>{first, second}));
  EXPECT_EQ(lasting(plain).front().why,
            "they go on taking turns, and partition batch gets their nodes when they have ended");
  // And the other way round, where nobody stands in rows.
  end(first);
  end(second);
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), plain}));
  const JobId third = cluster.run(job().cpus(1));
  ASSERT_EQ(lasting(in_turns(2, GetParam())).size(), 1U);
  EXPECT_EQ(lasting(in_turns(2, GetParam())).front().jobs, std::vector<JobId>{third});
  EXPECT_EQ(lasting(in_turns(2, GetParam())).front().why,
            "no turns on their nodes in partition batch before they have ended");
}

TEST_P(Turns, jobs_of_rows_that_are_no_more_are_named) {
  Cluster high(fleet().nodes(4), in_turns(3, GetParam()));
  for (int i = 0; i < 3; ++i) high.run(job().nodes(4).memory_mib(500));
  const auto lasting = effects_of(high.state, high.now, in_turns(2, GetParam())).lasting;
  ASSERT_EQ(lasting.size(), 1U);
  EXPECT_EQ(lasting.front().jobs, std::vector<JobId>{JobId{3}});
  EXPECT_EQ(lasting.front().why, "they stay in row 3 of partition batch, which has 2 for others");
}

TEST_P(Turns, a_node_of_two_partitions_is_in_the_one_with_turns) {
  Settings settings = in_turns(2, GetParam());
  PartitionSettings other;
  other.name = "other";
  other.is_default = false;
  settings.partitions.push_back(other);
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), settings}));
  EXPECT_EQ(cluster.state.index.partition_nodes.at("batch").count(), 4U);
  EXPECT_EQ(cluster.state.index.partition_nodes.at("other").count(), 0U);
}

/// Random jobs and ends: no two jobs that may run share a node, whatever happened before.
TEST_P(Turns, two_jobs_that_run_never_share_a_node) {
  Cluster lively(fleet().nodes(6), in_turns(3, GetParam()));
  Dice dice(std::string(GetParam()).size());
  std::uint32_t most = 0;
  for (int i = 0; i < 400; ++i) {
    if (dice.chance(50)) lively.submit(job().nodes(1 + dice.small(4)).memory_mib(500));
    lively.schedule();
    if (dice.chance(90)) lively.answer_all();
    std::vector<JobId> live;
    for (const Job& one : lively.state.record.jobs) {
      if (one.phase == JobPhase::running) live.push_back(one.id);
    }
    if (!live.empty() && dice.chance(40)) {
      const JobId id = live[dice.small(static_cast<std::uint32_t>(live.size()))];
      const bool is_suspended = lively.job(id).run->suspended.is_set();
      if (dice.chance(50)) {
        lively.ask(CancelJob{root(), id});
      } else if (is_suspended) {
        lively.ask(ResumeJob{root(), id});
      } else {
        lively.ask(SuspendJob{root(), id});
      }
    }
    lively.advance(seconds(dice.small(8)));
    lively.heartbeat_all();
    lively.ask(CheckTime{});
    std::set<NodeId> used;
    std::size_t wanting = 0;
    for (const Job& one : lively.state.record.jobs) {
      const bool is_there = one.phase == JobPhase::running || one.phase == JobPhase::starting;
      if (!is_there || one.run->suspended.is_set()) continue;
      ++wanting;
      if (one.run->stands.is_set()) continue;
      for (const NodeShare& share : one.run->allocation.nodes) {
        ASSERT_TRUE(used.insert(share.node).second) << "node " << share.node.value;
      }
      most = std::max(most, one.run->allocation.row);
    }
    ASSERT_EQ(wanting > 0, !used.empty()) << "somebody has the turn";
    ASSERT_EQ(ledger_faults(lively.state), std::vector<std::string>{});
    if (i % 20 == 0) {
      ASSERT_EQ(lively.faults(), std::vector<std::string>{});
    }
  }
  EXPECT_GT(most, 1U) << "later rows had their turns, too";
}

}  // namespace
}  // namespace cox::core
