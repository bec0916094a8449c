// Dependencies, singletons and deadlines through requests and facts: who may begin when, and what
// becomes of those that never may.
#include "core/job/waits.h"

#include <gtest/gtest.h>

#include "core/job/array.h"
#include "core/job/dependency_text.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

class WaitsTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(cluster.faults(), std::vector<std::string>{}); }

  JobId submit(const JobBuilder& one) {
    const auto id = cluster.submit(one);
    EXPECT_TRUE(id.has_value());
    return id.value_or(JobId{});
  }

  std::string refusal(const JobBuilder& one) {
    const auto facts = cluster.ask(one.submit());
    return facts.has_value() ? "" : facts.error().message;
  }

  void pass() {
    cluster.schedule();
    cluster.answer_all();
  }

  void end(JobId id, std::int32_t exit_code = 0) {
    cluster.batch_ended(cluster.node_of(id), id, exit_code);
    pass();
  }

  JobState state_of(JobId id) { return cluster.job_state(id); }

  Reason reason(JobId id) { return cluster.plan().blocked(cluster.state, id).code; }

  Verdict verdict(JobId id) {
    return explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id);
  }

  JobId element(JobId array, std::uint32_t index) {
    const ArrayMembers* members = cluster.state.find_members(array);
    if (members == nullptr || !members->elements.contains(index)) return JobId{};
    return members->elements.at(index);
  }

  Cluster cluster{fleet().nodes(2).cores(4)};
};

TEST_F(WaitsTest, AfterOkBeginsWhenTheOtherEndedWell) {
  const JobId first = submit(job());
  const JobId second = submit(job().after("afterok:1"));
  pass();
  EXPECT_EQ(state_of(second), JobState::pending);
  EXPECT_EQ(reason(second), Reason::dependency);
  EXPECT_EQ(verdict(second).code, Reason::dependency);
  EXPECT_EQ(verdict(second).summary, "it waits for 1 other job");
  EXPECT_EQ(verdict(second).checks.front().name, "dependency afterok:1");
  EXPECT_EQ(verdict(second).checks.front().detail, "job 1 is RUNNING");
  end(first);
  EXPECT_EQ(state_of(second), JobState::running);
}

TEST_F(WaitsTest, WhatCanNeverBeEndsAtOnceWithTheWholeChain) {
  const JobId first = submit(job());
  const JobId second = submit(job().after("afterok:1"));
  const JobId third = submit(job().after("afterok:2"));
  const JobId fourth = submit(job().after("afternotok:3"));
  pass();
  end(first, 7);
  EXPECT_EQ(state_of(second), JobState::cancelled);
  EXPECT_EQ(state_of(third), JobState::cancelled);
  EXPECT_EQ(cluster.job(third).run->why,
            "dependency cannot come true: afterok:2 <- afterok:1: job 1 ended FAILED, exit code 7");
  EXPECT_EQ(state_of(fourth), JobState::running) << "the third did not end well";
}

TEST_F(WaitsTest, TheChainGoesThroughElementsThatNeverWereJobs) {
  const JobId first = submit(job());
  const JobId array = submit(job().array("0-3").after("afterok:1"));
  const JobId third = submit(job().after("afterok:2_1"));
  const JobId fourth = submit(job().array("0-3").after("aftercorr:2"));
  pass();
  end(first, 7);
  const std::string cause = " <- afterok:1: job 1 ended FAILED, exit code 7";
  EXPECT_EQ(state_of(array), JobState::cancelled);
  EXPECT_EQ(cluster.job(third).run->why, "dependency cannot come true: afterok:2_1" + cause);
  ASSERT_NE(element(fourth, 2), JobId{});
  EXPECT_EQ(cluster.job(element(fourth, 2)).run->why,
            "dependency cannot come true: aftercorr:2" + cause);
}

TEST_F(WaitsTest, AnElementThatWasCancelledByItselfHasNoPartInTheChain) {
  const JobId first = submit(job());
  const JobId array = submit(job().array("0-3").after("afterok:1"));
  pass();
  cluster.ask(CancelJob{ada(), array, parse_array("3").value()});
  end(first, 7);
  EXPECT_EQ(state_of(array), JobState::cancelled);
  const JobId late = submit(job().after("afterok:2_3"));
  EXPECT_EQ(cluster.job(late).run->why,
            "dependency cannot come true: afterok:2_3: job 2_3 ended CANCELLED");
}

TEST_F(WaitsTest, TheChainGoesThroughJobsThatLeftMemory) {
  PastJob failed{JobId{7}, {}, Instant{5}, Instant{6}, JobState::failed, 4, 0};
  PastJob never{JobId{8}, 3, {}, Instant{6}, JobState::cancelled};
  never.why = "dependency cannot come true: afterok:7: job 7 ended FAILED, exit code 4";
  Cluster fresh{fleet().nodes(2).cores(4)};
  const auto first = fresh.submit(job().after("afterok:7").knowing(failed));
  const auto second = fresh.submit(job().after("afterok:8_3").knowing(never));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(fresh.job(*first).run->why,
            "dependency cannot come true: afterok:7: job 7 ended FAILED, exit code 4");
  EXPECT_EQ(fresh.job(*second).run->why,
            "dependency cannot come true: afterok:8_3 <- afterok:7: job 7 ended FAILED, "
            "exit code 4");
  EXPECT_EQ(fresh.faults(), std::vector<std::string>{});
}

TEST_F(WaitsTest, OfALongChainTheMiddleIsLeftOutOnce) {
  const JobId first = submit(job());
  JobId last = first;
  for (int i = 0; i < 99; ++i) last = submit(job().after("afterok:" + std::to_string(last.value)));
  pass();
  end(first, 7);
  const std::string why = cluster.job(last).run->why;
  EXPECT_TRUE(why.starts_with("dependency cannot come true: afterok:99 <- afterok:98 <- ")) << why;
  EXPECT_TRUE(why.ends_with(" <- afterok:2 <- afterok:1: job 1 ended FAILED, exit code 7")) << why;
  const std::size_t at = why.find(" <- ...");
  ASSERT_NE(at, std::string::npos) << why;
  EXPECT_EQ(why.find("...", at + 7), std::string::npos) << why;
  EXPECT_LT(why.size(), 500U);
}

TEST_F(WaitsTest, OfCorrespondingElementsThatLeftMemoryTheElementIsNamed) {
  PastJob whole{JobId{7}, {}, Instant{5}, Instant{6}, JobState::failed, 4, 0};
  PastJob good{JobId{7}, 0, Instant{5}, Instant{6}, JobState::completed};
  PastJob bad{JobId{7}, 1, Instant{5}, Instant{6}, JobState::failed, 4, 0};
  Cluster fresh{fleet().nodes(2).cores(4)};
  const auto array = fresh.submit(
      job().array("0-1").after("aftercorr:7").knowing(whole).knowing(good).knowing(bad));
  ASSERT_TRUE(array);
  fresh.schedule();
  const auto& elements = fresh.state.find_members(*array)->elements;
  EXPECT_EQ(fresh.job(elements.at(1)).run->why,
            "dependency cannot come true: aftercorr:7: job 7_1 ended FAILED, exit code 4");
  EXPECT_NE(fresh.job_state(elements.at(0)), JobState::cancelled);
}

TEST_F(WaitsTest, AnArrayThatCanNeverBeSaysWhyAsWell) {
  const JobId first = submit(job());
  const JobId array = submit(job().array("0-3").after("afterok:1"));
  pass();
  end(first, 7);
  EXPECT_EQ(state_of(array), JobState::cancelled);
  const std::string why = "dependency cannot come true: afterok:1: job 1 ended FAILED, exit code 7";
  EXPECT_EQ(cluster.job(array).run->why, why);
  EXPECT_EQ(verdict(array).summary, "it has ended: " + why);
}

TEST_F(WaitsTest, ItMayBeToldToWaitInstead) {
  const JobId first = submit(job());
  const JobId second = submit(job().after("afterok:1").keeping());
  pass();
  end(first, 1);
  EXPECT_EQ(state_of(second), JobState::pending);
  EXPECT_EQ(reason(second), Reason::dependency_never);
  EXPECT_EQ(verdict(second).summary,
            "dependency cannot come true: afterok:1: job 1 ended FAILED, exit code 1");
}

TEST_F(WaitsTest, AJobWhoseDependencyIsLostAlreadyIsTakenAndEnds) {
  const JobId first = submit(job());
  pass();
  end(first, 1);
  const JobId second = submit(job().after("afterok:1"));
  EXPECT_EQ(state_of(second), JobState::cancelled);
}

TEST_F(WaitsTest, AllTermsAndAnyTerm) {
  const JobId first = submit(job());
  const JobId second = submit(job());
  const JobId both = submit(job().after("afterany:1,afterok:2"));
  const JobId either = submit(job().after("afterok:1?afterok:2"));
  pass();
  end(first, 3);
  EXPECT_EQ(state_of(both), JobState::pending);
  EXPECT_EQ(state_of(either), JobState::pending) << "the second may still end well";
  end(second);
  EXPECT_EQ(state_of(both), JobState::running);
  EXPECT_EQ(state_of(either), JobState::running);
}

TEST_F(WaitsTest, AfterIsAboutTheBeginning) {
  const JobId held = submit(job().held());
  const JobId second = submit(job().after("after:1"));
  pass();
  EXPECT_EQ(state_of(second), JobState::pending);
  cluster.ask(ReleaseJob{ada(), held});
  pass();
  pass();
  EXPECT_EQ(state_of(second), JobState::running);
  const JobId cancelled = submit(job().held());
  const JobId third = submit(job().after("after:3"));
  cluster.ask(CancelJob{ada(), cancelled});
  pass();
  EXPECT_EQ(state_of(third), JobState::running) << "cancelled counts as begun";
}

TEST_F(WaitsTest, DelaysCountFromTheEvent) {
  const JobId first = submit(job());
  const JobId second = submit(job().after("afterany:1+10"));
  pass();
  end(first);
  EXPECT_EQ(state_of(second), JobState::pending);
  EXPECT_EQ(reason(second), Reason::begin_time);
  EXPECT_EQ(cluster.plan().next_wake(), cluster.now + minutes(10));
  cluster.advance(minutes(10));
  cluster.heartbeat_all();
  pass();
  EXPECT_EQ(state_of(second), JobState::running);
}

TEST_F(WaitsTest, AnArrayIsWaitedForAsAWhole) {
  const JobId array = submit(job().array("0-1"));
  const JobId second = submit(job().after("afterok:1"));
  const JobId third = submit(job().after("afterok:1_1"));
  pass();
  end(element(array, 1));
  EXPECT_EQ(state_of(second), JobState::pending);
  EXPECT_EQ(state_of(third), JobState::running);
  end(element(array, 0));
  EXPECT_EQ(state_of(second), JobState::running);
}

TEST_F(WaitsTest, AnArrayWaitsAsAWhole) {
  const JobId first = submit(job());
  const JobId array = submit(job().array("0-2").after("afterok:1"));
  pass();
  EXPECT_EQ(state_of(array), JobState::pending);
  EXPECT_EQ(reason(array), Reason::dependency);
  end(first);
  EXPECT_EQ(state_of(element(array, 2)), JobState::running);
  const JobId other = submit(job());
  const JobId lost = submit(job().array("0-2").after("afterok:" + std::to_string(other.value)));
  pass();
  end(other, 1);
  EXPECT_EQ(state_of(lost), JobState::cancelled);
}

TEST_F(WaitsTest, CorrespondingElementsFollowEachOther) {
  const JobId first = submit(job().array("0-3"));
  const JobId second = submit(job().array("0-3").after("aftercorr:1"));
  pass();
  EXPECT_EQ(element(second, 2), JobId{});
  end(element(first, 2));
  EXPECT_EQ(state_of(element(second, 2)), JobState::running);
  EXPECT_EQ(element(second, 1), JobId{}) << "it has no job of its own yet";
  end(element(first, 1), 4);
  EXPECT_EQ(state_of(element(second, 1)), JobState::cancelled);
  EXPECT_EQ(cluster.job(element(second, 1)).run->why,
            "dependency cannot come true: aftercorr:1: job 1_1 ended FAILED, exit code 4");
  cluster.ask(CancelJob{ada(), first});
  cluster.answer_all();
  pass();
  EXPECT_EQ(array_text(remainder(cluster.job(second))), "");
}

TEST_F(WaitsTest, ElementsThatDoNotCorrespondAreRefused) {
  submit(job().array("0-3"));
  EXPECT_EQ(refusal(job().array("0-4").after("aftercorr:1")),
            "aftercorr:1: job 1 has no element 4");
}

TEST_F(WaitsTest, SingletonsGoOneAfterTheOther) {
  const JobId plain = submit(job().name("sim"));
  const JobId first = submit(job().name("sim").after("singleton"));
  const JobId second = submit(job().name("sim").after("singleton"));
  const JobId other = submit(job().name("other").after("singleton"));
  pass();
  EXPECT_EQ(state_of(other), JobState::running);
  EXPECT_EQ(state_of(first), JobState::pending);
  EXPECT_EQ(reason(first), Reason::dependency);
  end(plain);
  EXPECT_EQ(state_of(first), JobState::running);
  EXPECT_EQ(state_of(second), JobState::pending);
  end(first, 1);
  EXPECT_EQ(state_of(second), JobState::running);
}

TEST_F(WaitsTest, AnIdThatNeverWasIsRefused) {
  EXPECT_EQ(refusal(job().after("afterok:99")), "dependency on job 99: there is no such job yet");
  submit(job());
  EXPECT_EQ(refusal(job().after("afterok:1_3")), "dependency on job 1_3: no such job is known");
  EXPECT_EQ(refusal(job().after("afterburstbuffer:1")),
            "dependency afterburstbuffer: there are no burst buffers (use afterany)");
}

TEST_F(WaitsTest, WhatEndedLongAgoComesWithTheRequest) {
  const PastJob good{JobId{7}, {}, Instant{5}, Instant{6}, JobState::completed};
  const PastJob bad{JobId{8}, {}, Instant{5}, Instant{6}, JobState::timeout};
  Cluster fresh{fleet().nodes(2).cores(4)};
  const auto first = fresh.submit(job().after("afterok:7").knowing(good));
  const auto second = fresh.submit(job().after("afterok:8").knowing(bad));
  const auto third = fresh.submit(job().after("afternotok:8").knowing(bad));
  ASSERT_TRUE(first && second && third);
  fresh.schedule();
  fresh.answer_all();
  EXPECT_EQ(fresh.job_state(*first), JobState::running);
  EXPECT_EQ(fresh.job_state(*second), JobState::cancelled);
  EXPECT_EQ(fresh.job(*second).run->why,
            "dependency cannot come true: afterok:8: job 8 ended TIMEOUT");
  EXPECT_EQ(fresh.job_state(*third), JobState::running);
  EXPECT_EQ(fresh.faults(), std::vector<std::string>{});
}

TEST_F(WaitsTest, AJobThatIsWaitedForIsNotForgotten) {
  const JobId first = submit(job());
  const JobId blocker = submit(job());
  const JobId second = submit(job().after("afterok:1:2"));
  pass();
  end(first);
  EXPECT_TRUE(is_waited_for(cluster.state, first));
  EXPECT_TRUE(cluster.ask(ForgetJobs{{first}})->empty());
  end(blocker);
  EXPECT_EQ(state_of(second), JobState::running);
  EXPECT_FALSE(is_waited_for(cluster.state, first));
  EXPECT_EQ(cluster.ask(ForgetJobs{{first}})->size(), 1U);
}

TEST_F(WaitsTest, AnEndCostsItsDependentsAndNotTheQueue) {
  submit(job());
  for (int i = 0; i < 200; ++i) submit(job().held().after("afterok:1"));
  const JobId alone = submit(job().held());
  EXPECT_EQ(dependents_of(cluster.state, JobId{1}).size(), 200U);
  EXPECT_TRUE(dependents_of(cluster.state, alone).empty());
}

TEST_F(WaitsTest, RoundsAreRefused) {
  const JobId first = submit(job().held());
  const JobId second = submit(job().after("afterok:1"));
  const JobId third = submit(job().after("afterany:2"));
  JobChanges changes;
  changes.dependency = parse_dependency("afterok:3").value();
  const auto asked = cluster.ask(UpdateJob{ada(), first, changes});
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().message, "job 1 would wait for itself: 1 -> 3 -> 2 -> 1");
  changes.dependency = Dependency{};
  EXPECT_TRUE(cluster.ask(UpdateJob{ada(), third, changes}).has_value());
  pass();
  EXPECT_EQ(state_of(third), JobState::running);
  EXPECT_EQ(state_of(second), JobState::pending);
}

TEST_F(WaitsTest, AJobThatCannotEndBeforeItsDeadlineEnds) {
  const Instant noon = cluster.now + minutes(30);
  const JobId held = submit(job().held().minutes(20).deadline(noon));
  const JobId endless = submit(job().unlimited().deadline(noon));
  pass();
  EXPECT_EQ(refusal(job().minutes(31).deadline(noon)).substr(0, 9), "deadline ");
  cluster.advance(minutes(10));
  cluster.heartbeat_all();
  cluster.ask(CheckTime{});
  EXPECT_EQ(state_of(held), JobState::deadline);
  EXPECT_EQ(state_of(endless), JobState::running);
  cluster.advance(minutes(20));
  cluster.heartbeat_all();
  cluster.ask(CheckTime{});
  cluster.answer_all();
  EXPECT_EQ(state_of(endless), JobState::deadline);
}

TEST_F(WaitsTest, ARetryIsForTheCodesThatWereNamed) {
  const JobId id = submit(job().retry(2, {{75, 80}}));
  pass();
  end(id, 75);
  EXPECT_EQ(cluster.attempt(id), Attempt{2});
  EXPECT_EQ(cluster.job(id).run->before_why, "exit code 75, retry 1 of 2");
  EXPECT_EQ(cluster.job(id).run->before_exit_code, 75);
  end(id, 76);
  EXPECT_EQ(cluster.attempt(id), Attempt{3});
  end(id, 76);
  EXPECT_EQ(state_of(id), JobState::failed) << "it was tried often enough";
  const JobId other = submit(job().retry(2, {{75, 80}}));
  pass();
  end(other, 1);
  EXPECT_EQ(state_of(other), JobState::failed);
}

TEST_F(WaitsTest, AnElementNamedByItsOwnIdIsCalledAsPeopleDo) {
  const JobId array = submit(job().array("4-5"));
  pass();
  const JobId own = element(array, 4);
  const JobId second = submit(job().after("afterok:" + std::to_string(own.value)));
  pass();
  EXPECT_EQ(verdict(second).checks.front().name, "dependency afterok:1_4");
  EXPECT_EQ(verdict(second).checks.front().detail, "job 1_4 is RUNNING");
  Caller caller = ada();
  caller.name = "ada";
  cluster.ask(CancelJob{caller, own});
  EXPECT_EQ(cluster.job(own).run->why, "cancelled by ada");
  end(own);
  EXPECT_EQ(cluster.job(second).run->why,
            "dependency cannot come true: afterok:1_4: job 1_4 ended CANCELLED");
}

}  // namespace
}  // namespace cox::core
