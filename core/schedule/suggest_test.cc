// Suggestions: what is told is small, helps, and comes true.
#include "core/schedule/suggest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "common/text.h"
#include "model/time.h"
#include "testsuite/support/random_life.h"
#include "testsuite/support/verdicts.h"

namespace cox::core {
namespace {

using namespace cox::testing;

std::vector<Suggestion> suggestions(const Cluster& cluster, JobId id) {
  const Job& job = *cluster.state.find_job(id);
  return suggest(cluster.state, cluster.contact, cluster.now, cluster.policies(), job, 0);
}

std::vector<std::string> changes(const Cluster& cluster, JobId id) {
  std::vector<std::string> names;
  for (const Suggestion& one : suggestions(cluster, id)) names.push_back(one.change);
  return names;
}

using Lines = std::vector<std::string>;

/// Four nodes of four cores, one of them busy for half an hour; four whole ones are promised then.
struct BehindAPromise {
  BehindAPromise() : cluster(fleet().nodes(4).cores(4).memory_mib(1024), in_order_with("easy")) {
    cluster.run(job().exclusive().minutes(30));
    cluster.submit(job().nodes(4).exclusive().minutes(60));
    cluster.schedule();
  }

  JobId submit(const JobBuilder& request) {
    const JobId id = *cluster.submit(request);
    cluster.schedule();
    return id;
  }

  Cluster cluster;
};

TEST(Suggest, TheLongestLimitThatEndsBeforeThePromise) {
  BehindAPromise life;
  const JobId id = life.submit(job().minutes(90));
  EXPECT_EQ(changes(life.cluster, id), Lines{"time=30:00"});
  EXPECT_TRUE(suggestions(life.cluster, id).front().is_now);
}

TEST(Suggest, NothingToAJobThatStartsOrDoesNotWaitForResources) {
  BehindAPromise life;
  const JobId held = life.submit(job().minutes(90).held());
  EXPECT_EQ(changes(life.cluster, held), Lines{});
  const JobId runs = life.submit(job().minutes(10));
  EXPECT_EQ(changes(life.cluster, runs), Lines{});
}

TEST(Suggest, FewerNodesToAJobThatTheFleetIsTooSmallFor) {
  Cluster cluster(fleet().nodes(5).cores(4), in_order());
  const JobId id = *cluster.submit(job().nodes(5).exclusive().minutes(10));
  cluster.disconnect(NodeId{4});
  cluster.schedule();
  EXPECT_EQ(changes(cluster, id), Lines{"nodes=2"});
}

TEST(Suggest, AnotherPartitionThatIsFree) {
  Settings settings = in_order();
  settings.partitions.clear();
  for (const auto& [name, nodes] : {std::pair{"batch", "n0"}, std::pair{"idle", "n1"}}) {
    PartitionSettings partition;
    partition.name = name;
    partition.nodes = nodes;
    partition.is_default = partition.name == "batch";
    settings.partitions.push_back(partition);
  }
  Cluster cluster(fleet().nodes(2).cores(4), settings);
  cluster.run(job().exclusive().minutes(30));
  const JobId id = *cluster.submit(job().cpus(2).minutes(10));
  cluster.schedule();
  EXPECT_EQ(changes(cluster, id), Lines{"partition=idle"});
}

/// The change in the form of a request.
JobChanges changes_of(const std::string& change) {
  const auto words = split(change, '=');
  const std::string value(words.at(1));
  JobChanges changes;
  const auto number = static_cast<std::uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
  if (words[0] == "time") changes.time_limit = parse_time_limit(value).value();
  if (words[0] == "nodes") changes.nodes_min = changes.nodes_max = number;
  if (words[0] == "ntasks") changes.tasks = number;
  if (words[0] == "mem") changes.memory_per_node_mib = number;  // all of them below a GiB
  return changes;
}

/// The same queue for the same seed, with jobs that wait.
std::unique_ptr<Cluster> random_queue(std::uint64_t seed, const std::string& backfill) {
  Dice dice(seed);
  auto cluster = std::make_unique<Cluster>(fleet().nodes(4).cores(4).memory_mib(1000),
                                           in_order_with(backfill));
  for (int i = 0; i < 12; ++i) {
    JobBuilder request = job().minutes(5 * (1 + dice.small(40)));
    if (dice.chance(30)) request = request.nodes(1 + dice.small(4)).exclusive();
    if (dice.chance(40)) request = request.tasks(1 + dice.small(12));
    if (dice.chance(30)) request = request.memory_mib(100 * (1 + dice.small(9)));
    cluster->submit(request);
    if (dice.chance(50)) cluster->schedule();
  }
  cluster->schedule();
  return cluster;
}

/// What becomes of the job after the change: it starts in the next pass, or is expected then.
void check_comes_true(Cluster& cluster, JobId id, const Suggestion& suggestion) {
  ASSERT_TRUE(cluster.ask(UpdateJob{root(), id, changes_of(suggestion.change)}).has_value());
  if (!suggestion.is_now) {
    EXPECT_EQ(why_waits(cluster, id).expected_start, suggestion.start) << suggestion.change;
    return;
  }
  cluster.schedule();
  EXPECT_NE(cluster.job_state(id), JobState::pending) << suggestion.change;
}

TEST(Suggest, WhatIsSuggestedComesTrue) {
  std::size_t checked = 0;
  for (const char* backfill : {"none", "easy", "easy-sjbf"}) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      const auto cluster = random_queue(seed, backfill);
      for (std::uint64_t n = 1; n <= 12; ++n) {
        const JobId id(n);
        if (cluster->state.find_job(id) == nullptr) continue;
        const Instant usual = why_waits(*cluster, id).expected_start;
        for (const Suggestion& suggestion : suggestions(*cluster, id)) {
          if (!suggestion.is_now && usual.is_set()) {
            EXPECT_LT(suggestion.start, usual);
          }
          SCOPED_TRACE(std::string(backfill) + ", seed " + std::to_string(seed) + ", job " +
                       std::to_string(n));
          check_comes_true(*random_queue(seed, backfill), id, suggestion);
          ++checked;
        }
      }
    }
  }
  EXPECT_GT(checked, 500U);
}

}  // namespace
}  // namespace cox::core
