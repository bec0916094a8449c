// What becomes of a queue that was taken over in the middle: against a replay that was never
// interrupted, and against what cannot be a cluster.
#include "sim/foresight.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "plugins/policies.h"
#include "sim/forecast.h"
#include "sim/machine.h"
#include "sim/replay.h"
#include "testsuite/support/random_life.h"
#include "wire/client.pb.h"
#include "wire/model_codec.h"

namespace cox::sim {
namespace {

constexpr Instant now{1'800'000'000'000'000};

/// A cluster in words, as the controller would tell it.
class ToldCluster {
 public:
  explicit ToldCluster(const MachineShape& shape, const std::string& backfill = "easy") {
    Settings settings;
    settings.priority = "fifo";
    settings.backfill = backfill;
    wire::put(settings, told.mutable_settings());
    told.set_now_us(now.us);
    const auto nodes = make_nodes(shape);
    wire::put(nodes.front().node_class, told.add_classes());
    cores_ = shape.cores;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      wire::LiveNode* node = told.add_nodes();
      node->set_node(static_cast<std::uint32_t>(i) + 7);  // ids of its own
      wire::put(nodes[i], node->mutable_inventory());
      node->mutable_inventory()->clear_node_class();
    }
  }

  wire::LiveJob& add_job(std::uint64_t id, std::uint32_t tasks, std::int64_t limit_s) {
    JobRequest request;
    JobCommon& common = request.common.edit();
    common.kind = JobKind::batch;
    common.partitions = {Settings{}.partitions.front().name};
    Component& part = common.components.emplace_back();
    part.tasks = tasks;
    part.nodes_max = std::min<std::uint32_t>(tasks, static_cast<std::uint32_t>(told.nodes_size()));
    request.time_limit = seconds(limit_s);
    wire::LiveJob& job = *told.add_jobs();
    job.set_job(id);
    job.set_name(std::to_string(id));
    job.set_submitted_us(now.us - 1'000'000'000 + static_cast<std::int64_t>(id));
    wire::put(request, job.mutable_request());
    return job;
  }

  /// All cores of these nodes are the job's, since so many seconds.
  void run(wire::LiveJob& job, std::int64_t since_s, const std::vector<std::uint32_t>& places) {
    job.set_started_us(now.us - since_s * 1'000'000);
    job.set_partition(Settings{}.partitions.front().name);
    Allocation allocation;
    for (const std::uint32_t place : places) {
      NodeShare& share = allocation.nodes.emplace_back();
      share.node = NodeId{place + 7};
      share.cores = *Bitset::from_ranges("0-" + std::to_string(cores_ - 1), cores_);
      share.memory_mib = {0};
      share.tasks = cores_;
    }
    wire::put(allocation, job.mutable_allocation());
  }

  Live live() const {
    auto read = read_live(told.SerializeAsString());
    EXPECT_TRUE(read) << read.error().message;
    return read ? std::move(*read) : Live();
  }

  /// Seconds from now to the start of each job that waits; -1: not in sight.
  std::map<std::uint64_t, std::int64_t> starts() const {
    const Live taken = live();
    const auto forecast = foresee(taken, taken.settings);
    EXPECT_TRUE(forecast) << forecast.error().message;
    std::map<std::uint64_t, std::int64_t> found;
    if (!forecast) return found;
    for (const Foreseen& one : forecast->jobs) {
      found[one.job.value] = one.start.is_set() ? (one.start - now).us / 1'000'000 : -1;
    }
    return found;
  }

  wire::LiveCluster told;

 private:
  std::uint32_t cores_ = 1;
};

using Starts = std::map<std::uint64_t, std::int64_t>;

TEST(Foresight, what_runs_ends_at_its_limit_and_what_waits_follows) {
  ToldCluster cluster({1, 4});
  cluster.run(cluster.add_job(1, 4, 100), 10, {0});
  cluster.add_job(2, 4, 50);
  cluster.add_job(3, 1, 50);
  EXPECT_EQ(cluster.starts(), (Starts{{2, 90}, {3, 140}}));
}

TEST(Foresight, what_is_held_or_needs_a_node_that_is_away_is_not_in_sight) {
  ToldCluster cluster({2, 1});
  cluster.told.mutable_nodes(1)->set_away("down: fan");
  cluster.add_job(1, 2, 50);
  cluster.add_job(2, 1, 50).set_held(true);
  cluster.add_job(3, 1, 50);
  EXPECT_EQ(cluster.starts(), (Starts{{1, -1}, {2, -1}, {3, 0}}));
}

TEST(Foresight, of_an_array_the_first_waiting_element_counts) {
  ToldCluster cluster({1, 1});
  wire::LiveJob& array = cluster.add_job(1, 1, 30);
  auto request = wire::take(array.request());
  request->common.edit().array = *parse_array("0-9");
  wire::put(*request, array.mutable_request());
  wire::put(*parse_array("5-9"), array.mutable_remaining());
  wire::LiveJob& element = cluster.add_job(2, 1, 30);
  *element.mutable_request() = array.request();
  element.set_array(1);
  element.set_index(4);
  cluster.run(element, 10, {0});
  cluster.add_job(3, 1, 30);
  EXPECT_EQ(cluster.starts(), (Starts{{1, 20}, {3, 20 + 5 * 30}}));
}

TEST(Foresight, another_configuration_is_in_force_from_the_first_moment) {
  ToldCluster cluster({2, 1}, "none");
  cluster.run(cluster.add_job(1, 1, 100), 0, {0});
  cluster.add_job(2, 2, 100);
  cluster.add_job(3, 1, 50);
  EXPECT_EQ(cluster.starts(), (Starts{{2, 100}, {3, 200}}));
  const Live live = cluster.live();
  Settings changed = live.settings;
  changed.backfill = "easy";
  const auto as_it_is = foresee(live, live.settings);
  const auto then = foresee(live, changed);
  ASSERT_TRUE(as_it_is && then);
  EXPECT_EQ(to_text(forecast_lines(live, *as_it_is, &*then), true),
            "JOB  NAME  USER  STARTS IN  CHANGED  DIFFERENCE\n"
            "2                     1:40     1:40           0\n"
            "3                     3:20      now       -3:20\n");
}

TEST(Foresight, a_share_that_is_not_free_is_left_out_by_name) {
  ToldCluster cluster({1, 1});
  cluster.run(cluster.add_job(1, 1, 100), 0, {0});
  cluster.run(cluster.add_job(2, 1, 100), 0, {0});
  const Live live = cluster.live();
  const auto forecast = foresee(live, live.settings);
  ASSERT_TRUE(forecast);
  ASSERT_EQ(forecast->left_out.size(), 1U);
  EXPECT_EQ(forecast->left_out.front(), "job 2: node n1 changed while the cluster was asked");
}

TEST(Foresight, what_is_no_cluster_is_an_error) {
  EXPECT_FALSE(read_live("no cluster"));
  ToldCluster cluster({1, 4});
  cluster.run(cluster.add_job(1, 4, 100), 10, {0});
  cluster.add_job(2, 4, 50);
  const std::string whole = cluster.told.SerializeAsString();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const auto live = read_live(std::string_view(whole).substr(0, bytes));
    if (live) foresee(*live, live->settings);  // an error or not, but no crash
  }
  testing::Dice dice(5);
  for (int i = 0; i < 2000; ++i) {
    std::string torn = whole;
    for (int at = 0; at < 3; ++at) {
      torn[static_cast<std::size_t>(dice.roll(torn.size()))] = static_cast<char>(dice.roll(256));
    }
    read_live(torn);
  }
  cluster.told.mutable_nodes(0)->set_node_class(9);
  EXPECT_EQ(read_live(cluster.told.SerializeAsString()).error().message, "node n1 has no class");
}

/// A log of which every job runs to its limit.
SwfLog truthful_log(std::uint64_t seed, std::uint32_t processors) {
  testing::Dice dice(seed);
  SwfLog log;
  std::int64_t at = 0;
  for (int i = 1; i <= 50; ++i) {
    SwfJob job;
    job.number = i;
    at += static_cast<std::int64_t>(dice.roll(6));
    job.submit_s = at;
    job.run_s = job.limit_s = 1 + static_cast<std::int64_t>(dice.roll(60));
    job.processors = 1 + dice.small(dice.chance(30) ? processors : 3);
    log.jobs.push_back(job);
  }
  return log;
}

class Interrupted : public ::testing::TestWithParam<std::string> {};

TEST_P(Interrupted, queues_go_on_as_those_that_were_not) {
  constexpr std::uint32_t processors = 8;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SwfLog log = truthful_log(seed, processors);
    const std::int64_t moment = log.jobs.back().submit_s + static_cast<std::int64_t>(seed % 7);
    Settings settings;
    settings.priority = "fifo";
    settings.backfill = GetParam();
    const auto policies = plugins::make_policies(settings);
    auto replay = Replay::open(settings, make_nodes(MachineShape{processors, 1}),
                               core::Policies{policies->select.get(), policies->priority.get()});
    const auto outcomes = replay->run(log);
    ASSERT_TRUE(outcomes);
    ToldCluster cluster({processors, 1}, GetParam());
    Starts expected;
    for (std::size_t i = 0; i < outcomes->size(); ++i) {
      const Outcome& one = (*outcomes)[i];
      if (one.end_s <= moment) continue;
      wire::LiveJob& job = cluster.add_job(i + 1, one.processors, one.end_s - one.start_s);
      if (one.start_s <= moment) {
        cluster.run(job, moment - one.start_s, one.nodes);
      } else {
        expected[i + 1] = one.start_s - moment;
      }
    }
    ASSERT_EQ(cluster.starts(), expected) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Backfill,
                         Interrupted,
                         ::testing::Values("none", "easy", "easy-sjbf", "conservative"));

}  // namespace
}  // namespace cox::sim
