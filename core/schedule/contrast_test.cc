// One job against another: the terms, who is before, and the moment when that changes.
#include "core/schedule/contrast.h"

#include <gtest/gtest.h>

#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

Settings weighted() {
  Settings settings;
  settings.priority = "multifactor";
  settings.backfill = "none";
  settings.priority_terms.max_age = minutes(100);
  settings.priority_terms.age = 1000;
  settings.priority_terms.fairshare = 0;
  settings.priority_terms.size = 0;
  return settings;
}

/// All is busy, so that what is submitted waits.
struct Waiting {
  Waiting() : cluster(fleet().nodes(1).cores(4), weighted()) {
    cluster.run(job().cpus(4).unlimited());
    pass_time(minutes(2));
  }

  void pass_time(Duration time) {
    cluster.advance(time);
    cluster.heartbeat_all();
    cluster.ask(CheckTime{});
    cluster.schedule();
  }

  Result<Contrast> against(JobId job, JobId other, Duration later = {}) const {
    return contrast(cluster.state, cluster.contact, cluster.now + later, cluster.policies(),
                    Contender{*cluster.state.find_job(job), {}},
                    Contender{*cluster.state.find_job(other), {}});
  }

  /// What all terms say that many points in time from now.
  std::int64_t lead(JobId job, JobId other, Duration later) const {
    std::int64_t sum = 0;
    const Contrast made = *against(job, other, later);
    for (const ContrastTerm& term : made.terms) sum += term.mine - term.theirs;
    return sum;
  }

  Cluster cluster;
};

TEST(Contrast, EveryTermOfBothAndWhoIsBefore) {
  Waiting life;
  const JobId plain = *life.cluster.submit(job());
  const JobId nice = *life.cluster.submit(job().nice(100));
  const Contrast made = *life.against(nice, plain);
  EXPECT_FALSE(made.is_before);
  EXPECT_EQ(made.partition, "batch");
  ASSERT_EQ(made.terms.size(), 7U);
  EXPECT_EQ(made.terms.back().name, "nice");
  EXPECT_EQ(made.terms.back().mine, -100'000);
  EXPECT_EQ(made.terms.back().theirs, 0);
  EXPECT_FALSE(made.crossing.is_set());
  EXPECT_TRUE(life.against(plain, nice)->is_before);
}

TEST(Contrast, OfEqualsTheLowerIdIsBefore) {
  Waiting life;
  const JobId first = *life.cluster.submit(job());
  const JobId second = *life.cluster.submit(job());
  EXPECT_TRUE(life.against(first, second)->is_before);
  EXPECT_FALSE(life.against(second, first)->is_before);
}

TEST(Contrast, TheMomentWhenTheYoungerPassesIsExact) {
  Waiting life;
  const JobId old = *life.cluster.submit(job().nice(100));
  life.pass_time(minutes(20));
  // 200 points of age behind, 100 of nice before: half of the difference is made up when the other
  // counts no more.
  const JobId young = *life.cluster.submit(job());
  const Contrast made = *life.against(young, old);
  EXPECT_FALSE(made.is_before);
  ASSERT_TRUE(made.crossing.is_set());
  const Duration left = made.crossing - life.cluster.now;
  EXPECT_GE(left, seconds(90 * 60 - 2));
  EXPECT_LE(left, minutes(90) + seconds(2));
  EXPECT_LT(life.lead(young, old, Duration{left.us - seconds(2).us}), 0);
  EXPECT_GE(life.lead(young, old, left), 0);
  life.pass_time(left + minutes(2));  // and a charge, which tells the order
  EXPECT_TRUE(life.against(young, old)->is_before);
}

TEST(Contrast, OfJobsThatStandInNoOrder) {
  Waiting life;
  const JobId waits = *life.cluster.submit(job());
  const JobId held = *life.cluster.submit(job().held());
  EXPECT_EQ(life.against(waits, JobId{1}).error().message,
            "job 1 is RUNNING: it stands in no order any more");
  EXPECT_EQ(life.against(held, waits).error().code, Code::refused);
}

TEST(Contrast, OfAJobAgainstItselfIsAMistake) {
  Waiting life;
  const JobId alone = *life.cluster.submit(job());
  EXPECT_EQ(life.against(alone, alone).error().message,
            "job 2 is the same job: another is expected");
}

// As the line of the job's priority has it, without its tier.
TEST(Contrast, PointsAreTheSumOfTheTermsWithoutTheTier) {
  Waiting life;
  const JobId nice = *life.cluster.submit(job().nice(100));
  const JobId plain = *life.cluster.submit(job());
  EXPECT_EQ(life.against(nice, plain)->summary,
            "job 2 stands behind job 3 in partition batch: it has -100 points, job 3 0");
}

TEST(Contrast, ElementsOfOneArrayStandByTheirIndices) {
  Waiting life;
  const JobId array = *life.cluster.submit(job().array("0-9"));
  const Job& all = *life.cluster.state.find_job(array);
  const auto made = contrast(life.cluster.state, life.cluster.contact, life.cluster.now,
                             life.cluster.policies(), Contender{all, 7}, Contender{all, 3});
  EXPECT_FALSE(made->is_before);
  EXPECT_TRUE(made->terms.empty());
}

}  // namespace
}  // namespace cox::core
