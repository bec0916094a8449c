// Many steps of one job: what each of them takes, which wait inside the job, and when they begin.
// The rules are those of the manual, man/cox-run.1, line by line.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>

#include "core/job/lifecycle.h"
#include "core/job/step_queue.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

/// A job that runs, and its steps.
struct Steps {
  Steps(const FleetBuilder& kind, const JobBuilder& what) : cluster(kind), id(cluster.run(what)) {}

  static StepRequest step(StepSharing sharing, std::uint32_t tasks = 0) {
    StepRequest request;
    request.argv = {"true"};
    request.sharing = sharing;
    request.tasks = tasks;
    return request;
  }

  static StepRequest exact(std::uint32_t tasks) { return step(StepSharing::exact, tasks); }

  Result<Facts> ask(const StepRequest& request, bool is_immediate = false) {
    return cluster.ask(CreateStep{ada(), id, request, {}, is_immediate});
  }

  /// The step's number.
  std::uint32_t add(const StepRequest& request) {
    const auto asked = ask(request);
    EXPECT_TRUE(asked.has_value()) << (asked ? "" : asked.error().message);
    cluster.answer_all();
    return cluster.job(id).run->next_step.value - 1;
  }

  std::string refusal(const StepRequest& request, bool is_immediate = false) {
    const auto asked = ask(request, is_immediate);
    return asked.has_value() ? "none" : asked.error().message;
  }

  const Step& at(std::uint32_t number) const { return *find_step(cluster.job(id), StepId{number}); }

  bool waits(std::uint32_t number) const { return at(number).is_waiting(); }

  bool runs(std::uint32_t number) const { return at(number).released.is_set(); }

  std::string why(std::uint32_t number) const {
    for (const StepWait& wait : step_waits(cluster.state.record, cluster.job(id))) {
      if (wait.step == StepId{number}) return wait.why;
    }
    return "none";
  }

  std::string cores(std::uint32_t number, std::size_t share = 0) const {
    return at(number).shares.at(share).part.cores.to_ranges();
  }

  /// "0:2 1:1", the tasks by node.
  std::string layout(std::uint32_t number) const {
    std::string text;
    for (const StepShare& share : at(number).shares) {
      text += (text.empty() ? "" : " ") + std::to_string(share.node.value) + ":" +
              std::to_string(share.tasks);
    }
    return text;
  }

  void end(std::uint32_t number) {
    const std::vector<StepShare> shares = at(number).shares;
    for (const StepShare& share : shares) {
      cluster.ask(ReportStepEnded{share.node,
                                  cluster.session(share.node),
                                  {id, cluster.attempt(id), StepId{number}},
                                  StepResult{}});
    }
    cluster.answer_all();
    EXPECT_TRUE(at(number).is_ended());
  }

  void expect_sound() const { EXPECT_EQ(cluster.faults(), std::vector<std::string>{}); }

  Cluster cluster;
  JobId id;
};

TEST(Steps, APlainStepTakesItsNodesWhateverItsNumberOfTasks) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(4));
  const auto first = job.add(Steps::step(StepSharing::whole, 1));
  EXPECT_TRUE(job.runs(first));
  EXPECT_EQ(job.at(first).shares.at(0).part, NodeShare{}) << "all of the job's share";
  const auto second = job.add(Steps::step(StepSharing::whole, 1));
  EXPECT_TRUE(job.waits(second));
  EXPECT_EQ(job.why(second),
            "step of 1 node: 0 of the job's are free of other steps, beside step 1.0");
  job.expect_sound();
  job.end(first);
  EXPECT_TRUE(job.runs(second));
  EXPECT_EQ(job.why(second), "none");
  job.expect_sound();
}

TEST(Steps, PlainStepsOnDifferentNodesRunAtOnce) {
  Steps job(fleet().nodes(2).cores(4), cox::testing::job().nodes(2).tasks(8));
  const auto first = job.add(Steps::step(StepSharing::whole, 1));
  const auto second = job.add(Steps::step(StepSharing::whole, 1));
  EXPECT_EQ(job.layout(first), "0:1");
  EXPECT_EQ(job.layout(second), "1:1");
  EXPECT_TRUE(job.waits(job.add(Steps::step(StepSharing::whole))));
  job.expect_sound();
}

TEST(Steps, AStepWithoutOptionsHasTheShapeOfTheJob) {
  Steps job(fleet().nodes(2).cores(4), cox::testing::job().nodes(2).tasks(6).cpus(1));
  EXPECT_EQ(job.layout(job.add(Steps::step(StepSharing::whole))), "0:3 1:3");
}

TEST(Steps, ExactStepsRunSideBySideAndShareNoCore) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(4));
  EXPECT_EQ(job.cores(job.add(Steps::exact(1))), "0");
  EXPECT_EQ(job.cores(job.add(Steps::exact(2))), "1-2");
  const auto third = job.add(Steps::exact(2));
  EXPECT_TRUE(job.waits(third));
  EXPECT_EQ(job.why(third),
            "step of 2 tasks: the allocation has room for 1, beside steps 1.0, 1.1");
  job.expect_sound();
  job.end(0);
  EXPECT_EQ(job.cores(third), "0,3");
  EXPECT_TRUE(job.runs(third));
  job.expect_sound();
}

TEST(Steps, AnExactStepGivesEachTaskTheCoresOfTheJobOrItsOwn) {
  Steps job(fleet().nodes(1).cores(8), cox::testing::job().tasks(4).cpus(2));
  EXPECT_EQ(job.cores(job.add(Steps::exact(1))), "0-1") << "as the job says";
  StepRequest wide = Steps::exact(1);
  wide.cpus_per_task = 3;
  EXPECT_EQ(job.cores(job.add(wide)), "2-4") << "as the step says";
}

TEST(Steps, OneThatOverlapsNeverWaitsAndHoldsNothing) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(4));
  job.add(Steps::step(StepSharing::whole));
  EXPECT_TRUE(job.runs(job.add(Steps::step(StepSharing::overlap, 4))));
  job.end(0);
  EXPECT_TRUE(job.runs(job.add(Steps::exact(4)))) << "beside the one that overlaps";
  job.expect_sound();
}

TEST(Steps, TheBatchScriptTakesNothing) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(4));
  ASSERT_NE(find_step(job.cluster.job(job.id), step_batch), nullptr);
  EXPECT_TRUE(job.runs(job.add(Steps::step(StepSharing::whole))));
}

TEST(Steps, TheFirstStepOfARunTakesItsNodes) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().running_a_step().tasks(4));
  EXPECT_TRUE(job.waits(job.add(Steps::exact(1))));
  EXPECT_EQ(job.why(1), "step of 1 task: the allocation has room for 0, beside step 1.0");
  job.expect_sound();
}

TEST(Steps, NoStreamOfSmallOnesPassesOneThatWaits) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(4));
  job.add(Steps::exact(2));
  const auto large = job.add(Steps::exact(4));
  const auto small = job.add(Steps::exact(1));
  EXPECT_TRUE(job.waits(large));
  EXPECT_TRUE(job.waits(small)) << "there is room for it";
  EXPECT_EQ(job.why(small), "its turn is behind step 1.1");
  job.end(0);
  EXPECT_TRUE(job.runs(large));
  EXPECT_TRUE(job.waits(small));
  job.end(large);
  EXPECT_TRUE(job.runs(small));
}

TEST(Steps, OneThatNamesOtherNodesBeginsAtOnce) {
  Steps job(fleet().nodes(2).cores(4), cox::testing::job().nodes(2).tasks(8));
  StepRequest here = Steps::exact(4);
  here.nodes_wanted = {"n0"};
  StepRequest there = here;
  there.nodes_wanted = {"n1"};
  EXPECT_EQ(job.layout(job.add(here)), "0:4");
  const auto waiting = job.add(here);
  EXPECT_TRUE(job.waits(waiting));
  EXPECT_EQ(job.layout(job.add(there)), "1:4");
  EXPECT_TRUE(job.waits(waiting));
  StepRequest elsewhere = Steps::exact(1);
  elsewhere.nodes_excluded = {"n1"};
  EXPECT_TRUE(job.waits(job.add(elsewhere)));
  StepRequest unknown = Steps::exact(1);
  unknown.nodes_wanted = {"n9"};
  EXPECT_EQ(job.refusal(unknown), "node n9 is none of job 1");
  here.nodes = 2;
  EXPECT_EQ(job.refusal(here), "step of 2 nodes: the job has 1 that it may use");
}

TEST(Steps, MemoryIsHeldOnlyByThoseThatAskForIt) {
  Steps job(fleet().nodes(1).cores(4).memory_mib(4000),
            cox::testing::job().tasks(4).memory_mib(3000));
  EXPECT_EQ(job.at(job.add(Steps::exact(1))).shares.at(0).part.memory_mib,
            std::vector<std::int64_t>{0});
  StepRequest large = Steps::exact(1);
  large.memory_per_node_mib = 2000;
  EXPECT_EQ(job.at(job.add(large)).shares.at(0).part.memory_mib, std::vector<std::int64_t>{2000});
  EXPECT_TRUE(job.runs(job.add(Steps::exact(1)))) << "one that asked for none";
  const auto second = job.add(large);
  EXPECT_TRUE(job.waits(second)) << "cores are free, memory is not";
  job.expect_sound();
  job.end(1);
  EXPECT_TRUE(job.runs(second));
  large.memory_per_node_mib = 3001;
  EXPECT_EQ(job.refusal(large), "step of 3001M on each node: job 1 has 3000M on node n0");
  StepRequest by_cpu = Steps::exact(4);
  by_cpu.memory_per_cpu_mib = 800;
  EXPECT_EQ(job.refusal(by_cpu), "step of 4 tasks: the allocation has room for 3");
}

TEST(Steps, DevicesAreThoseAskedForAndNobodyElses) {
  Steps job(fleet().nodes(1).cores(4).devices("gpu", 2),
            cox::testing::job().tasks(4).devices("gpu", 2));
  StepRequest one = Steps::exact(1);
  one.devices = {{"gpu", "", 1}};
  EXPECT_EQ(job.at(job.add(one)).shares.at(0).part.devices.to_ranges(), "0");
  EXPECT_EQ(job.at(job.add(one)).shares.at(0).part.devices.to_ranges(), "1");
  EXPECT_TRUE(job.waits(job.add(one)));
  job.expect_sound();
  EXPECT_EQ(job.at(job.add(Steps::step(StepSharing::overlap, 1))).shares.at(0).part, NodeShare{})
      << "all of the job's";
  one.devices = {{"gpu", "", 3}};
  EXPECT_EQ(job.refusal(one), "step with gpu:3 on each node: job 1 has fewer on node n0");
}

TEST(Steps, AnExactStepGoesWhereThereIsRoom) {
  Steps job(fleet().nodes(3).cores(4), cox::testing::job().nodes(3).tasks(12));
  StepRequest first = Steps::exact(3);
  first.nodes = 1;
  EXPECT_EQ(job.layout(job.add(first)), "0:3");
  EXPECT_EQ(job.layout(job.add(Steps::exact(1))), "0:1") << "the first with room";
  StepRequest wide = Steps::exact(6);
  wide.nodes = 2;
  EXPECT_EQ(job.layout(job.add(wide)), "1:3 2:3") << "those with the most room";
  StepRequest each = Steps::exact(0);
  each.tasks_per_node = 1;
  each.nodes = 2;
  EXPECT_EQ(job.layout(job.add(each)), "1:1 2:1");
  EXPECT_TRUE(job.waits(job.add(Steps::exact(0)))) << "the job's shape needs all of it";
  job.expect_sound();
}

TEST(Steps, WhatCanNeverFitIsRefusedAtOnce) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(2));
  job.add(Steps::step(StepSharing::whole));
  EXPECT_EQ(job.refusal(Steps::exact(3)), "step of 3 tasks: the allocation has room for 2");
  EXPECT_EQ(job.refusal(Steps::step(StepSharing::whole, 3)),
            "step of 3 tasks: the allocation has room for 2");
  StepRequest wide = Steps::step(StepSharing::whole);
  wide.nodes = 2;
  EXPECT_EQ(job.refusal(wide), "step of 2 nodes: the job has 1");
  StepRequest input = Steps::exact(1);
  input.input_task = 1;
  EXPECT_EQ(job.refusal(input), "--input 1: the step has ranks 0 to 0");
}

TEST(Steps, AnImmediateOneIsRefusedRatherThanThatItWaits) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(4));
  EXPECT_EQ(job.refusal(Steps::exact(3), true), "none");
  EXPECT_EQ(job.refusal(Steps::exact(2), true),
            "step of 2 tasks: the allocation has room for 1 now (without --immediate it waits)");
  EXPECT_EQ(count_waiting_steps(job.cluster.state.index, job.id), 0U);
}

TEST(Steps, OneThatWaitsCanBeCancelledAndMakesRoomForThoseBehindIt) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(4));
  job.add(Steps::exact(2));
  const auto large = job.add(Steps::exact(4));
  const auto small = job.add(Steps::exact(1));
  EXPECT_EQ(job.cluster.ask(CancelStep{bob(), job.id, StepId{large}}).error().code,
            Code::not_permitted);
  ASSERT_TRUE(job.cluster.ask(CancelStep{ada(), job.id, StepId{large}}).has_value());
  job.cluster.answer_all();
  EXPECT_EQ(job.at(large).result.cause, EndCause::cancelled);
  EXPECT_EQ(job.at(large).result.detail, "cancelled by ada before it began");
  EXPECT_FALSE(job.at(large).started.is_set());
  EXPECT_TRUE(job.runs(small));
  job.expect_sound();
}

TEST(Steps, ThoseThatWaitEndWithTheirJob) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(4));
  job.add(Steps::step(StepSharing::whole));
  const auto waiting = job.add(Steps::step(StepSharing::whole));
  job.cluster.batch_ended(NodeId{0}, job.id);
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::completed);
  EXPECT_EQ(job.at(waiting).result.cause, EndCause::cancelled);
  EXPECT_EQ(job.at(waiting).result.detail, "job 1 ended before it could begin");
  job.expect_sound();
}

TEST(Steps, ARestartedControllerKnowsWhichWait) {
  Steps job(fleet().nodes(1).cores(4), cox::testing::job().tasks(4));
  const ClientKey key{{7, 9}};
  job.add(Steps::exact(3));
  ASSERT_TRUE(job.cluster.ask(CreateStep{ada(), job.id, Steps::exact(2), key}).has_value());
  job.cluster.restart_controller();
  EXPECT_TRUE(job.waits(1));
  const auto again = job.cluster.ask(CreateStep{ada(), job.id, Steps::exact(2), key});
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->empty()) << "a resend is the same step";
  std::vector<HeldAttempt> held = {{job.id, Attempt{1}, true, false, {}}};
  held[0].steps = {{step_batch, StepPhase::running, "ep", {}},
                   {StepId{0}, StepPhase::running, "ep", {}}};
  job.cluster.connect(job.cluster.inventory(NodeId{0}), held);
  job.cluster.answer_all();
  EXPECT_TRUE(job.waits(1));
  job.end(0);
  EXPECT_TRUE(job.runs(1));
  job.expect_sound();
}

TEST(Steps, CoresOfOneNumaNodeAreTakenTogether) {
  Steps job(fleet().nodes(1).cores(8).numa(2), cox::testing::job().tasks(8));
  EXPECT_EQ(job.cores(job.add(Steps::exact(3))), "0-2");
  EXPECT_EQ(job.cores(job.add(Steps::exact(3))), "4-6") << "one is left on the first";
  EXPECT_EQ(job.cores(job.add(Steps::exact(1))), "3");
}

TEST(Steps, ThousandsMayWaitButNotMore) {
  Steps job(fleet().nodes(1).cores(1), cox::testing::job());
  job.add(Steps::exact(1));
  for (std::size_t i = 0; i < waiting_steps_max; ++i) {
    ASSERT_TRUE(job.ask(Steps::exact(1)).has_value());
  }
  EXPECT_EQ(job.refusal(Steps::exact(1)), "job 1 has 10000 steps that wait: no more may");
}

const StepQueue& queue_of(const Steps& job) {
  return job.cluster.state.index.step_queues.at(job.id);
}

std::size_t looked_at(const Steps& job) {
  return due_step(job.cluster.state.record, job.cluster.job(job.id), queue_of(job), Instant{})
      .looked_at;
}

// However many wait: else n steps of one job cost n times n.
TEST(StepQueue, AnEndLooksAtOneStepOfEachLane) {
  Steps job(fleet().nodes(2).cores(4), cox::testing::job().nodes(2).tasks(8));
  std::vector<std::uint32_t> steps;
  for (int i = 0; i < 200; ++i) steps.push_back(job.add(Steps::step(StepSharing::whole)));
  EXPECT_EQ(looked_at(job), 1U);
  for (int i = 0; i < 100; ++i) {
    StepRequest there = Steps::step(StepSharing::whole);
    there.nodes_wanted = {"n1"};
    job.add(there);
  }
  EXPECT_EQ(queue_of(job).lanes.size(), 2U);
  EXPECT_LE(looked_at(job), 2U);
  job.end(steps[0]);
  EXPECT_TRUE(job.runs(steps[1]));
  EXPECT_LE(looked_at(job), 2U);
  job.expect_sound();
}

/// The same step by step, without lanes.
std::optional<StepId> due_by_walk(const Record& record, const Job& job) {
  StepRoom room = room_beside_steps(job);
  for (const Step& step : job.run->steps) {
    if (!step.is_waiting()) continue;
    if (place_step(record, job, step.request, room)) return step.id;
    const auto places = places_for(record, job, step.request);
    for (const std::size_t place : places.value_or(std::vector<std::size_t>{})) {
      room[place].cores.reset_all();
      room[place].devices.reset_all();
      std::ranges::fill(room[place].memory_mib, 0);
    }
  }
  return std::nullopt;
}

RC_GTEST_PROP(StepQueue, LanesStartWhatAWalkWouldStart, ()) {
  Steps job(fleet().nodes(3).cores(4), cox::testing::job().nodes(3).tasks(12));
  // Facts alone, so that steps stay in the queue that could begin.
  const auto take = [&](const Fact& fact) { evolve(job.cluster.state, fact); };
  const auto check = [&] {
    const State& state = job.cluster.state;
    const auto queue = state.index.step_queues.find(job.id);
    std::optional<StepId> found;
    if (queue != state.index.step_queues.end()) {
      const auto due = due_step(state.record, job.cluster.job(job.id), queue->second, Instant{1});
      if (due.start) found = due.start->step;
    }
    RC_ASSERT(found == due_by_walk(state.record, job.cluster.job(job.id)));
    RC_ASSERT(rebuild_index(state.record) == state.index);
  };
  for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
    const Job& now = job.cluster.job(job.id);
    const int what = *rc::gen::inRange(0, 4);
    const auto queue = job.cluster.state.index.step_queues.find(job.id);
    if (what < 2) {
      StepRequest request =
          Steps::step(static_cast<StepSharing>(*rc::gen::inRange(0, 2)), *rc::gen::inRange(0U, 5U));
      if (*rc::gen::inRange(0, 2) == 0) {
        request.nodes_wanted = {"n" + std::to_string(*rc::gen::inRange(0, 3))};
      }
      take(StepQueued{job.id, now.attempt, now.run->next_step, Instant{2}, request, {}});
    } else if (what == 2 && queue != job.cluster.state.index.step_queues.end()) {
      const auto due = due_step(job.cluster.state.record, now, queue->second, Instant{3}).start;
      if (due) take(*due);
    } else {
      std::vector<StepId> open;
      for (const Step& step : now.run->steps) {
        if (!step.is_ended() && step.id != step_batch) open.push_back(step.id);
      }
      if (open.empty()) continue;
      take(StepEnded{job.id, now.attempt, *rc::gen::elementOf(open), Instant{4}, StepResult{}});
    }
    check();
  }
}

}  // namespace
}  // namespace cox::core
