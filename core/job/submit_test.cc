// SubmitJob: what is refused, what is settled, and what a resend gets.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>

#include "core/job/layout.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

std::string refusal(Cluster& cluster, const JobBuilder& job) {
  const auto facts = cluster.ask(job.submit());
  return facts.has_value() ? "accepted" : facts.error().message;
}

TEST(Submit, ResendWithTheSameKeyReturnsTheSameJob) {
  Cluster cluster;
  const JobId id = *cluster.submit(job(), 7);
  EXPECT_EQ(cluster.submit(job(), 7), id);
  EXPECT_EQ(cluster.state.record.jobs.size(), 1U);
  EXPECT_FALSE(cluster.submit(job().uid(1001), 7).has_value());
  EXPECT_NE(*cluster.submit(job(), 8), id);
  EXPECT_NE(*cluster.submit(job()), *cluster.submit(job()));
}

/// As many submits as it takes to forget what came before the hour.
void fill(State& state, Instant at) {
  JobSubmitted fact{state.record.next_job, {}, at, job().submit().request};
  for (std::uint64_t i = 0; i < resend_jobs; ++i, ++fact.job.value) evolve(state, fact);
}

TEST(Submit, ResendAfterAnHourAndManySubmitsIsANewSubmit) {
  Cluster cluster;
  const JobId id = *cluster.submit(job(), 7);
  cluster.advance(resend_window + seconds(1));
  ASSERT_TRUE(cluster.submit(job(), 8).has_value());
  EXPECT_EQ(cluster.submit(job(), 7), id);  // a clock set forward is no long time
  State& state = cluster.state;
  fill(state, cluster.now);
  EXPECT_FALSE(submitted_before(state, job().submit(7)).has_value());
  EXPECT_TRUE(submitted_before(state, job().submit(8)).has_value());
  EXPECT_EQ(state.index.job_by_key.size(), 1U);
  EXPECT_TRUE(rebuild_index(state.record) == state.index);
}

TEST(Submit, KeysOfTheLastHourAreKnownAfterManySubmits) {
  Cluster cluster;
  const JobId id = *cluster.submit(job(), 7);
  cluster.advance(resend_window);
  fill(cluster.state, cluster.now);
  fill(cluster.state, cluster.now);
  EXPECT_EQ(submitted_before(cluster.state, job().submit(7)), id);
  EXPECT_TRUE(rebuild_index(cluster.state.record) == cluster.state.index);
}

/// The job has ended and left State; its key has not.
JobId forgotten_job(Cluster& cluster, std::uint64_t key) {
  const JobId id = *cluster.submit(job(), key);
  EXPECT_TRUE(cluster.ask(CancelJob{ada(), id}));
  EXPECT_TRUE(cluster.ask(ForgetJobs{{id}}));
  EXPECT_EQ(cluster.state.find_job(id), nullptr);
  return id;
}

TEST(Submit, ResendOfAForgottenJobsSubmitReturnsItsId) {
  Cluster cluster;
  const JobId id = forgotten_job(cluster, 7);
  EXPECT_EQ(cluster.submit(job(), 7), id);
  EXPECT_TRUE(cluster.state.record.jobs.empty());
  EXPECT_EQ(refusal(cluster, job().uid(1001)), "accepted");
  const auto theft = cluster.ask(job().uid(1001).submit(7));
  ASSERT_FALSE(theft);
  EXPECT_EQ(theft.error().message, "the client key is in use by another user's job");
  EXPECT_TRUE(rebuild_index(cluster.state.record) == cluster.state.index);
}

TEST(Submit, KeysOfForgottenJobsAreForgottenAsThoseOfOthers) {
  Cluster cluster;
  forgotten_job(cluster, 7);
  const JobId kept = *cluster.submit(job(), 8);
  cluster.advance(resend_window + seconds(1));
  fill(cluster.state, cluster.now);
  fill(cluster.state, cluster.now);
  EXPECT_FALSE(submitted_before(cluster.state, job().submit(7)).has_value());
  EXPECT_FALSE(submitted_before(cluster.state, job().submit(8)).has_value());
  EXPECT_TRUE(cluster.state.record.forgotten.empty());
  EXPECT_GT(cluster.state.record.keys_from, kept);
  EXPECT_EQ(cluster.state.index.job_by_key.size(), 0U);
  EXPECT_TRUE(rebuild_index(cluster.state.record) == cluster.state.index);
}

TEST(Submit, AUserHasAsManyJobsAsTheSettingsSay) {
  Settings settings;
  settings.jobs_per_user = 2;
  Cluster cluster(fleet(), settings);
  const JobId first = *cluster.submit(job(), 7);
  ASSERT_TRUE(cluster.submit(job()));
  EXPECT_EQ(refusal(cluster, job()),
            "user ada has 2 jobs that wait or run: at most 2 (scheduling.jobs_per_user)");
  EXPECT_EQ(cluster.submit(job(), 7), first) << "a resend is no further job";
  EXPECT_TRUE(cluster.ask(SubmitJob{bob(), {}, job().uid(1001).build()}));
  EXPECT_TRUE(cluster.ask(SubmitJob{root(), {}, job().build()})) << "an administrator may";
  EXPECT_TRUE(cluster.ask(CancelJob{ada(), first}));
  EXPECT_FALSE(cluster.submit(job()));
  EXPECT_TRUE(cluster.ask(CancelJob{ada(), JobId{2}}));
  EXPECT_TRUE(cluster.submit(job()));
  EXPECT_TRUE(rebuild_index(cluster.state.record) == cluster.state.index);
}

TEST(Submit, JobsOfOneUserShareWhatTheyHaveInCommon) {
  Cluster cluster;
  const JobId one = *cluster.submit(job().minutes(1));
  const JobId two = *cluster.submit(job().minutes(2));
  const JobId other = *cluster.submit(job().nodes(2));
  const auto common = [&](JobId id) { return cluster.job(id).request.common; };
  EXPECT_TRUE(common(one).is_same(common(two)));
  EXPECT_FALSE(common(one).is_same(common(other)));
  EXPECT_TRUE(cluster.job(one).run.is_blank());
}

TEST(Submit, EveryRefusalNamesTheValueAtFault) {
  Cluster cluster;
  const std::uint32_t huge = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(refusal(cluster, job().nodes(0)), "0 nodes: a job needs at least 1");
  EXPECT_EQ(refusal(cluster, job().nodes(3, 2)), "nodes 3-2: the minimum is over the maximum");
  EXPECT_EQ(refusal(cluster, job().nodes(huge)), "4294967295 nodes: at most 1000000");
  EXPECT_EQ(refusal(cluster, job().tasks(huge)), "4294967295 tasks: at most 10000000");
  EXPECT_EQ(refusal(cluster, job().cpus(huge)), "4294967295 cpus per task: at most 131072");
  EXPECT_EQ(refusal(cluster, job().tasks(9).tasks_per_node(2).nodes(1, 4)),
            "9 tasks at 2 per node need 5 nodes, more than 4");
  EXPECT_EQ(refusal(cluster, job().memory_mib(5).memory_per_cpu_mib(5)),
            "memory is given both per node and per cpu");
  EXPECT_EQ(refusal(cluster, job().memory_mib(-7)), "memory of -7 MiB: out of range");
  EXPECT_EQ(refusal(cluster, job().partitions({"batsch"})),
            "no partition batsch, did you mean batch?");
  EXPECT_EQ(refusal(cluster, job().on({"n0"}).not_on({"n0"})),
            "node n0 is both wanted and excluded");
  EXPECT_EQ(refusal(cluster, job().nice(-1)), "nice -1: only an operator may raise a job");
  JobRequest two = job().build();
  two.common.edit().components.resize(2);
  EXPECT_EQ(cluster.ask(SubmitJob{ada(), {}, two}).error().message,
            "a job of 2 components: only one is accepted");
  EXPECT_EQ(cluster.ask(SubmitJob{bob(), {}, job().build()}).error().message,
            "uid 1001 may not submit as uid 1000");
  JobRequest empty = job().build();
  empty.argv.clear();
  EXPECT_EQ(cluster.ask(SubmitJob{ada(), {}, empty}).error().message,
            "a batch job needs a script or a command");
  EXPECT_TRUE(cluster.state.record.jobs.empty());
}

TEST(Submit, PartitionLimitsAndDefaultsAreApplied) {
  Settings settings;
  settings.partitions[0].default_time = minutes(5);
  settings.partitions[0].max_time = minutes(60);
  settings.partitions[0].max_nodes = 3;
  Cluster cluster(fleet(), settings);
  EXPECT_EQ(refusal(cluster, job().minutes(61)),
            "time limit 1:01:00 is over the limit 1:00:00 of partition batch");
  EXPECT_EQ(refusal(cluster, job().nodes(4)), "4 nodes are over the limit 3 of partition batch");
  const JobRequest& taken = cluster.job(*cluster.submit(job().minutes(0).nodes(1, 9))).request;
  EXPECT_EQ(taken.time_limit, minutes(5));
  EXPECT_EQ(taken.common->components[0].nodes_max, 3U);
  EXPECT_EQ(taken.common->partitions, std::vector<std::string>{"batch"});
}

TEST(Submit, AskingForNoLimitIsNotTheSameAsAskingForNothing) {
  Settings settings;
  settings.partitions[0].default_time = minutes(5);
  settings.partitions[0].max_time = minutes(60);
  Cluster limited(fleet(), settings);
  EXPECT_EQ(refusal(limited, job().unlimited()),
            "time limit UNLIMITED is over the limit 1:00:00 of partition batch");
  settings.partitions[0].max_time = duration_unlimited;
  Cluster open(fleet(), settings);
  EXPECT_EQ(open.job(*open.submit(job().unlimited())).request.time_limit, duration_unlimited);
  EXPECT_EQ(open.job(*open.submit(job().minutes(0))).request.time_limit, minutes(5));
}

/// "tiny" takes 1 node for an hour, by default a minute; "short" 2 nodes for 2 hours, "long" both
/// nodes for ever, by default a day.
Settings three_partitions() {
  Settings settings;
  settings.partitions.resize(3);
  PartitionSettings& tiny = settings.partitions[0];
  tiny.name = "tiny";
  tiny.default_time = minutes(1);
  tiny.max_time = minutes(60);
  tiny.max_nodes = 1;
  PartitionSettings& brief = settings.partitions[1];
  brief.name = "short";
  brief.default_time = brief.max_time = minutes(120);
  brief.max_nodes = 2;
  PartitionSettings& extended = settings.partitions[2];
  extended.name = "long";
  extended.default_time = minutes(24 * 60);
  return settings;
}

TEST(Submit, AJobOfSeveralPartitionsQueuesInThoseWhoseLimitsItKeeps) {
  Cluster cluster(fleet().nodes(4), three_partitions());
  const auto queued_in = [&](const JobBuilder& asked) {
    return cluster.job(*cluster.submit(asked.partitions({"tiny", "long", "short", "tiny"})))
        .request.common->partitions;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(queued_in(job().minutes(60)), (Names{"tiny", "long", "short"}));
  EXPECT_EQ(queued_in(job().minutes(61)), (Names{"long", "short"}));
  EXPECT_EQ(queued_in(job().nodes(2).minutes(1)), (Names{"long", "short"}));
  EXPECT_EQ(queued_in(job().unlimited()), Names{"long"});
  EXPECT_EQ(queued_in(job().nodes(3).minutes(1)), Names{"long"});
}

TEST(Submit, WhenNoPartitionTakesAJobEachSaysWhy) {
  Cluster cluster(fleet(), three_partitions());
  cluster.advance(seconds(5));  // by then more nodes would have come
  EXPECT_EQ(refusal(cluster, job().nodes(2).unlimited().partitions({"short", "tiny"})),
            "2 nodes are over the limit 1 of partition tiny; "
            "time limit UNLIMITED is over the limit 2:00:00 of partition short");
  EXPECT_EQ(refusal(cluster, job().nodes(3).partitions({"tiny", "long"})),
            "3 nodes are over the limit 1 of partition tiny; "
            "--nodes 3: partition long has 2 nodes (see: cox nodes -p long)");
  EXPECT_EQ(refusal(cluster, job().on({"n7"}).partitions({"short", "long"})),
            "--nodelist n7: partition short has no such node (see: cox nodes -p short); "
            "--nodelist n7: partition long has no such node (see: cox nodes -p long)");
}

TEST(Submit, WithoutATimeTheShortestDefaultLetsAJobStartInEachOfItsPartitions) {
  Cluster cluster(fleet(), three_partitions());
  const JobRequest all =
      cluster.job(*cluster.submit(job().minutes(0).partitions({"long", "short", "tiny"}))).request;
  EXPECT_EQ(all.time_limit, minutes(1));
  EXPECT_EQ(all.common->partitions.size(), 3U);
  const JobRequest wide =
      cluster.job(*cluster.submit(job().minutes(0).nodes(2).partitions({"tiny", "short"}))).request;
  EXPECT_EQ(wide.time_limit, minutes(120));
}

TEST(Submit, TheNodesOfAStartKeepTheLimitOfItsOwnPartition) {
  Settings settings = three_partitions();
  settings.partitions[0].nodes = "n[0-2]";  // tiny
  settings.partitions[2].nodes = "n[3-5]";  // long
  Cluster cluster(fleet().nodes(6).cores(1), settings);
  const JobBuilder two = job().tasks(2).nodes(1, 9).minutes(1);
  const JobId wide = *cluster.submit(two.partitions({"tiny", "long"}));
  EXPECT_EQ(cluster.job(wide).request.common->components[0].nodes_max, 2U);
  cluster.schedule();
  ASSERT_EQ(cluster.job(wide).run->allocation.nodes.size(), 2U);
  EXPECT_GE(cluster.job(wide).run->allocation.nodes[0].node.value, 3U);
}

TEST(Submit, NodesAndTasksAreMadeToAgree) {
  Cluster cluster;
  const Component shrunk =
      cluster.job(*cluster.submit(job().nodes(4).tasks(2))).request.common->components[0];
  EXPECT_EQ(shrunk.nodes_min, 2U);
  EXPECT_EQ(shrunk.nodes_max, 2U);
  const Component named =
      cluster.job(*cluster.submit(job().on({"n0", "n1"}))).request.common->components[0];
  EXPECT_EQ(named.nodes_min, 2U);
  EXPECT_FALSE(cluster.job(*cluster.submit(job().interactive())).request.common->requeue);
}

TEST(Layout, SpreadFillsEvenlyWithinTheRoom) {
  EXPECT_EQ(spread(8, {4, 4, 4}), (std::vector<std::uint32_t>{3, 3, 2}));
  EXPECT_EQ(spread(9, {1, 4, 8}), (std::vector<std::uint32_t>{1, 4, 4}));
  EXPECT_TRUE(spread(9, {4, 4}).empty());
  rc::check("spread gives out every task, within the room, to every entry it can", [] {
    const auto room = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(1U, 50U));
    std::uint64_t all = 0;
    for (const std::uint32_t one : room) all += one;
    const auto tasks = *rc::gen::inRange<std::uint64_t>(0, all + 2);
    const auto given = spread(tasks, room);
    if (tasks > all) {
      RC_ASSERT(given.empty());
      return;
    }
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      RC_ASSERT(given[i] <= room[i]);
      if (tasks >= room.size()) RC_ASSERT(given[i] >= 1U);
      sum += given[i];
    }
    RC_ASSERT(sum == tasks);
  });
}

}  // namespace
}  // namespace cox::core
