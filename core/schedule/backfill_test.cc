// Backfill: what may overtake whom, promises that hold, and that the plan stays a cache.
#include "core/schedule/backfill.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "core/schedule/constrained.h"
#include "core/schedule/licenses.h"
#include "core/schedule/prospect.h"
#include "core/schedule/trial.h"
#include "testsuite/support/promises.h"
#include "testsuite/support/random_life.h"

namespace cox::core {
namespace {

using namespace cox::testing;

/// Four nodes of four cores; one is busy for half an hour, and a job of four whole nodes waits.
class BehindAWideJob : public ::testing::TestWithParam<std::string> {
 protected:
  BehindAWideJob() : cluster(fleet().nodes(4).cores(4), in_order_with(GetParam())) {
    cluster.run(job().exclusive().minutes(30));
    wide = *cluster.submit(job().nodes(4).exclusive().minutes(60));
    cluster.schedule();
  }

  bool starts(const JobBuilder& request) {
    const JobId id = *cluster.submit(request);
    cluster.schedule();
    return cluster.job_state(id) != JobState::pending;
  }

  Cluster cluster;
  JobId wide;
};

TEST_P(BehindAWideJob, AJobStartsWhenItEndsByThen) {
  EXPECT_TRUE(starts(job().minutes(30)));
  EXPECT_FALSE(starts(job().minutes(31)));
}

TEST_P(BehindAWideJob, AJobWithoutALimitDoesNotStart) {
  EXPECT_FALSE(starts(job().unlimited()));
}

TEST_P(BehindAWideJob, TimeThatPassesLetsNothingStart) {
  EXPECT_FALSE(starts(job().minutes(31)));
  for (int minute = 0; minute < 29; ++minute) {
    cluster.advance(minutes(1));
    EXPECT_TRUE(cluster.schedule().empty());
  }
}

TEST_P(BehindAWideJob, AnEarlyEndStartsItEarly) {
  cluster.advance(minutes(1));
  cluster.batch_ended(NodeId{0}, JobId{1});
  cluster.schedule();
  EXPECT_NE(cluster.job_state(wide), JobState::pending);
}

/// What it waits for is overdue: it is expected at any moment, and nothing that lasts may start.
TEST_P(BehindAWideJob, AnOverdueJobKeepsThePromise) {
  cluster.advance(minutes(40));
  cluster.heartbeat_all();
  EXPECT_FALSE(starts(job().minutes(1)));
}

TEST_P(BehindAWideJob, ACancelledOneMakesRoomForThoseBehind) {
  EXPECT_FALSE(starts(job().minutes(31)));
  cluster.ask(CancelJob{ada(), wide});
  EXPECT_EQ(std::ranges::count_if(
                cluster.schedule(),
                [](const Fact& fact) { return std::holds_alternative<JobStarted>(fact); }),
            1);
}

/// Small jobs that keep coming do not starve a large one (spur#732).
TEST_P(BehindAWideJob, Trap24SmallJobsDoNotStarveALargeOne) {
  for (int minute = 0; minute < 30; ++minute) {
    for (int i = 0; i < 4; ++i) starts(job().minutes(5));
    cluster.advance(minutes(1));
    cluster.heartbeat_all();
    for (const JobId id : std::vector<JobId>(cluster.state.index.unended.begin(),
                                             cluster.state.index.unended.end())) {
      const Job& one = cluster.job(id);
      if (one.phase == JobPhase::pending || one.run->started + one.request.time_limit > cluster.now)
        continue;
      cluster.batch_ended(cluster.node_of(id), id);
    }
    cluster.schedule();
  }
  EXPECT_NE(cluster.job_state(wide), JobState::pending);
}

INSTANTIATE_TEST_SUITE_P(Kinds,
                         BehindAWideJob,
                         ::testing::Values("easy", "easy-sjbf", "conservative"));

std::string name_of(const std::string& kind, std::uint64_t seed, int event) {
  return kind + " seed " + std::to_string(seed) + " event " + std::to_string(event);
}

TEST(Backfill, LeavesWhatTheReservedJobDoesNotNeed) {
  for (const std::string kind : {"easy", "easy-sjbf", "conservative"}) {
    Cluster cluster(fleet().nodes(4).cores(4), in_order_with(kind));
    cluster.run(job().nodes(2).exclusive().minutes(30));
    const JobId wide = *cluster.submit(job().nodes(3).exclusive().minutes(60));
    const JobId longer = *cluster.submit(job().exclusive().minutes(300));
    const JobId too_much = *cluster.submit(job().exclusive().minutes(300));
    cluster.schedule();
    EXPECT_EQ(cluster.job_state(wide), JobState::pending) << kind;
    EXPECT_NE(cluster.job_state(longer), JobState::pending) << kind;
    EXPECT_EQ(cluster.job_state(too_much), JobState::pending) << kind;
  }
}

/// So many cores are free for the second wide job, but nowhere three together for each task: it
/// starts when something else ends, and until then is in nobody's way. That does not depend on the
/// second in which the plan is made.
TEST(Backfill, WhatCannotStartNowIsNotPlannedForNow) {
  Settings settings = in_order_with("conservative");
  settings.reservations = 1;
  Cluster cluster(fleet().nodes(4).cores(8), settings);
  cluster.run(job().nodes(4).tasks(12).minutes(10));
  const JobBuilder wide = job().nodes(3).tasks(6).cpus(3).minutes(10);
  const JobId first = *cluster.submit(wide);
  const JobId second = *cluster.submit(wide);
  const JobId small = *cluster.submit(job().tasks(1).cpus(3).minutes(10));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(first), JobState::pending);
  EXPECT_EQ(cluster.job_state(second), JobState::pending);
  EXPECT_NE(cluster.job_state(small), JobState::pending);
}

/// Four tasks that must be on one node are not counted as four cores anywhere.
TEST(Backfill, TasksThatStayTogetherKeepTheirNode) {
  for (const std::string kind : {"easy", "easy-sjbf", "conservative"}) {
    Cluster cluster(fleet().nodes(2).cores(4), in_order_with(kind));
    const JobId first = cluster.run(job().cpus(3).minutes(30));
    cluster.run(job().cpus(3).minutes(90));
    const JobId together = *cluster.submit(job().nodes(1).tasks(4).minutes(60));
    const JobId beside_first = *cluster.submit(job().minutes(60));
    const JobId beside_both = *cluster.submit(job().minutes(60));
    cluster.schedule();
    EXPECT_EQ(cluster.job_state(together), JobState::pending) << kind;
    const int running = (cluster.job_state(beside_first) == JobState::running ? 1 : 0) +
                        (cluster.job_state(beside_both) == JobState::running ? 1 : 0);
    EXPECT_EQ(running, 1) << kind;
    cluster.batch_ended(cluster.node_of(first), first);
    cluster.schedule();
    EXPECT_EQ(cluster.job_state(together), JobState::running) << kind;
  }
}

/// Cores are left beside the job that waits, but not with so much memory.
TEST(Backfill, LeavesTheReservedJobItsMemory) {
  for (const std::string kind : {"easy", "easy-sjbf", "conservative"}) {
    for (const bool is_large : {false, true}) {
      Cluster cluster(fleet().nodes(1).cores(8).memory_mib(8000), in_order_with(kind));
      const JobId first = cluster.run(job().tasks(5).minutes(30));
      const JobId waits = *cluster.submit(job().tasks(6).minutes(60));
      const JobId behind = *cluster.submit(job().memory_mib(is_large ? 2900 : 2000).minutes(90));
      cluster.schedule();
      EXPECT_EQ(cluster.job_state(behind) == JobState::pending, is_large) << kind;
      cluster.batch_ended(NodeId{0}, first);
      cluster.schedule();
      EXPECT_EQ(cluster.job_state(waits), JobState::running) << kind;
    }
  }
}

/// What runs already has it: a lower job is not let in where only cores are counted.
TEST(Backfill, KnowsThatMemoryIsTakenWhereCoresAreFree) {
  for (const std::string kind : {"easy", "easy-sjbf", "conservative"}) {
    Cluster cluster(fleet().nodes(1).cores(8).memory_mib(8000), in_order_with(kind));
    cluster.run(job().memory_mib(3000).minutes(90));
    const JobId first = cluster.run(job().tasks(4).minutes(30));
    const JobId waits = *cluster.submit(job().tasks(5).minutes(60));
    const JobId behind = *cluster.submit(job().minutes(60));
    cluster.schedule();
    EXPECT_EQ(cluster.job_state(behind), JobState::pending) << kind;
    cluster.batch_ended(NodeId{0}, first);
    cluster.schedule();
    EXPECT_EQ(cluster.job_state(waits), JobState::running) << kind;
  }
}

/// Also one that waits behind more jobs than are reserved exactly.
TEST(Backfill, LeavesEveryCountedJobItsMemory) {
  for (const bool is_large : {false, true}) {
    Settings settings = in_order_with("conservative");
    settings.reservations = 1;
    Cluster cluster(fleet().nodes(1).cores(8).memory_mib(8000), settings);
    const JobId first = cluster.run(job().tasks(7).memory_mib(1000).minutes(30));
    const JobId second = *cluster.submit(job().tasks(4).minutes(60));
    const JobId third = *cluster.submit(job().tasks(7).minutes(60));
    const JobId behind = *cluster.submit(job().memory_mib(is_large ? 1500 : 1000).minutes(100));
    cluster.schedule();
    EXPECT_EQ(cluster.job_state(behind) == JobState::pending, is_large);
    for (const JobId job : {first, second}) {
      cluster.advance(minutes(1));
      cluster.batch_ended(NodeId{0}, job);
      cluster.schedule();
      cluster.answer_all();
    }
    EXPECT_EQ(cluster.job_state(third), JobState::running);
  }
}

TEST(Backfill, ShortJobsComeFirstUnderSjbf) {
  for (const std::string kind : {"easy", "easy-sjbf"}) {
    Cluster cluster(fleet().nodes(2).cores(4), in_order_with(kind));
    cluster.run(job().exclusive().minutes(30));
    cluster.submit(job().nodes(2).exclusive());
    const JobId first = *cluster.submit(job().exclusive().minutes(20));
    const JobId shorter = *cluster.submit(job().exclusive().minutes(10));
    cluster.schedule();
    EXPECT_EQ(cluster.job_state(kind == "easy" ? first : shorter), JobState::running);
    EXPECT_EQ(cluster.job_state(kind == "easy" ? shorter : first), JobState::pending);
  }
}

/// A task of four cores needs them on one node: eight free ones on four nodes are no room for it.
TEST(Backfill, CountsRoomWhereItIsAndNotInSum) {
  for (const std::string kind : {"easy", "easy-sjbf", "conservative"}) {
    Cluster cluster(fleet().nodes(2).cores(4), in_order_with(kind));
    const JobId first = cluster.run(job().cpus(3).minutes(30));
    cluster.run(job().cpus(3).minutes(90));
    EXPECT_NE(cluster.node_of(first), cluster.node_of(JobId{2}));
    const JobId wide = *cluster.submit(job().cpus(4).minutes(60));
    const JobId beside_first = *cluster.submit(job().minutes(60));
    const JobId beside_both = *cluster.submit(job().minutes(60));
    cluster.schedule();
    EXPECT_EQ(cluster.job_state(wide), JobState::pending);
    // One of them fits beside the job that runs longer; the other would be in the way.
    const int running = (cluster.job_state(beside_first) == JobState::running ? 1 : 0) +
                        (cluster.job_state(beside_both) == JobState::running ? 1 : 0);
    EXPECT_EQ(running, 1) << kind;
    cluster.batch_ended(cluster.node_of(first), first);
    cluster.schedule();
    EXPECT_EQ(cluster.job_state(wide), JobState::running) << kind;
  }
}

/// Memory of jobs on one node is counted together: two may take less than each by itself. A job
/// that has started in the middle of a plan counts in the same plan as one that runs.
TEST(Backfill, CountsTheMemoryOfWhatStartsTogetherWithWhatRuns) {
  Cluster cluster(fleet().nodes(1).cores(4), in_order_with("conservative"));
  const std::vector<std::int64_t>& all = cluster.state.record.nodes[0].memory_mib;
  const std::int64_t memory = std::accumulate(all.begin(), all.end(), std::int64_t{0});
  cluster.run(job().memory_mib(memory * 3 / 10).minutes(60));
  const JobId wide = *cluster.submit(job().nodes(1).tasks(4).minutes(60));
  const JobId light = *cluster.submit(job().memory_mib(memory / 20).minutes(30));
  const JobId two = *cluster.submit(job().nodes(1).tasks(2).minutes(30));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(wide), JobState::pending);
  EXPECT_EQ(cluster.job_state(light), JobState::running);
  EXPECT_EQ(cluster.job_state(two), JobState::running);
}

class EveryPolicy : public ::testing::TestWithParam<std::string> {};

class EveryKind : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryPolicy, DroppingThePlanAtAnyMomentChangesNoDecision) {
  std::vector<std::uint64_t> seeds{149, 195};  // a late job; promises behind an overdue one
  for (std::uint64_t seed = 1; seed <= 40; ++seed) seeds.push_back(seed);
  for (const std::uint64_t seed : seeds) {
    RandomLife kept(seed, GetParam());
    RandomLife dropped(seed, GetParam());
    Dice when(seed + 1000);
    for (int i = 0; i < 120; ++i) {
      kept.event();
      if (when.chance(40)) dropped.cluster.plan().drop();
      dropped.event();
      ASSERT_TRUE(kept.cluster.state.record == dropped.cluster.state.record)
          << name_of(GetParam(), seed, i);
    }
  }
}

/// What started changes how the rest is planned: a pass ends where another one starts nothing.
TEST_P(EveryPolicy, APassThatHasEndedStartsNothingWhenItIsMadeAnew) {
  for (std::uint64_t seed = 1; seed <= 80; ++seed) {
    RandomLife life(seed, GetParam());
    for (int i = 0; i < 120; ++i) {
      life.event();
      life.cluster.plan().drop();
      ASSERT_TRUE(life.cluster.schedule().empty()) << name_of(GetParam(), seed, i);
    }
  }
}

TEST_P(EveryPolicy, ReasonsAreThoseOfExplain) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RandomLife life(seed, GetParam());
    for (int i = 0; i < 120; ++i) {
      life.event();
      Cluster& cluster = life.cluster;
      for (const JobId id : cluster.state.index.unended) {
        if (cluster.job(id).phase != JobPhase::pending) continue;
        const Verdict verdict =
            explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id);
        ASSERT_EQ(verdict.code, cluster.plan().blocked(cluster.state, id).code)
            << name_of(GetParam(), seed, i) << " job " << id.value << ": " << verdict.summary;
      }
    }
  }
}

/// Whatever starts, the first job that waits keeps the start it had in sight.
TEST_P(EveryKind, NoStartTakesBackAPromise) {
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 240; ++seed) {
    RandomLife life(seed, GetParam());
    Cluster& cluster = life.cluster;
    for (int i = 0; i < 120; ++i) {
      std::optional<Promise> before;
      bool is_watching = false;
      cluster.watch = [&](const State& state, const Fact& fact) {
        // Checked at the next fact, when the start has been evolved.
        if (is_watching && before.has_value()) {
          const auto after = first_promise(state, cluster.contact, cluster.now, cluster.policies());
          if (after.has_value() && after->is_to_same(*before)) {
            EXPECT_LE(after->start, before->start) << name_of(GetParam(), seed, i);
            ++kept;
          }
        }
        is_watching = std::holds_alternative<JobStarted>(fact);
        if (is_watching) {
          before = first_promise(state, cluster.contact, cluster.now, cluster.policies());
        }
      };
      life.event();
      ASSERT_FALSE(HasFailure());
    }
  }
  EXPECT_GT(kept, 30);
}

INSTANTIATE_TEST_SUITE_P(Policies,
                         EveryPolicy,
                         ::testing::Values("none shares",
                                           "easy",
                                           "easy shares",
                                           "easy turns",
                                           "easy apart",
                                           "easy-sjbf",
                                           "conservative",
                                           "conservative apart",
                                           "conservative turns",
                                           "conservative shares",
                                           "none wishes",
                                           "easy wishes",
                                           "easy-sjbf wishes",
                                           "conservative wishes"));

INSTANTIATE_TEST_SUITE_P(Kinds,
                         EveryKind,
                         ::testing::Values("easy",
                                           "easy shares",
                                           "easy wishes",
                                           "easy-sjbf",
                                           "easy-sjbf wishes",
                                           "conservative",
                                           "conservative shares",
                                           "conservative wishes"));

/// Whether licenses are missing when those of `ended` have been given back.
bool is_short_of_licenses(const Cluster& cluster,
                          const JobRequest& request,
                          const std::set<JobId>& ended) {
  for (const LicenseRoom& room : license_rooms(cluster.state, licenses_of(request))) {
    std::uint64_t used = room.used;
    for (const JobId id : ended) {
      for (const LicenseRequest& held : licenses_of(cluster.job(id).request)) {
        if (held.name == room.asked.name) used -= held.count;
      }
    }
    if (used + room.asked.count > room.total) return true;
  }
  return false;
}

/// Nodes that others keep it out of when the shares in `gone` have been given back.
Bitset closed_nodes_without(const Cluster& cluster,
                            const JobRequest& request,
                            const std::set<std::pair<JobId, NodeId>>& gone) {
  Bitset closed(cluster.state.record.nodes.size());
  const bool is_apart = request.common->components.front().exclusive_user;
  for (const Node& node : cluster.state.record.nodes) {
    for (const JobId id : cluster.state.index.jobs_on_node[node.id.value]) {
      const JobCommon& other = *cluster.job(id).request.common;
      const bool keeps_out = is_apart || other.components.front().exclusive_user;
      if (gone.contains({id, node.id}) || other.user.uid == request.common->user.uid) continue;
      if (keeps_out) closed.set(node.id.value);
    }
  }
  return closed;
}

/// The plain model of a prospect: at each instant, the plug-in itself on what is free then.
std::optional<Second> plain_earliest(const Cluster& cluster, const JobRequest& request) {
  const State& state = cluster.state;
  Running running;
  running.rebuild(state);
  const Timeline timeline(state, running, cluster.now);
  std::vector<NodeFree> free = state.index.free;
  const Bitset ready = ready_nodes(state, cluster.contact, "batch");
  const Constrained nodes(state, ready, request);
  const std::uint32_t nodes_granted = state.record.settings.partitions[0].max_nodes;
  std::set<JobId> ended;
  std::set<std::pair<JobId, NodeId>> gone;
  std::map<Second, std::vector<std::pair<JobId, std::size_t>>> ends;
  for (const auto& [end, id] : running.by_end()) {
    const Job& one = cluster.job(id);
    const bool is_endless =
        one.phase != JobPhase::ending &&
        (one.request.time_limit == duration_unlimited || one.run->suspended.is_set());
    const Second at = is_endless           ? second_never
                      : end <= cluster.now ? cluster.now.us / 1'000'000
                                           : end_second(end, Duration{});
    for (std::size_t i = 0; i < one.run->allocation.nodes.size(); ++i) {
      if (!one.run->freed.test(i)) ends[at].emplace_back(id, i);
    }
  }
  for (const auto& [at, shares] : ends) {
    for (const auto& [id, i] : shares) {
      const NodeShare& share = cluster.job(id).run->allocation.nodes[i];
      gone.emplace(id, share.node);
      NodeFree& here = free[share.node.value];
      here.cores |= share.cores;
      here.devices |= share.devices;
      for (std::size_t m = 0; m < share.memory_mib.size(); ++m)
        here.memory_mib[m] += share.memory_mib[m];
      for (std::size_t p = 0; p < share.pools.size(); ++p) here.pools[p] += share.pools[p];
      --here.jobs;
      ended.insert(id);
    }
    if (at == second_never && !licenses_of(request).empty()) return std::nullopt;
    if (is_short_of_licenses(cluster, request, ended)) continue;
    const Bitset closed = closed_nodes_without(cluster, request, gone);
    for (std::size_t i = 0; i < nodes.groups(); ++i) {
      const FreeNodes view{nodes.group(i), state.record.nodes,
                           free,           state.record.classes,
                           false,          false,
                           nodes_granted,  1,
                           &closed,        nodes.kinds()};
      const Selection answer = cluster.policies().select->select(request, view);
      if (std::holds_alternative<Placement>(answer)) return at;
    }
  }
  return std::nullopt;
}

TEST(Prospect, FindsTheStartThatThePlugInWould) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    RandomLife life(seed, seed <= 60 ? "easy" : "easy wishes");
    for (int i = 0; i < 100; ++i) {
      life.event();
      Cluster& cluster = life.cluster;
      Running running;
      running.rebuild(cluster.state);
      const Timeline timeline(cluster.state, running, cluster.now);
      const Bitset ready = ready_nodes(cluster.state, cluster.contact, "batch");
      for (const JobId id : cluster.state.index.unended) {
        const Job& one = cluster.job(id);
        if (one.phase != JobPhase::pending) continue;
        Prospect prospect(cluster.state, cluster.state.record.settings.partitions[0], ready,
                          one.request);
        const LicenseTimeline licenses(cluster.state, running, cluster.now);
        const auto start = prospect.advance(timeline, licenses, one.request.time_limit, 0);
        ASSERT_EQ(start, plain_earliest(cluster, one.request)) << "seed " << seed << " event " << i;
        found += start.has_value() ? 1 : 0;
      }
    }
  }
  EXPECT_GT(found, 1000);
}

}  // namespace
}  // namespace cox::core
