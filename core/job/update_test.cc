// UpdateJob of what has begun, and of single elements of arrays. What waits is in waits_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "core/job/array.h"
#include "core/job/changes.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

class Update : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(cluster.faults(), std::vector<std::string>{}); }

  Result<Facts> limit(const Caller& caller, JobId id, Duration to, const std::string& some = "") {
    JobChanges changes;
    changes.time_limit = to;
    return ask(caller, id, changes, some);
  }

  Result<Facts> ask(const Caller& caller,
                    JobId id,
                    const JobChanges& changes,
                    const std::string& some = "") {
    const ArraySpec elements = some.empty() ? ArraySpec{} : parse_array(some).value();
    return cluster.ask(UpdateJob{caller, id, changes, elements});
  }

  const Job& element(JobId array, std::uint32_t index) {
    return cluster.job(cluster.state.find_members(array)->elements.at(index));
  }

  static JobChanges cpus(std::uint32_t count) {
    JobChanges changes;
    changes.cpus_per_task = count;
    return changes;
  }

  Cluster cluster{fleet().nodes(2).cores(2), in_order()};
};

TEST_F(Update, TheOwnerShortensARunningJobAndItsNodesHear) {
  const JobId id = cluster.run(job().nodes(2).minutes(60));
  cluster.advance(minutes(10));
  ASSERT_TRUE(limit(ada(), id, minutes(20)).has_value());
  EXPECT_EQ(cluster.job(id).request.time_limit, minutes(20));
  EXPECT_EQ(cluster.effects<SendLimit>().size(), 2U);
}

// It waits: nothing that it would run with is fixed yet.
TEST_F(Update, AWaitingScriptGetsOtherFilesAndAnotherEnd) {
  const JobId id = *cluster.submit(job().held());
  JobChanges changes;
  changes.directory = "/scratch";
  changes.output = "%j.txt";
  changes.append_output = true;
  changes.retry = Retry{3, {{75, 75}}};
  changes.early_signal = EarlySignal{10, seconds(30), true};
  ASSERT_TRUE(ask(ada(), id, changes).has_value());
  const JobCommon& common = *cluster.job(id).request.common;
  EXPECT_EQ(common.directory, "/scratch");
  EXPECT_EQ(common.output, "%j.txt");
  EXPECT_TRUE(common.append_output);
  EXPECT_EQ(common.retry, *changes.retry);
  EXPECT_EQ(common.early_signal, *changes.early_signal);
  const JobId runs = cluster.run(job());
  const auto refused = ask(ada(), runs, changes);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("only its comment"), std::string::npos);
}

TEST_F(Update, MoreNodesThanTasksAreRefusedAndNotShrunk) {
  const JobId id = *cluster.submit(job().tasks(1).held());
  JobChanges changes;
  changes.nodes_min = changes.nodes_max = 2;
  const auto refused = ask(ada(), id, changes);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "ntasks=1: fewer than the 2 nodes asked for");
  changes.tasks = 2;
  ASSERT_TRUE(ask(ada(), id, changes).has_value());
  EXPECT_EQ(cluster.job(id).request.common->components.front().nodes_min, 2U);
}

TEST_F(Update, OfDevicesGpusAloneOrAllAreChanged) {
  Cluster rich(fleet().nodes(1).devices("gpu", 4).pool("scratch", 10));
  const JobId id = *rich.submit(job().devices("gpu", 1).devices("scratch", 2).held());
  JobChanges changes;
  changes.gpus = std::vector<DeviceRequest>{{"gpu", "", 3}};
  ASSERT_TRUE(rich.ask(UpdateJob{ada(), id, changes, {}}).has_value());
  using Devices = std::vector<DeviceRequest>;
  const auto devices = [&rich, id] {
    Devices all = rich.job(id).request.common->components.front().devices;
    std::ranges::sort(all);
    return all;
  };
  EXPECT_EQ(devices(), (Devices{{"gpu", "", 3}, {"scratch", "", 2}}));
  changes.gpus.reset();
  changes.devices = Devices{};
  ASSERT_TRUE(rich.ask(UpdateJob{ada(), id, changes, {}}).has_value());
  EXPECT_EQ(devices(), Devices{});
}

TEST_F(Update, WhatHasNoScriptHasNoOutputFile) {
  const JobId id = *cluster.submit(job().interactive().held());
  JobChanges changes;
  changes.output = "x";
  const auto refused = ask(ada(), id, changes);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            "job 1 has no script: output, error, input, open-mode, retry and export are of "
            "scripts");
}

TEST_F(Update, OnlyAnOperatorLengthensARunningJob) {
  const JobId id = cluster.run(job().minutes(60));
  const auto refused = limit(ada(), id, minutes(90));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::not_permitted);
  EXPECT_EQ(refused.error().message,
            "job 1 has begun: only an operator may lengthen its limit of 1:00:00 to 1:30:00");
  ASSERT_TRUE(limit(an_operator(), id, minutes(90)).has_value());
  EXPECT_EQ(cluster.job(id).request.time_limit, minutes(90));
}

TEST_F(Update, AnOperatorLengthensBeyondWhatThePartitionGrants) {
  cluster.connect(cluster.inventory(NodeId{0}));
  const JobId id = cluster.run(job().minutes(60));
  Settings settings = cluster.state.record.settings;
  settings.partitions.front().max_time = minutes(60);
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), settings}).has_value());
  EXPECT_TRUE(limit(an_operator(), id, minutes(600)).has_value());
}

TEST_F(Update, ALimitThatIsOverAlreadyIsRefused) {
  const JobId id = cluster.run(job().minutes(60));
  cluster.advance(minutes(30));
  const auto refused = limit(ada(), id, minutes(30));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            "job 1 is RUNNING: it has run longer than 30:00 already (cox cancel ends it)");
  EXPECT_TRUE(limit(ada(), id, minutes(31)).has_value());
}

TEST_F(Update, TheSecondLineEndsByTheNewLimit) {
  const JobId id = cluster.run(job().minutes(60));
  ASSERT_TRUE(limit(an_operator(), id, minutes(120)).has_value());
  cluster.advance(minutes(100));
  cluster.heartbeat_all();
  cluster.ask(CheckTime{});
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  cluster.advance(minutes(30));
  cluster.heartbeat_all();
  cluster.ask(CheckTime{});
  EXPECT_EQ(cluster.job(id).run->cause, EndCause::time_limit);
}

TEST_F(Update, ANodeThatWasAwayHearsOfTheLimitWhenItComesBack) {
  const JobId id = cluster.run(job().minutes(60));
  const NodeId node = cluster.node_of(id);
  const NodeInventory inventory = cluster.inventory(node);
  const HeldStep batch{step_batch, StepPhase::running, "ep", StepResult{}};
  const std::vector<HeldAttempt> held{{id, Attempt{1}, true, false, {batch}}};
  cluster.disconnect(node);
  cluster.connect(inventory, held);
  EXPECT_TRUE(cluster.effects<SendLimit>().empty()) << "it was never changed";
  cluster.disconnect(node);
  cluster.sent.clear();
  ASSERT_TRUE(limit(ada(), id, minutes(20)).has_value());
  cluster.sent.clear();
  cluster.connect(inventory, held);
  EXPECT_EQ(cluster.effects<SendLimit>().size(), 1U);
  cluster.restart_controller();
  cluster.connect(inventory, held);
  EXPECT_EQ(cluster.effects<SendLimit>().size(), 1U) << "a new controller knows it too";
}

TEST_F(Update, WhatIsReservedBehindARunningJobFollowsItsLimit) {
  cluster.run(job().nodes(2).cpus(2).minutes(60));
  const JobId next = *cluster.submit(job().nodes(2).cpus(2).minutes(60));
  cluster.schedule();
  const auto start = [&] {
    std::string told;
    const Verdict verdict =
        explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), next);
    for (const VerdictCheck& check : verdict.checks) told += check.name + check.detail + "\n";
    return told;
  };
  const std::string before = start();
  ASSERT_TRUE(limit(ada(), JobId{1}, minutes(5)).has_value());
  EXPECT_NE(start(), before);
}

TEST(UpdateOfWhatRuns, IsFollowedByBackfill) {
  Settings settings = in_order();
  settings.backfill = "easy";
  Cluster cluster{fleet().nodes(2).cores(2), settings};
  const JobId first = cluster.run(job().nodes(1).cpus(2).minutes(60));
  const JobId large = *cluster.submit(job().nodes(2).cpus(2).minutes(10));
  const JobId small = *cluster.submit(job().nodes(1).cpus(2).minutes(50));
  cluster.advance(minutes(20));
  cluster.heartbeat_all();
  cluster.schedule();
  EXPECT_EQ(cluster.job(small).phase, JobPhase::pending) << "it would delay the large one";
  JobChanges longer;
  longer.time_limit = minutes(100);
  ASSERT_TRUE(cluster.ask(UpdateJob{an_operator(), first, longer}).has_value());
  cluster.schedule();
  EXPECT_NE(cluster.job(small).phase, JobPhase::pending) << "the large one waits 80 minutes now";
  EXPECT_EQ(cluster.job(large).phase, JobPhase::pending);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST_F(Update, OneElementAsksForSomethingElseAndTheOthersGoOn) {
  const JobId array = *cluster.submit(job().array("0-4"));
  ASSERT_TRUE(ask(ada(), array, cpus(2), "3").has_value());
  EXPECT_EQ(element(array, 3).request.common->components.front().cpus_per_task, 2U);
  EXPECT_EQ(cluster.job(array).request.common->components.front().cpus_per_task, 0U);
  EXPECT_TRUE(is_apart(cluster.state, element(array, 3)));
  cluster.schedule();
  EXPECT_EQ(element(array, 3).phase, JobPhase::pending);
  for (const std::uint32_t other : {0U, 1U, 2U, 4U}) {
    EXPECT_EQ(element(array, other).phase, JobPhase::running) << other;
    cluster.batch_ended(cluster.node_of(element(array, other).id), element(array, other).id);
  }
  cluster.schedule();
  EXPECT_EQ(element(array, 3).phase, JobPhase::running);
}

TEST_F(Update, AnElementThatOnlyHasAnotherCommentKeepsItsPlaceAmongTheOthers) {
  const JobId array = *cluster.submit(job().array("0-9"));
  const JobId later = *cluster.submit(job());
  JobChanges changes;
  changes.comment = "other";
  changes.labels = {{"app", "cfd"}};
  ASSERT_TRUE(ask(ada(), array, changes, "0").has_value());
  EXPECT_FALSE(is_apart(cluster.state, element(array, 0)));
  cluster.schedule();
  EXPECT_EQ(element(array, 0).phase, JobPhase::running);
  EXPECT_EQ(cluster.job(later).phase, JobPhase::pending);
}

TEST_F(Update, NobodyOvertakesOthersByAnUpdate) {
  cluster.run(job().nodes(2).cpus(2));
  const JobId first = *cluster.submit(job().nodes(2).cpus(2).uid(1007));
  const JobId array = *cluster.submit(job().array("0-3"));
  ASSERT_TRUE(ask(ada(), array, cpus(2), "0").has_value());
  cluster.batch_ended(cluster.node_of(JobId{1}), JobId{1});
  cluster.answer_all();
  cluster.schedule();
  EXPECT_NE(cluster.job(first).phase, JobPhase::pending);
  EXPECT_EQ(element(array, 0).phase, JobPhase::pending);
}

TEST_F(Update, AnElementThatDoesNotFitNowLetsTheOthersStart) {
  cluster.run(job().cpus(2));
  const JobId array = *cluster.submit(job().array("0-9"));
  JobChanges changes;
  changes.nodes_min = changes.nodes_max = 2;
  changes.partitions = std::vector<std::string>{"batch"};
  changes.begin = cluster.now + minutes(5);
  ASSERT_TRUE(ask(ada(), array, changes, "0").has_value());
  cluster.schedule();
  EXPECT_EQ(element(array, 0).phase, JobPhase::pending);
  EXPECT_EQ(element(array, 1).phase, JobPhase::running);
  EXPECT_EQ(element(array, 2).phase, JobPhase::running);
}

TEST_F(Update, ElementsApartCountAgainstTheLimitOfTheArray) {
  const JobId array = *cluster.submit(job().array("0-5%1"));
  ASSERT_TRUE(ask(ada(), array, cpus(2), "4,5").has_value());
  cluster.schedule();
  EXPECT_EQ(cluster.state.find_members(array)->live, 1U);
  EXPECT_EQ(element(array, 0).phase, JobPhase::running);
  for (const std::uint32_t apart : {4U, 5U}) {
    EXPECT_EQ(cluster.plan().blocked(cluster.state, element(array, apart).id).code,
              Reason::array_limit);
  }
}

TEST_F(Update, AllThatIsLeftOfAnArrayStaysOneRecord) {
  const JobId array = *cluster.submit(job().array("0-999999"));
  const auto facts = ask(ada(), array, cpus(2), "0-999999");
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->size(), 1U);
  const auto too_many = ask(ada(), array, cpus(1), "0-20000");
  ASSERT_FALSE(too_many.has_value());
  EXPECT_NE(too_many.error().message.find("at most 10000"), std::string::npos);
}

TEST_F(Update, AChangeOfTheWholeKeepsWhatOnlyOneElementHas) {
  const JobId array = *cluster.submit(job().array("0-3"));
  ASSERT_TRUE(ask(ada(), array, cpus(2), "2").has_value());
  ASSERT_TRUE(limit(ada(), array, minutes(7)).has_value());
  EXPECT_EQ(element(array, 2).request.common->components.front().cpus_per_task, 2U);
  EXPECT_EQ(element(array, 2).request.time_limit, minutes(7));
  EXPECT_EQ(cluster.job(array).request.time_limit, minutes(7));
  EXPECT_EQ(cluster.job(array).request.common->components.front().cpus_per_task, 0U);
}

TEST_F(Update, AnElementCanBeHeldAndAskForItsOldSelfAgain) {
  const JobId array = *cluster.submit(job().array("0-3"));
  JobChanges held;
  held.time_limit = minutes(5);
  held.held = true;
  ASSERT_TRUE(ask(ada(), array, held, "1").has_value());
  EXPECT_EQ(element(array, 1).hold, Hold::by_user);
  EXPECT_TRUE(is_apart(cluster.state, element(array, 1)));
  JobChanges back;
  back.time_limit = minutes(10);
  back.held = false;
  ASSERT_TRUE(ask(ada(), array, back, "1").has_value());
  EXPECT_FALSE(is_apart(cluster.state, element(array, 1)));
  cluster.schedule();
  EXPECT_EQ(element(array, 1).phase, JobPhase::running);
}

TEST_F(Update, WhatIsOfTheWholeArrayIsRefusedForAnElement) {
  const JobId array = *cluster.submit(job().array("0-3"));
  JobChanges changes;
  changes.name = "other";
  const auto refused = ask(ada(), array, changes, "1");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            "name is of a whole array, not of its elements (cox update 1)");
  EXPECT_FALSE(ask(ada(), array, cpus(2), "7").has_value()) << "there is none";
}

TEST_F(Update, RunningElementsAreShortenedByTheirNames) {
  const JobId array = *cluster.submit(job().array("0-1").minutes(60));
  cluster.schedule();
  cluster.answer_all();
  ASSERT_TRUE(limit(ada(), array, minutes(30), "0").has_value());
  EXPECT_EQ(element(array, 0).request.time_limit, minutes(30));
  EXPECT_EQ(element(array, 1).request.time_limit, minutes(60));
  const auto refused = limit(ada(), array, minutes(30));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "job 1 is RUNNING: none of its elements waits");
}

TEST_F(Update, GpusOverAllNodesAreDividedAndOtherDevicesStay) {
  const JobId id = *cluster.submit(job().nodes(2).held());
  JobChanges changes;
  changes.gpus_in_all = DeviceRequest{"gpu", "", 3};
  const auto uneven = ask(ada(), id, changes);
  ASSERT_FALSE(uneven.has_value());
  EXPECT_EQ(uneven.error().message,
            "gpus=3: cannot be divided evenly over 2 nodes (use gpus-per-node)");
  JobRequest from = cluster.job(id).request;
  from.common.edit().components.front().devices = {{"gpu", "old", 1}, {"fpga", "", 1}};
  changes.gpus_in_all->count = 4;
  EXPECT_EQ(changed(from, changes).common->components.front().devices,
            (std::vector<DeviceRequest>{{"fpga", "", 1}, {"gpu", "", 2}}));
  changes.nodes_min = changes.nodes_max = 4;
  EXPECT_EQ(changed(from, changes).common->components.front().devices.back().count, 1U);
  changes.gpus_in_all->count = 0;
  EXPECT_EQ(changed(from, changes).common->components.front().devices,
            (std::vector<DeviceRequest>{{"fpga", "", 1}}));
}

TEST_F(Update, BindingAndOrderOfRanksAreOfTheStepsToCome) {
  const JobId id = *cluster.submit(job().held());
  JobChanges changes;
  changes.bind = *parse_bind("core");
  changes.distribution = *parse_distribution("cyclic");
  ASSERT_TRUE(ask(ada(), id, changes).has_value());
  EXPECT_EQ(cluster.job(id).request.common->bind, *changes.bind);
  EXPECT_EQ(cluster.job(id).request.common->distribution, *changes.distribution);
  EXPECT_FALSE(ask(ada(), cluster.run(job()), changes).has_value()) << "it has begun";
}

// What is in an environment runs as its user: an operator may not choose that.
TEST_F(Update, AnEnvironmentIsNotForOperatorsToChange) {
  const JobId id = *cluster.submit(job().held());
  JobChanges changes;
  changes.environment = Hash{{7}};
  const auto refused = ask(an_operator(), id, changes);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::not_permitted);
  EXPECT_EQ(refused.error().message, "export: only ada may change the environment of job 1");
  ASSERT_TRUE(ask(ada(), id, changes).has_value());
  EXPECT_EQ(cluster.job(id).request.environment, *changes.environment);
}

// They are opened as its user: an operator who chose them would read and write as anybody.
TEST_F(Update, FilesAndTheDirectoryAreNotForOperatorsToChange) {
  std::map<std::string, JobChanges> each;
  each["chdir: only ada may change the directory of job "].directory = "/tmp/other";
  each["input: only ada may change the files of job "].input = "/etc/shadow";
  each["output: only ada may change the files of job "].output = "/tmp/leak";
  each["error: only ada may change the files of job "].error = "/tmp/leak";
  each["open-mode: only ada may change the files of job "].append_output = true;
  for (const auto& [message, changes] : each) {
    const JobId id = *cluster.submit(job().held());
    const JobRequest before = cluster.job(id).request;
    const auto refused = ask(an_operator(), id, changes);
    ASSERT_FALSE(refused.has_value()) << message;
    EXPECT_EQ(refused.error().code, Code::not_permitted);
    EXPECT_EQ(refused.error().message, message + std::to_string(id.value));
    EXPECT_TRUE(cluster.job(id).request == before) << message;
    EXPECT_TRUE(ask(ada(), id, changes).has_value()) << message;
    EXPECT_FALSE(cluster.job(id).request == before) << message;
  }
}

}  // namespace
}  // namespace cox::core
