// The production core against a plain simulator that only counts processors, on random logs.
#include "sim/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "plugins/policies.h"
#include "sim/report.h"
#include "testsuite/support/random_life.h"

namespace cox::sim {
namespace {

struct PlainJob {
  SwfJob job;
  std::int64_t start_s = -1;

  bool is_running(std::int64_t now) const { return start_s >= 0 && start_s + job.run_s > now; }
};

/// Second by second where something happens: ends, submits, then one pass.
class PlainSimulator {
 public:
  PlainSimulator(const std::vector<SwfJob>& jobs, std::int64_t processors, std::string backfill)
      : all_(processors), backfill_(std::move(backfill)) {
    for (const SwfJob& job : jobs) jobs_.push_back(PlainJob{job});
  }

  std::vector<std::int64_t> starts() {
    for (std::int64_t now = 0; !is_done(now); ++now) pass(now);
    std::vector<std::int64_t> starts;
    for (const PlainJob& one : jobs_) starts.push_back(one.start_s);
    return starts;
  }

 private:
  bool is_done(std::int64_t now) const {
    return std::ranges::all_of(
        jobs_, [now](const PlainJob& one) { return one.start_s >= 0 && !one.is_running(now); });
  }

  std::vector<PlainJob*> queue(std::int64_t now) {
    std::vector<PlainJob*> waiting;
    for (PlainJob& one : jobs_) {
      if (one.start_s < 0 && one.job.submit_s <= now) waiting.push_back(&one);
    }
    return waiting;
  }

  std::int64_t free(std::int64_t now) const { return free_at(now, now); }

  /// Processors free at `then` if all running jobs end by their limits.
  std::int64_t free_at(std::int64_t now, std::int64_t then) const {
    std::int64_t free = all_;
    for (const PlainJob& one : jobs_) {
      if (one.is_running(now) && one.start_s + one.job.limit_s > then) free -= one.job.processors;
    }
    return free;
  }

  void pass(std::int64_t now) {
    if (backfill_ == "conservative") return plan_all(now);
    std::vector<PlainJob*> waiting = queue(now);
    while (!waiting.empty() && waiting.front()->job.processors <= free(now)) {
      waiting.front()->start_s = now;
      waiting.erase(waiting.begin());
    }
    if (waiting.empty() || backfill_ == "none") return;
    const PlainJob& head = *waiting.front();
    std::int64_t shadow = now;
    while (free_at(now, shadow) < head.job.processors) ++shadow;
    std::int64_t extra = free_at(now, shadow) - head.job.processors;
    waiting.erase(waiting.begin());
    if (backfill_ == "easy-sjbf") {
      std::ranges::stable_sort(waiting, {}, [](const PlainJob* one) { return one->job.limit_s; });
    }
    for (PlainJob* one : waiting) {
      if (one->job.processors > free(now)) continue;
      const bool ends_by_then = now + one->job.limit_s <= shadow;
      if (!ends_by_then && one->job.processors > extra) continue;
      one->start_s = now;
      if (!ends_by_then) extra -= one->job.processors;
    }
  }

  void plan_all(std::int64_t now) {
    std::map<std::int64_t, std::int64_t> taken;  // by second from now on, of planned jobs
    const auto fits = [&](const SwfJob& job, std::int64_t start) {
      for (std::int64_t t = start; t < start + job.limit_s; ++t) {
        const auto planned = taken.find(t);
        const std::int64_t used = planned == taken.end() ? 0 : planned->second;
        if (free_at(now, t) - used < job.processors) return false;
      }
      return true;
    };
    for (PlainJob* one : queue(now)) {
      std::int64_t start = now;
      while (!fits(one->job, start)) ++start;
      if (start == now) {
        one->start_s = now;
        continue;
      }
      for (std::int64_t t = start; t < start + one->job.limit_s; ++t) {
        taken[t] += one->job.processors;
      }
    }
  }

  std::int64_t all_;
  std::string backfill_;
  std::vector<PlainJob> jobs_;
};

SwfLog random_log(std::uint64_t seed, std::uint32_t processors) {
  testing::Dice dice(seed);
  SwfLog log;
  std::int64_t at = 0;
  for (int i = 1; i <= 60; ++i) {
    SwfJob job;
    job.number = i;
    at += static_cast<std::int64_t>(dice.roll(6));
    job.submit_s = at;
    job.run_s = 1 + static_cast<std::int64_t>(dice.roll(40));
    job.limit_s = job.run_s + static_cast<std::int64_t>(dice.roll(30));
    job.processors = 1 + dice.small(dice.chance(30) ? processors : 3);
    job.user = dice.small(3);
    log.jobs.push_back(job);
  }
  return log;
}

std::vector<Outcome> replayed(const std::string& backfill, const MachineShape& shape, SwfLog log) {
  Settings settings;
  settings.priority = "fifo";
  settings.backfill = backfill;
  const auto policies = plugins::make_policies(settings);
  auto replay = Replay::open(settings, make_nodes(shape),
                             core::Policies{policies->select.get(), policies->priority.get()});
  EXPECT_TRUE(replay);
  auto outcomes = replay->run(log);
  EXPECT_TRUE(outcomes);
  return outcomes ? *outcomes : std::vector<Outcome>();
}

class Kinds : public ::testing::TestWithParam<std::string> {};

TEST_P(Kinds, StartJobsWhenThePlainSimulatorDoes) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const MachineShape shape{seed % 2 == 0 ? 12U : 3U, seed % 2 == 0 ? 1U : 4U};
    const SwfLog log = random_log(seed, 12);
    const std::vector<std::int64_t> plain = PlainSimulator(log.jobs, 12, GetParam()).starts();
    const std::vector<Outcome> outcomes = replayed(GetParam(), shape, log);
    ASSERT_EQ(outcomes.size(), plain.size());
    for (std::size_t i = 0; i < plain.size(); ++i) {
      ASSERT_EQ(outcomes[i].start_s, plain[i]) << "seed " << seed << " job " << i + 1;
      ASSERT_EQ(outcomes[i].end_s, plain[i] + log.jobs[i].run_s);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backfill,
                         Kinds,
                         ::testing::Values("none", "easy", "easy-sjbf", "conservative"));

TEST(Replay, TheSameLogGivesTheSameFiguresTwice) {
  const SwfLog log = random_log(7, 16);
  const auto once = replayed("easy-sjbf", MachineShape{4, 4}, log);
  const std::vector<std::string> names = {"n1", "n2", "n3", "n4"};
  const auto twice = replayed("easy-sjbf", MachineShape{4, 4}, log);
  EXPECT_EQ(to_csv(once, names), to_csv(twice, names));
}

TEST(Replay, JobsLargerThanTheMachineAreNamed) {
  SwfLog log = random_log(3, 4);
  log.jobs[10].processors = 5;
  log.jobs[10].line = 77;
  Settings settings;
  const auto policies = plugins::make_policies(settings);
  auto replay = Replay::open(settings, make_nodes(MachineShape{4, 1}),
                             core::Policies{policies->select.get(), policies->priority.get()});
  const auto outcomes = replay->run(log);
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(outcomes->size(), 59U);
  EXPECT_EQ(log.bad.at("larger than the machine").first, std::vector<std::size_t>{77});
}

TEST(Figures, AreThoseOfTheDefinitions) {
  const std::vector<Outcome> outcomes = {{0, 0, 100, 4}, {0, 100, 200, 4}, {10, 200, 250, 1}};
  const Figures figures = figures_of(outcomes, 4);
  EXPECT_EQ(figures.jobs, 3U);
  EXPECT_DOUBLE_EQ(figures.mean_wait_s, 290.0 / 3);
  EXPECT_DOUBLE_EQ(figures.mean_bounded_slowdown, 7.8 / 3);
  EXPECT_EQ(figures.p95_wait_s, 190);
  EXPECT_EQ(figures.max_wait_s, 190);
  EXPECT_DOUBLE_EQ(figures.utilisation, 0.85);
}

TEST(Figures, ShortRunsCountAsTenSeconds) {
  EXPECT_DOUBLE_EQ(figures_of({{0, 9, 9, 1}}, 1).mean_bounded_slowdown, 1);
  EXPECT_DOUBLE_EQ(figures_of({{0, 15, 20, 1}}, 1).mean_bounded_slowdown, 2);
}

TEST(MachineShape, IsReadAsWritten) {
  EXPECT_EQ(parse_shape("100x16")->all_cores(), 1600U);
  EXPECT_EQ(parse_shape("7")->all_cores(), 7U);
  for (const std::string text : {"", "x", "0x1", "1x0", "1x2x3", "-1x2", "1000001x1", "1x4097"}) {
    EXPECT_FALSE(parse_shape(text)) << text;
  }
  EXPECT_EQ(make_nodes(MachineShape{10, 2})[2].name, "n03");
}

}  // namespace
}  // namespace cox::sim
