// The pass: order, reasons, sleep and wake; and that the Plan is only a cache.
#include <gtest/gtest.h>

#include <algorithm>

#include "testsuite/support/random_life.h"
#include "testsuite/support/verdicts.h"

namespace cox::core {
namespace {

using namespace cox::testing;

TEST(Plan, StartsInOrderOfNiceThenOfSubmission) {
  Cluster cluster(fleet().nodes(1).cores(1));
  const JobId late = *cluster.submit(job().nice(5));
  const JobId first = *cluster.submit(job());
  const JobId second = *cluster.submit(job());
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(first), JobState::running);
  EXPECT_EQ(reason(cluster, second), Reason::resources);
  EXPECT_EQ(reason(cluster, late), Reason::priority);
  cluster.batch_ended(NodeId{0}, first);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(second), JobState::running);
}

TEST(Plan, HeadThatWaitsForResourcesHoldsBackSmallerJobs) {
  Cluster cluster(fleet().nodes(2).cores(4));
  cluster.run(job());
  const JobId wide = *cluster.submit(job().nodes(2).exclusive());
  const JobId small = *cluster.submit(job());
  EXPECT_TRUE(cluster.schedule().empty());
  EXPECT_EQ(reason(cluster, wide), Reason::resources);
  EXPECT_EQ(reason(cluster, small), Reason::priority);
  cluster.ask(CancelJob{ada(), wide});
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(small), JobState::running);
}

TEST(Plan, JobThatFitsNoNodeYetSaysSoAndBlocksNobody) {
  Cluster cluster(fleet().nodes(2).cores(4));
  const JobId huge = *cluster.submit(job().cpus(64));
  const JobId small = *cluster.submit(job());
  cluster.schedule();
  EXPECT_EQ(reason(cluster, huge), Reason::never_fits);
  EXPECT_EQ(cluster.job_state(small), JobState::running);
  cluster.connect(fleet().cores(64).named("big").node(0));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(huge), JobState::running);
}

TEST(Plan, NeverFitsNamesTheResource) {
  Cluster cluster(fleet().nodes(2).cores(4));
  const auto summary = [&](const JobBuilder& request) {
    const JobId id = *cluster.submit(request);
    return explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id).summary;
  };
  const std::string prefix = "no state of this fleet fits it: ";
  EXPECT_EQ(summary(job().nodes(3)),
            prefix + "number of nodes in partition batch: 3 needed, it has 2");
  EXPECT_EQ(summary(job().cpus(64)),
            prefix +
                "cores of a node in partition batch: 0 of 2 nodes have 64 cores, the largest "
                "has 4");
  EXPECT_TRUE(summary(job().memory_mib(std::int64_t{1} << 30))
                  .starts_with(prefix + "memory of a node in partition batch: 0 of 2 nodes have "
                                        "1024T of memory, the largest has "));
  EXPECT_EQ(summary(job().devices("gpu", 1)),
            prefix + "devices of a node in partition batch: 0 of 2 nodes have gpu:1");
  EXPECT_EQ(summary(job().on({"n9"})),
            prefix + "nodes named in partition batch: it has no node n9");
  EXPECT_EQ(summary(job().nodes(1, 1000).tasks(1000)),
            prefix + "room for tasks in partition batch: 1000 needed, its 2 best nodes hold 8");
}

TEST(Plan, PlacementSaysWhichTestNoStateOfTheFleetPasses) {
  Cluster cluster(fleet().nodes(4).cores(2));
  const JobId id = *cluster.submit(job().nodes(2).tasks(8));
  const Verdict verdict =
      explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id);
  const auto placement =
      std::ranges::find(verdict.checks, "placement in partition batch", &VerdictCheck::name);
  ASSERT_NE(placement, verdict.checks.end());
  EXPECT_EQ(placement->detail,
            "fits no state of these nodes: room for tasks in partition batch: 8 needed, its 2 best "
            "nodes hold 4");
}

TEST(Plan, OfAJobThatIsHeldAllElseIsToldThatWouldKeepIt) {
  Cluster cluster(fleet().nodes(2).cores(2));
  cluster.ask(SetNodeAside{root(), "n0", false, "new fan"});
  const JobId id = *cluster.submit(job().nodes(2).held());
  const JobId later = *cluster.submit(job().nodes(3).begin(cluster.now + minutes(60)));
  const auto told = [&](JobId job) {
    return explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), job);
  };
  const auto failed = [](const Verdict& verdict) {
    std::vector<std::string> names;
    for (const VerdictCheck& check : verdict.checks) {
      if (!check.passed) names.push_back(check.name);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  const Names wanted = {"hold and begin time", "nodes of partition batch",
                        "placement in partition batch"};
  EXPECT_EQ(failed(told(id)), wanted);
  EXPECT_EQ(told(id).code, Reason::held_by_user) << "which comes first";
  EXPECT_EQ(told(id).summary, "it is held");
  EXPECT_FALSE(told(id).expected_start.is_set());
  EXPECT_EQ(told(id).nodes, "");
  EXPECT_EQ(told(later).code, Reason::begin_time);
  cluster.ask(TakePartitionDown{root(), {"batch"}, "new switch", "root"});
  EXPECT_EQ(failed(told(id)), (Names{"hold and begin time", "partition batch"}));
}

TEST(Plan, WhatIsForetoldIsWhatHappens) {
  Cluster cluster(fleet().nodes(2));
  const auto told = [&](const JobBuilder& request) {
    const auto facts = decide(cluster.state, cluster.contact, cluster.now, request.submit());
    return foretell(cluster.state, cluster.contact, cluster.now, cluster.policies(),
                    std::get<JobSubmitted>(facts->front()));
  };
  EXPECT_EQ(told(job().nodes(2)).nodes, "n[0-1]");
  EXPECT_EQ(told(job().held()).code, Reason::held_by_user);
  cluster.run(job().nodes(2).exclusive());
  const Verdict waits = told(job());
  EXPECT_EQ(waits.code, Reason::resources);
  EXPECT_EQ(waits.nodes, "");
  const JobId first = *cluster.submit(job());
  EXPECT_EQ(told(job()).summary, "1 job is ahead of it");
  EXPECT_EQ(cluster.state.record.next_job, JobId{first.value + 1});
}

TEST(Plan, NeverFitsIsSaidEvenBehindABlockedHead) {
  Cluster cluster(fleet().nodes(1).cores(1));
  cluster.run(job());
  cluster.submit(job());
  const JobId huge = *cluster.submit(job().cpus(64));
  cluster.schedule();
  EXPECT_EQ(reason(cluster, huge), Reason::never_fits);
}

TEST(Plan, AbsentNodesAreNotCalledBusyOnes) {
  Cluster cluster(fleet().nodes(2));
  cluster.ask(SetNodeAside{root(), "n1", false, "disk"});
  const JobId wide = *cluster.submit(job().nodes(2));
  const JobId small = *cluster.submit(job());
  cluster.schedule();
  EXPECT_EQ(reason(cluster, wide), Reason::nodes_unavailable);
  EXPECT_EQ(cluster.job_state(small), JobState::running);
  cluster.ask(ResumeNode{root(), "n1"});
  cluster.schedule();
  EXPECT_NE(cluster.job_state(wide), JobState::pending);
}

TEST(Plan, BeginTimeWakesTheJob) {
  Cluster cluster(fleet().nodes(1));
  const Instant begin = cluster.now + seconds(90);
  const JobId id = *cluster.submit(job().begin(begin));
  EXPECT_TRUE(cluster.schedule().empty());
  EXPECT_EQ(reason(cluster, id), Reason::begin_time);
  EXPECT_EQ(cluster.plan().next_wake(), begin);
  cluster.advance(seconds(90));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_FALSE(cluster.plan().next_wake().is_set());
}

TEST(Plan, JobInTwoPartitionsStartsInTheFirstThatHasRoom) {
  Settings settings = in_order();
  settings.partitions = {PartitionSettings{}, PartitionSettings{}};
  settings.partitions[0].nodes = "n0";
  settings.partitions[1].name = "other";
  settings.partitions[1].nodes = "n1";
  settings.partitions[1].is_default = false;
  Cluster cluster(fleet().nodes(2), settings);
  cluster.run(job().exclusive());
  const JobId id = *cluster.submit(job().partitions({"batch", "other"}));
  const JobId behind = *cluster.submit(job().partitions({"batch"}));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(cluster.node_of(id), NodeId{1});
  EXPECT_EQ(reason(cluster, behind), Reason::resources);
}

TEST(Plan, ElementThatIsRequeuedAndHeldMakesRoomForTheNext) {
  Cluster cluster(fleet().nodes(1));
  const JobId array = cluster.run(job().array("0-1%1"));
  const JobId first = cluster.state.find_members(array)->elements.at(0);
  EXPECT_FALSE(cluster.state.find_members(array)->elements.contains(1));
  cluster.ask(RequeueJob{an_operator(), array, single_element(0), true});
  cluster.answer_all();
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(first), JobState::pending);
  ASSERT_TRUE(cluster.state.find_members(array)->elements.contains(1));
  EXPECT_EQ(cluster.job_state(cluster.state.find_members(array)->elements.at(1)),
            JobState::running);
}

TEST(Trap12, PartitionThatIsRemovedLeavesItsJobsExplainable) {
  Cluster cluster(fleet().nodes(1));
  const JobId done = cluster.run(job());
  const JobId waiting = *cluster.submit(job().held());
  Settings settings = in_order();
  settings.partitions[0].name = "new";
  cluster.ask(ApplySettings{root(), settings});
  cluster.ask(ReleaseJob{ada(), waiting});
  EXPECT_TRUE(cluster.schedule().empty());
  EXPECT_EQ(reason(cluster, waiting), Reason::partition_unknown);
  cluster.batch_ended(NodeId{0}, done);
  EXPECT_EQ(cluster.job_state(done), JobState::completed);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Plan, DroppingItAtAnyMomentChangesNoDecision) {
  for (const std::string policy : {"none", "easy turns", "easy-sjbf turns", "conservative turns"}) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      RandomLife kept(seed, policy);
      RandomLife dropped(seed, policy);
      Dice when(seed + 1000);
      for (int i = 0; i < 120; ++i) {
        kept.event();
        if (when.chance(40)) dropped.cluster.plan().drop();
        dropped.event();
        ASSERT_TRUE(kept.cluster.state.record == dropped.cluster.state.record)
            << policy << " seed " << seed << " event " << i;
      }
    }
  }
}

/// Four jobs are taken in with the first step: the event comes in the middle of them.
TEST(Plan, WhatHappensWhileItIsBuiltAnewChangesNoDecision) {
  for (const std::string policy : {"none", "easy shares", "conservative turns"}) {
    std::size_t interrupted = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      RandomLife kept(seed, policy);
      RandomLife built(seed, policy);
      Dice when(seed + 2000);
      for (int i = 0; i < 120; ++i) {
        kept.event();
        Cluster& cluster = built.cluster;
        if (cluster.state.index.unended.size() > 4 && when.chance(40)) {
          bool done = true;
          cluster.plan().drop();
          EXPECT_TRUE(
              cluster.plan().step(cluster.state, cluster.contact, cluster.now, 1, &done).empty());
          EXPECT_FALSE(done);
          ++interrupted;
        }
        built.event();
        ASSERT_TRUE(kept.cluster.state.record == cluster.state.record)
            << policy << " seed " << seed << " event " << i;
      }
    }
    EXPECT_GT(interrupted, 100U) << policy;
  }
}

TEST(Plan, ItsReasonsAreThoseOfExplain) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RandomLife life(seed);
    for (int i = 0; i < 120; ++i) {
      life.event();
      for (const JobId id : life.cluster.state.index.unended) {
        if (life.cluster.job(id).phase != JobPhase::pending) continue;
        reason(life.cluster, id);
      }
      ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed << " event " << i;
    }
  }
}

}  // namespace
}  // namespace cox::core
