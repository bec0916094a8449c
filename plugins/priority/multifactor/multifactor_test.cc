// The order of `multifactor`, term by term.
#include "plugins/priority/multifactor/multifactor.h"

#include <gtest/gtest.h>

#include <limits>

#include "testsuite/support/builders.h"

namespace cox::plugins {
namespace {

using namespace cox::testing;

constexpr Instant today{1'790'000'000'000'000};

class Multifactor : public ::testing::Test {
 protected:
  Multifactor() {
    settings.partitions.front().weight = 100;
    settings.priority_terms.age = 1000;
    settings.priority_terms.size = 500;
  }

  std::int64_t key(const JobBuilder& one, Instant submitted = today) const {
    return policy.static_key(settings, one.build(), submitted, settings.partitions.front());
  }

  /// In thousandths of a point.
  std::int64_t term(const std::string& name, const JobBuilder& one, Duration waited = {}) const {
    for (const core::PriorityTerm& term :
         policy.terms(settings, one.build(), waited, settings.partitions.front(), rank)) {
      if (term.name == name) return term.thousandths;
    }
    return -1;
  }

  Settings settings;
  core::FairRank rank;
  MultifactorPriority policy;
};

TEST_F(Multifactor, TiersStandAboveEverySumOfTerms) {
  settings.priority_terms = {1'000'000'000, 1'000'000'000, 1'000'000'000,
                             1'000'000'000, 1'000'000'000, minutes(7 * 1440)};
  settings.qos = {{"urgent", 1'000'000}};
  PartitionSettings high = settings.partitions.front();
  high.tier = settings.partitions.front().tier + 1;
  high.weight = 0;
  const std::int64_t most =
      key(job().qos("urgent").nodes(100'000).nice(-2'147'483'645), Instant{1'577'836'800'000'000}) +
      policy.share_key(settings, {0, 1000});
  const std::int64_t least =
      policy.static_key(settings, job().nice(2'147'483'645).build(), today, high);
  EXPECT_GT(least, most);
}

TEST_F(Multifactor, WaitingRaisesEveryJobAlike) {
  const Duration week = settings.priority_terms.max_age;
  EXPECT_GT(key(job(), today), key(job(), today + seconds(1)));
  // A week of waiting is worth the whole term, and so is a nice of as much.
  EXPECT_EQ(key(job(), today) - key(job(), today + week), 1000 * 4096);
  EXPECT_EQ(key(job(), today) - key(job().nice(1000), today), 1000 * 4096);
  EXPECT_EQ(term("age", job(), Duration{week.us / 4}), 250'000);
  EXPECT_EQ(term("age", job(), Duration{week.us * 3}), 1'000'000);
}

TEST_F(Multifactor, EachDoublingOfTheSizeCountsAlike) {
  EXPECT_EQ(term("size", job()), 0);
  EXPECT_EQ(term("size", job().cpus(2)), 25'000);
  EXPECT_EQ(term("size", job().nodes(1024)), 250'000);
  EXPECT_EQ(term("size", job().nodes(1'000'000).cpus(1000)), 500'000);
}

TEST_F(Multifactor, ShareGoesDownWithTheRank) {
  rank = {0, 4};
  EXPECT_EQ(term("fairshare", job()), 10'000'000);
  rank = {3, 4};
  EXPECT_EQ(term("fairshare", job()), 2'500'000);
}

TEST_F(Multifactor, QosAndPartitionCountAgainstTheLargest) {
  settings.qos = {{"urgent", 100}, {"low", 10}};
  settings.partitions.push_back(PartitionSettings{});
  settings.partitions.back().weight = 400;
  EXPECT_EQ(term("qos", job().qos("low")), 200'000);
  EXPECT_EQ(term("qos", job()), 0);
  EXPECT_EQ(term("partition", job()), 250'000);
}

}  // namespace
}  // namespace cox::plugins
