// Arrays: one record until elements differ, what requests about some of them do, the limit of
// elements at once, and the end of the whole.
#include "core/job/array.h"

#include <gtest/gtest.h>

#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

class Arrays : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(cluster.faults(), std::vector<std::string>{}); }

  JobId submit(const std::string& elements) { return *cluster.submit(job().array(elements)); }

  const Job* element(JobId array, std::uint32_t index) {
    const ArrayMembers* members = cluster.state.find_members(array);
    if (members == nullptr || !members->elements.contains(index)) return nullptr;
    return &cluster.job(members->elements.at(index));
  }

  std::string left(JobId array) { return array_text(remainder(cluster.job(array))); }

  void schedule() {
    cluster.schedule();
    cluster.answer_all();
  }

  void end(JobId array, std::uint32_t index, std::int32_t exit_code = 0) {
    const JobId id = element(array, index)->id;
    cluster.batch_ended(cluster.node_of(id), id, exit_code);
  }

  template <class Request>
  Result<Facts> ask(JobId array, const std::string& elements) {
    return cluster.ask(Request{ada(), array, parse_array(elements).value()});
  }

  Cluster cluster{fleet().nodes(1).cores(2)};
};

TEST_F(Arrays, AMillionElementsAreOneFactAndOneJob) {
  const auto facts = cluster.ask(job().array("0-999999").submit());
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->size(), 1U);
  EXPECT_EQ(cluster.state.record.jobs.size(), 1U);
  EXPECT_EQ(cluster.state.index.pending, 1'000'000U);
  const auto cancelled = cluster.ask(CancelJob{ada(), JobId{1}});
  EXPECT_EQ(cancelled->size(), 2U) << "ElementsCancelled, JobEnded";
  EXPECT_EQ(cluster.job_state(JobId{1}), JobState::cancelled);
  EXPECT_EQ(cluster.state.index.pending, 0U);
}

TEST_F(Arrays, ElementsStartInOrderAndBecomeJobs) {
  const JobId array = submit("3-9:2");
  schedule();
  ASSERT_NE(element(array, 3), nullptr);
  EXPECT_EQ(element(array, 3)->phase, JobPhase::running);
  EXPECT_EQ(element(array, 5)->phase, JobPhase::running);
  EXPECT_EQ(element(array, 7), nullptr) << "two cores";
  EXPECT_EQ(job_name(*element(array, 5)), "1_5");
  EXPECT_EQ(left(array), "7-9:2");
  EXPECT_EQ(cluster.state.index.pending, 2U);
  EXPECT_EQ(cluster.state.index.live, 2U);
}

TEST_F(Arrays, TheWholeEndsWithItsLastElementAsItsWorst) {
  const JobId array = submit("0-2");
  schedule();
  end(array, 0, 3);
  schedule();
  EXPECT_EQ(cluster.job(array).phase, JobPhase::split);
  EXPECT_EQ(cluster.job_state(array), JobState::running);
  end(array, 1);
  EXPECT_EQ(cluster.job_state(array), JobState::running);
  end(array, 2, 1);
  EXPECT_EQ(cluster.job_state(array), JobState::failed);
  EXPECT_EQ(cluster.job(array).run->exit_code, 3);
  EXPECT_EQ(cluster.job(array).run->array->ended.at(JobState::completed), 1U);
}

TEST_F(Arrays, NoMoreRunAtOnceThanItsLimit) {
  const JobId array = submit("0-3%1");
  const JobId other = *cluster.submit(job());
  schedule();
  EXPECT_EQ(left(array), "1-3%1");
  EXPECT_EQ(cluster.job_state(other), JobState::running) << "the limit is no other job's";
  EXPECT_EQ(cluster.plan().blocked(cluster.state, array).code, Reason::array_limit);
  const Verdict verdict =
      explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), array);
  EXPECT_EQ(verdict.code, Reason::array_limit);
  EXPECT_EQ(verdict.summary, "1 element of its array runs already, as many as may at once");
  end(array, 0);
  schedule();
  EXPECT_EQ(element(array, 1)->phase, JobPhase::running);
}

TEST_F(Arrays, OneElementAloneIsCancelledUnderItsOwnId) {
  const JobId array = submit("0-99");
  const auto facts = ask<CancelJob>(array, "50");
  EXPECT_EQ(only<ElementSplit>(*facts).size(), 1U);
  EXPECT_EQ(core::job_state(*element(array, 50)), JobState::cancelled);
  EXPECT_EQ(left(array), "0-49,51-99");
}

TEST_F(Arrays, ManyElementsAreCancelledWithoutIds) {
  const JobId array = submit("0-999999");
  const auto facts = ask<CancelJob>(array, "10-999999");
  ASSERT_EQ(facts->size(), 1U);
  EXPECT_EQ(left(array), "0-9");
  EXPECT_EQ(array_text(cluster.job(array).run->array->cancelled), "10-999999");
  EXPECT_EQ(ask<CancelJob>(array, "20-30").error().message, "job 1_[20-30] has ended");
}

TEST_F(Arrays, CancelOfTheWholeReachesWaitingAndRunningOnes) {
  const JobId array = submit("0-9");
  schedule();
  ask<HoldJob>(array, "5");
  cluster.ask(CancelJob{ada(), array});
  EXPECT_EQ(element(array, 0)->phase, JobPhase::ending);
  EXPECT_EQ(core::job_state(*element(array, 5)), JobState::cancelled);
  EXPECT_EQ(left(array), "");
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(array), JobState::cancelled);
  EXPECT_EQ(cluster.ask(CancelJob{ada(), array}).error().message,
            "job 1 is CANCELLED: it has ended");
}

TEST_F(Arrays, HeldElementsLetTheOthersGoFirst) {
  const JobId array = submit("0-3");
  ask<HoldJob>(array, "0,2");
  EXPECT_EQ(left(array), "1,3");
  schedule();
  EXPECT_EQ(element(array, 0)->phase, JobPhase::pending);
  EXPECT_EQ(element(array, 1)->phase, JobPhase::running);
  EXPECT_EQ(element(array, 3)->phase, JobPhase::running);
  cluster.ask(ReleaseJob{ada(), array});
  end(array, 1);
  schedule();
  EXPECT_EQ(element(array, 0)->phase, JobPhase::running);
  EXPECT_EQ(element(array, 2)->phase, JobPhase::pending);
}

TEST_F(Arrays, AllThatWaitAreHeldAndReleasedAsOne) {
  const JobId array = submit("0-99");
  schedule();
  const auto held = cluster.ask(HoldJob{ada(), array});
  EXPECT_EQ(held->size(), 1U);
  end(array, 0);
  schedule();
  EXPECT_EQ(left(array), "2-99");
  const auto one = ask<ReleaseJob>(array, "40");
  EXPECT_EQ(one->size(), 2U) << "ElementSplit, JobUnheld";
  schedule();
  EXPECT_EQ(element(array, 40)->phase, JobPhase::running);
  EXPECT_EQ(cluster.ask(ReleaseJob{ada(), array})->size(), 1U);
}

TEST_F(Arrays, ARequeuedElementKeepsItsPlace) {
  const JobId array = submit("0-9");
  schedule();
  ask<RequeueJob>(array, "1");
  cluster.answer_all();
  EXPECT_EQ(element(array, 1)->phase, JobPhase::pending);
  schedule();
  EXPECT_EQ(element(array, 1)->phase, JobPhase::running) << "before 1_2";
  EXPECT_EQ(element(array, 1)->attempt, Attempt{2});
}

TEST_F(Arrays, WhatIsNoElementIsRefusedByName) {
  const JobId array = submit("0-9");
  const JobId plain = *cluster.submit(job());
  EXPECT_EQ(ask<CancelJob>(array, "10-12").error().message, "no job 1_[10-12]");
  EXPECT_EQ(ask<HoldJob>(plain, "3").error().message, "job 2 is no array");
  EXPECT_EQ(cluster.ask(CreateStep{ada(), array, StepRequest{}, {}}).error().message,
            "job 1 is an array: name one of its elements (1_INDEX)");
  EXPECT_EQ(cluster.ask(job().interactive().array("0-3").submit()).error().message,
            "an interactive job cannot be an array");
}

TEST_F(Arrays, TooManyElementsToSplitOffAreRefusedWithTheLimit) {
  const JobId array = submit("0-999999");
  EXPECT_EQ(ask<HoldJob>(array, "0-10000").error().message,
            "job 1_[0-10000]: 10001 elements at once: at most 10000, or all that wait");
}

TEST_F(Arrays, AnArrayIsNotCutIntoMorePiecesThanItsSubmitMayHave) {
  const JobId array = submit("0-999999");
  EXPECT_TRUE(ask<CancelJob>(array, "0-29997:3").has_value());
  EXPECT_EQ(ask<CancelJob>(array, "30000-30006:3").error().message,
            "job 1 would be in 10003 pieces: at most 10000");
  EXPECT_TRUE(cluster.ask(CancelJob{ada(), array}).has_value());
}

TEST_F(Arrays, AResentSubmitIsTheSameArray) {
  const JobId first = *cluster.submit(job().array("0-3"), 7);
  EXPECT_EQ(cluster.submit(job().array("0-3"), 7), first);
}

TEST_F(Arrays, AnEndedArrayWhoseElementsAreForgottenIsForgottenToo) {
  const JobId array = submit("0-1");
  schedule();
  end(array, 0);
  cluster.ask(ForgetJobs{{element(array, 0)->id}});
  EXPECT_EQ(element(array, 0), nullptr);
  cluster.ask(ForgetJobs{{array}});
  EXPECT_NE(cluster.state.find_job(array), nullptr) << "1_1 runs";
  end(array, 1);
  cluster.ask(ForgetJobs{{array, element(array, 1)->id}});
  EXPECT_TRUE(cluster.state.record.jobs.empty());
  EXPECT_TRUE(cluster.state.index.arrays.empty());
}

TEST_F(Arrays, ALostRecordHoldsArraysThatMayHaveBegun) {
  const JobId array = submit("0-9");
  cluster.ask(Quarantine{{}, {{Instant{}, 4711, "journal record 4711 is missing"}}});
  EXPECT_EQ(cluster.job(array).hold, Hold::by_system);
  EXPECT_EQ(cluster.job(array).run->why, "a lost record may have begun one of its elements");
}

TEST_F(Arrays, OfThoseAheadTheOneDirectlyBeforeIsNamed) {
  const JobId array = submit("0-9:3,20");
  const JobId other = *cluster.submit(job());
  schedule();  // 0 and 3 begin
  const auto ahead_of = [&](JobId id, std::optional<std::uint32_t> index) {
    const Verdict verdict =
        explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id, index);
    for (const VerdictCheck& check : verdict.checks) {
      if (check.name.starts_with("order in partition")) return check.detail;
    }
    return std::string("not told");
  };
  EXPECT_EQ(ahead_of(array, 6), "no job in the way");
  EXPECT_EQ(ahead_of(array, 9), "behind job 1_6, 1 job ahead");
  EXPECT_EQ(ahead_of(array, 20), "behind job 1_9, 2 jobs ahead");
  EXPECT_EQ(ahead_of(other, std::nullopt), "behind job 1_20, 3 jobs ahead");
}

}  // namespace
}  // namespace cox::core
