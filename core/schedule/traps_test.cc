// Faults of other schedulers' planning, each shown not to happen here. docs/testing.md lists them.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/schedule/impossible.h"
#include "testsuite/support/random_life.h"
#include "testsuite/support/verdicts.h"

namespace cox::core {
namespace {

using namespace cox::testing;

class PlanningTraps : public ::testing::TestWithParam<std::string> {
 protected:
  /// Steps until the pass has nothing more to look at.
  std::size_t steps_of_pass(Cluster& cluster) {
    for (std::size_t steps = 1;; ++steps) {
      bool done = false;
      for (const Fact& fact :
           cluster.plan().step(cluster.state, cluster.contact, cluster.now, 1, &done)) {
        cluster.take(fact);
      }
      if (done) return steps;
    }
  }
};

class BackfillTraps : public PlanningTraps {};

/// A busy cluster is not called a broken one, and what waits behind others is told whom for.
TEST_P(PlanningTraps, Trap11BusyIsNotDown) {
  Cluster cluster(fleet().nodes(2), in_order_with(GetParam()));
  cluster.run(job().nodes(2).exclusive());
  const JobId first = *cluster.submit(job());
  const JobId second = *cluster.submit(job().minutes(60));
  cluster.schedule();
  EXPECT_EQ(cluster.plan().blocked(cluster.state, first).code, Reason::resources);
  EXPECT_EQ(cluster.plan().blocked(cluster.state, second).code, Reason::priority);
  cluster.ask(SetNodeAside{root(), "n0", false, "disk"});
  const JobId wide = *cluster.submit(job().nodes(2));
  cluster.schedule();
  EXPECT_EQ(cluster.plan().blocked(cluster.state, wide).code, Reason::nodes_unavailable);
}

/// Thousands of jobs that name nodes are cancelled: no plan is made for each.
TEST_P(PlanningTraps, Trap14CancelOfThousandsThatNameNodesIsCheap) {
  Cluster cluster(fleet().nodes(8), in_order_with(GetParam()));
  cluster.run(job().nodes(8).exclusive());
  std::vector<JobId> jobs;
  for (int i = 0; i < 2000; ++i) {
    jobs.push_back(*cluster.submit(job().on({"n" + std::to_string(i % 8)}).exclusive()));
  }
  cluster.schedule();
  for (const JobId id : jobs) cluster.ask(CancelJob{ada(), id});
  EXPECT_LE(steps_of_pass(cluster), 50U);
  EXPECT_EQ(cluster.state.index.pending, 0U);
}

/// Whether a job is possible is found without the plan: a submit does not wait for it.
TEST_P(PlanningTraps, Trap15ASubmitIsCheckedWithoutThePlan) {
  Cluster cluster(fleet().nodes(2), in_order_with(GetParam()));
  cluster.advance(minutes(1));
  cluster.plan().drop();  // and is not built again by any of this
  EXPECT_TRUE(check_possible(cluster.state, cluster.now, [] {
    JobRequest request = job().build();
    request.common.edit().partitions = {"batch"};
    return request;
  }()));
  EXPECT_FALSE(cluster.submit(job().nodes(3)).has_value());
  EXPECT_TRUE(cluster.submit(job().nodes(2)).has_value());
}

/// A slot that a gang gives back is not the next small job's when a large one is promised it.
TEST_P(BackfillTraps, Trap21AFreedPartOfAGangGoesToWhomItWasPromised) {
  Cluster cluster(fleet().nodes(3), in_order_with(GetParam()));
  const JobId gang = cluster.run(job().nodes(3).exclusive().minutes(30));
  const JobId wide = *cluster.submit(job().nodes(2).exclusive().minutes(30));
  const JobId newer = *cluster.submit(job().exclusive().minutes(60));
  const JobId small = *cluster.submit(job().exclusive().minutes(60));
  cluster.schedule();
  cluster.ask(CancelJob{ada(), gang});
  cluster.closed(NodeId{0}, gang);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(wide), JobState::pending);
  // One node is more than the wide job needs; a conservative plan has chosen nodes for it already.
  const bool is_counted = GetParam() != "conservative";
  EXPECT_EQ(cluster.job_state(newer) != JobState::pending, is_counted);
  cluster.closed(NodeId{1}, gang);
  cluster.schedule();
  if (is_counted) {
    EXPECT_EQ(cluster.job_state(small), JobState::pending);
  }
  cluster.closed(NodeId{2}, gang);
  cluster.schedule();
  EXPECT_NE(cluster.job_state(wide), JobState::pending);
}

/// Two gangs never hold half of the machine each: a gang starts as a whole.
TEST_P(PlanningTraps, Trap22TwoGangsNeverHoldHalfEach) {
  Cluster cluster(fleet().nodes(4), in_order_with(GetParam()));
  const JobId one = *cluster.submit(job().nodes(3).exclusive());
  const JobId two = *cluster.submit(job().nodes(3).exclusive());
  cluster.schedule();
  EXPECT_EQ(cluster.job(one).run->allocation.nodes.size(), 3U);
  EXPECT_TRUE(cluster.job(two).run->allocation.nodes.empty());
  EXPECT_EQ(cluster.state.index.free[3].jobs, 0U);
}

/// A job at the head that nothing can ever satisfy holds back nobody, and is looked at once.
TEST_P(PlanningTraps, Trap23AHopelessHeadStopsNobody) {
  Cluster cluster(fleet().nodes(2).cores(4), in_order_with(GetParam()));
  const JobId hopeless = *cluster.submit(job().cpus(64));
  const JobId small = *cluster.submit(job().nice(5));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(small), JobState::running);
  EXPECT_EQ(cluster.plan().blocked(cluster.state, hopeless).code, Reason::never_fits);
  EXPECT_LE(steps_of_pass(cluster), 3U);
}

/// Behind jobs without a limit no start is predicted, and none takes long to find out.
TEST_P(PlanningTraps, Trap25NoStartIsPredictedInTheYear13429) {
  Cluster cluster(fleet().nodes(2), in_order_with(GetParam()));
  cluster.run(job().nodes(2).exclusive().unlimited());
  const JobId first = *cluster.submit(job().exclusive());
  const JobId endless = *cluster.submit(job().nodes(2).exclusive().unlimited());
  const JobId last = *cluster.submit(job().exclusive());
  cluster.schedule();
  for (const JobId id : {first, endless, last}) {
    EXPECT_FALSE(why_waits(cluster, id).expected_start.is_set()) << id.value;
  }
}

TEST_P(PlanningTraps, ExpectedStartsNameTheJobsThatEndThen) {
  Cluster cluster(fleet().nodes(2), in_order_with(GetParam()));
  const JobId running = cluster.run(job().nodes(2).exclusive().minutes(30));
  const JobId first = *cluster.submit(job().nodes(2).exclusive().minutes(60));
  const JobId second = *cluster.submit(job().exclusive().minutes(60));
  cluster.schedule();
  const Instant end = cluster.job(running).run->released + minutes(30);
  EXPECT_EQ(why_waits(cluster, first).expected_start, end);
  EXPECT_FALSE(why_waits(cluster, first).is_estimate);
  EXPECT_EQ(why_waits(cluster, first).behind, std::vector<JobId>{running});
  EXPECT_EQ(why_waits(cluster, second).expected_start, end + minutes(60));
  EXPECT_TRUE(why_waits(cluster, second).is_estimate);
}

/// Thousands of requests that came and went leave nothing outstanding.
TEST_P(PlanningTraps, Trap29WhatWasWithdrawnIsNotOutstanding) {
  Cluster cluster(fleet().nodes(2), in_order_with(GetParam()));
  const JobId running = cluster.run(job().nodes(2).exclusive());
  for (int i = 0; i < 3000; ++i) {
    const JobId id = *cluster.submit(job().exclusive().minutes(1 + i % 700));
    if (i % 7 == 0) cluster.schedule();
    cluster.ask(CancelJob{ada(), id});
  }
  std::vector<JobId> last;
  for (int i = 0; i < 25; ++i) last.push_back(*cluster.submit(job()));
  cluster.batch_ended(NodeId{0}, running);
  cluster.closed(NodeId{1}, running);
  cluster.schedule();
  EXPECT_EQ(std::ranges::count_if(
                last, [&](JobId id) { return cluster.job_state(id) == JobState::running; }),
            8);
}

INSTANTIATE_TEST_SUITE_P(Kinds,
                         PlanningTraps,
                         ::testing::Values("none", "easy", "easy-sjbf", "conservative"));
INSTANTIATE_TEST_SUITE_P(Kinds,
                         BackfillTraps,
                         ::testing::Values("easy", "easy-sjbf", "conservative"));

}  // namespace
}  // namespace cox::core
