// Usage over a life: charged while jobs run, decayed, and what it does to the order.
#include "core/fairshare/usage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

Settings shared() {
  Settings settings;
  settings.priority = "multifactor";
  settings.backfill = "none";
  settings.priority_terms.half_life = minutes(10);
  settings.priority_terms.charge_period = seconds(10);
  return settings;
}

std::uint64_t charged(const Cluster& cluster, Uid uid, const std::string& account = "") {
  return cluster.state.record.usage.of.at({account, uid}).charged;
}

/// Core seconds in the units of AssociationUsage::charged.
std::uint64_t core_seconds(std::uint64_t n) {
  return n * 1000 * 64;
}

void pass_time(Cluster& cluster, std::int64_t seconds_in_all) {
  for (std::int64_t s = 0; s < seconds_in_all; ++s) {
    cluster.advance(seconds(1));
    cluster.heartbeat_all();
    cluster.ask(CheckTime{});
  }
}

TEST(Usage, IsChargedWhileAJobRuns) {
  Cluster cluster(fleet().nodes(2).cores(4), shared());
  cluster.run(job().cpus(3).unlimited());
  pass_time(cluster, 31);
  const std::uint64_t used = charged(cluster, 1000);
  EXPECT_GT(used, core_seconds(3 * 28));
  EXPECT_LE(used, core_seconds(3 * 31));
}

TEST(Usage, OfAnEndedJobIsCountedToItsEnd) {
  Cluster cluster(fleet().nodes(1).cores(4), shared());
  const JobId id = cluster.run(job().cpus(4).unlimited());
  pass_time(cluster, 15);
  cluster.batch_ended(NodeId{0}, id);
  pass_time(cluster, 10);
  const std::uint64_t used = charged(cluster, 1000);
  EXPECT_GT(used, core_seconds(4 * 15) * 97 / 100);
  EXPECT_LE(used, core_seconds(4 * 15));
}

TEST(Usage, HalvesWhileOthersRun) {
  Cluster cluster(fleet().nodes(2).cores(4), shared());
  const JobId id = cluster.run(job().cpus(4).unlimited());
  pass_time(cluster, 100);
  cluster.batch_ended(cluster.node_of(id), id);
  cluster.run(job().uid(1001).unlimited());
  pass_time(cluster, 20);
  const std::uint64_t before = charged(cluster, 1000);
  pass_time(cluster, 600);
  const double left = static_cast<double>(charged(cluster, 1000)) / static_cast<double>(before);
  EXPECT_NEAR(left, 0.5, 0.001);
}

TEST(Usage, OfMemoryAndDevicesCountsWhereTheConfigurationSaysSo) {
  PrioritySettings terms;
  NodeShare share;
  share.cores = Bitset(8);
  share.cores.set(1);
  share.cores.set(2);
  share.memory_mib = {1024, 3072};
  share.devices = Bitset(4);
  share.devices.set(3);
  EXPECT_EQ(charged_for(terms, share), 2000U);
  terms.charge_gib = 50;
  terms.charge_device = 16'000;
  EXPECT_EQ(charged_for(terms, share), 2000U + 200U + 16'000U);
}

/// Who used the machine waits behind who did not, whoever came first.
TEST(Usage, PutsTheOneBehindWhoHasHadMore) {
  Cluster cluster(fleet().nodes(1).cores(4), shared());
  const JobId first = cluster.run(job().exclusive().unlimited());
  const JobId again = *cluster.submit(job().exclusive());
  const JobId other = *cluster.submit(job().exclusive().uid(1001));
  cluster.schedule();
  pass_time(cluster, 30);
  cluster.batch_ended(NodeId{0}, first);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(other), JobState::running);
  EXPECT_EQ(cluster.job_state(again), JobState::pending);
}

TEST(Usage, EveryTermOfAPriorityIsTold) {
  Cluster cluster(fleet().nodes(1).cores(4), shared());
  cluster.run(job().exclusive().unlimited());
  const JobId id = *cluster.submit(job().cpus(4).nice(7));
  cluster.schedule();
  const Verdict verdict =
      explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id);
  std::string text;
  for (const VerdictCheck& check : verdict.checks) {
    if (check.name == "priority in partition batch") text = check.detail;
  }
  EXPECT_EQ(text,
            "tier 1, 11993 points: age 0, fairshare 10000, size 2000, partition 0, qos 0, nice -7");
}

/// The same after a restart of the controller: usage is part of what the journal keeps.
TEST(Usage, SurvivesARestart) {
  Cluster cluster(fleet().nodes(1).cores(4), shared());
  cluster.run(job().exclusive().unlimited());
  pass_time(cluster, 30);
  const UsageRecord before = cluster.state.record.usage;
  cluster.restart_controller();
  EXPECT_EQ(cluster.state.record.usage, before);
}

/// Accounts that always have jobs waiting get what their shares say, within one per cent.
TEST(Usage, OfTwentyBusyAccountsIsThatOfTheirSharesAfterTenHalfLives) {
  constexpr std::uint32_t accounts = 20, cores = 20;
  Settings settings = shared();
  settings.priority_terms.age = settings.priority_terms.size = 0;
  std::uint64_t shares = 0;
  for (std::uint32_t i = 0; i < accounts; ++i) {
    settings.accounts.push_back({"a" + std::to_string(100 + i), "root", 1 + i, {}});
    shares += 1 + i;
  }
  Cluster cluster(fleet().nodes(1).cores(cores), settings);
  const auto submit = [&](std::uint32_t account) {
    auto builder = job().uid(2000 + account).minutes(1);
    cluster.submit(builder.account("a" + std::to_string(100 + account)));
  };
  for (std::uint32_t i = 0; i < accounts * cores; ++i) submit(i % accounts);
  cluster.schedule();
  constexpr std::int64_t job_seconds = 10, half_lives = 10;
  for (std::int64_t t = 0; t < half_lives * 600; t += job_seconds) {
    pass_time(cluster, job_seconds);
    std::vector<JobId> running;
    for (const JobId id : cluster.state.index.jobs_on_node[0]) running.push_back(id);
    for (const JobId id : running) {
      const std::uint32_t account = cluster.job(id).request.common->user.uid - 2000;
      cluster.batch_ended(NodeId{0}, id);
      submit(account);
    }
    cluster.schedule();
    cluster.answer_all();
  }
  std::uint64_t all = 0;
  for (const auto& [who, usage] : cluster.state.record.usage.of) all += usage.charged;
  for (const auto& [who, usage] : cluster.state.record.usage.of) {
    const std::uint64_t due = all * (who.uid - 2000 + 1) / shares;
    const double off = std::abs(static_cast<double>(usage.charged) - static_cast<double>(due));
    EXPECT_LE(off, static_cast<double>(all) * 0.01) << who.account;
  }
}

}  // namespace
}  // namespace cox::core
