// A configuration that changes while jobs run and wait: who may, what becomes of whom, what is
// kept.
#include <gtest/gtest.h>

#include "core/fleet/expectation.h"
#include "core/schedule/settings_effects.h"
#include "testsuite/support/verdicts.h"

namespace cox::core {
namespace {

using namespace cox::testing;
using Lines = std::vector<std::string>;

PartitionSettings partition(const std::string& name, const std::string& nodes) {
  PartitionSettings made;
  made.name = name;
  made.nodes = nodes;
  made.is_default = name == "batch";
  return made;
}

Settings two_partitions() {
  Settings settings;
  settings.partitions = {partition("batch", "n0"), partition("debug", "n1")};
  return settings;
}

TEST(Configuration, ChangesByAdministratorsAlone) {
  Cluster cluster(fleet().nodes(2), two_partitions());
  for (const Caller& caller : {ada(), an_operator()}) {
    EXPECT_EQ(cluster.ask(ApplySettings{caller, Settings{}}).error().code, Code::not_permitted);
    EXPECT_EQ(cluster.ask(RollBackSettings{caller}).error().code, Code::not_permitted);
  }
  EXPECT_TRUE(cluster.ask(ApplySettings{root(), Settings{}}));
}

TEST(Configuration, KeepsWhoChangedItWhenAndWhy) {
  Cluster cluster(fleet().nodes(2), two_partitions());
  cluster.advance(seconds(5));
  Settings longer = two_partitions();
  longer.lost_after = minutes(10);
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), longer, "root", "slow network"}));
  EXPECT_TRUE(cluster.ask(ApplySettings{root(), longer, "root", "again"})->empty());
  const Record& record = cluster.state.record;
  ASSERT_EQ(record.revisions.size(), 2U);
  EXPECT_EQ(record.revision, 2U);
  EXPECT_EQ(record.revisions[1],
            (AppliedSettings{2, cluster.now, 0, "root", "slow network", longer}));
  EXPECT_EQ(cluster.faults(), Lines{});
}

TEST(Configuration, RollsBackToTheOneBeforeOrToAnyThatIsKept) {
  Cluster cluster(fleet().nodes(2), two_partitions());
  EXPECT_EQ(cluster.ask(RollBackSettings{root()}).error().message,
            "there is no configuration before revision 1");
  Settings longer = two_partitions();
  longer.lost_after = minutes(10);
  longer.cluster = "renamed at a start";
  cluster.ask(ApplySettings{root(), longer});
  ASSERT_TRUE(cluster.ask(RollBackSettings{root(), 0, "root", "too long"}));
  EXPECT_EQ(cluster.state.record.settings.lost_after, minutes(5));
  EXPECT_EQ(cluster.state.record.settings.cluster, "renamed at a start");
  EXPECT_EQ(cluster.state.record.revisions.back().why, "rollback to revision 1: too long");
  ASSERT_TRUE(cluster.ask(RollBackSettings{root(), 2}));
  EXPECT_EQ(cluster.state.record.settings, longer);
  EXPECT_EQ(cluster.ask(RollBackSettings{root(), 77}).error().message,
            "no revision 77 (kept: 1 to 4)");
  EXPECT_EQ(cluster.faults(), Lines{});
}

TEST(Configuration, KeepsTheLastRevisionsOnly) {
  Cluster cluster;
  for (std::int64_t i = 1; i <= 40; ++i) {
    Settings settings;
    settings.kill_wait = seconds(i);
    cluster.ask(ApplySettings{root(), settings});
  }
  EXPECT_EQ(cluster.state.record.revisions.size(), revisions_max);
  EXPECT_EQ(cluster.state.record.revisions.back().revision, 41U);
  EXPECT_EQ(cluster.ask(RollBackSettings{root(), 3}).error().message,
            "no revision 3 (kept: 22 to 41)");
}

TEST(Configuration, OldJournalsNumberTheirSettingsInOrder) {
  State state;
  evolve(state, SettingsApplied{Instant{5}, Settings{}});
  evolve(state, SettingsApplied{Instant{6}, two_partitions()});
  EXPECT_EQ(state.record.revision, 2U);
  EXPECT_EQ(state.record.revisions[0].revision, 1U);
}

TEST(Trap12, JobsOfARemovedPartitionRunOnWaitWithAReasonAndStayReadable) {
  Cluster cluster(fleet().nodes(2).cores(1), two_partitions());
  const JobId ended = cluster.run(job().partitions({"debug"}));
  cluster.batch_ended(NodeId{1}, ended);
  const JobId running = cluster.run(job().partitions({"debug"}));
  const JobId waiting = *cluster.submit(job().partitions({"debug"}));
  Settings fewer = two_partitions();
  fewer.partitions.pop_back();
  fewer.nodes = {{"n0", {}, {}}};
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), fewer}));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(running), JobState::running);
  EXPECT_EQ(reason(cluster, waiting), Reason::partition_unknown);
  EXPECT_EQ(why_waits(cluster, waiting).summary,
            "partition debug is no longer there: the configuration has no such partition");
  cluster.batch_ended(NodeId{1}, running);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(running), JobState::completed);
  EXPECT_EQ(cluster.job(ended).request.common->partitions, Lines{"debug"});
  EXPECT_EQ(explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), ended).summary,
            "it has ended");
  EXPECT_EQ(cluster.faults(), Lines{});
  cluster.restart_controller();
  EXPECT_EQ(cluster.job_state(ended), JobState::completed);
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), two_partitions()}));
  cluster.connect(cluster.inventory(NodeId{1}));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(waiting), JobState::running);
}

TEST(Configuration, LimitsThatBecomeNarrowerKeepWaitingJobsWaiting) {
  Cluster cluster(fleet().nodes(2).cores(1), in_order());
  const JobId long_job = *cluster.submit(job().minutes(60).held());
  const JobId wide_job = *cluster.submit(job().minutes(10).nodes(2).held());
  const JobId small = *cluster.submit(job().minutes(10).held());
  Settings narrow = in_order();
  narrow.partitions[0].max_time = minutes(30);
  narrow.partitions[0].max_nodes = 1;
  cluster.ask(ApplySettings{root(), narrow});
  for (const JobId id : {long_job, wide_job, small}) cluster.ask(ReleaseJob{ada(), id});
  cluster.schedule();
  EXPECT_EQ(reason(cluster, long_job), Reason::partition_time_limit);
  EXPECT_EQ(why_waits(cluster, long_job).summary,
            "partition batch now grants 30:00, the job asks for 1:00:00");
  EXPECT_EQ(reason(cluster, wide_job), Reason::partition_node_limit);
  EXPECT_EQ(why_waits(cluster, wide_job).summary,
            "partition batch now grants 1 node, the job asks for 2");
  EXPECT_EQ(cluster.job_state(small), JobState::running);
  cluster.ask(ApplySettings{root(), in_order()});
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(long_job), JobState::running);
}

TEST(PartitionDown, StartsNothingUntilItIsUp) {
  Cluster cluster(fleet().nodes(2).cores(1), two_partitions());
  const JobId running = cluster.run(job().partitions({"debug"}));
  ASSERT_TRUE(cluster.ask(TakePartitionDown{an_operator(), "debug", "new switch", "eve"}));
  const JobId waiting = *cluster.submit(job().partitions({"debug"}));
  const JobId elsewhere = *cluster.submit(job().partitions({"debug", "batch"}));
  cluster.batch_ended(NodeId{1}, running);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(running), JobState::completed);
  EXPECT_EQ(reason(cluster, waiting), Reason::partition_down);
  EXPECT_EQ(why_waits(cluster, waiting).summary.substr(0, 30), "partition debug is down since ");
  EXPECT_NE(why_waits(cluster, waiting).summary.find(": new switch (eve)"), std::string::npos);
  EXPECT_EQ(cluster.node_of(elsewhere), NodeId{0});
  cluster.restart_controller();
  EXPECT_TRUE(cluster.state.record.partitions_down.contains("debug"));
  cluster.connect(cluster.inventory(NodeId{1}));
  EXPECT_TRUE(cluster.schedule().empty());
  ASSERT_TRUE(cluster.ask(BringPartitionUp{an_operator(), "debug"}));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(waiting), JobState::running);
  EXPECT_EQ(cluster.faults(), Lines{});
}

TEST(PartitionDown, IsForOperatorsWithAReasonAndAName) {
  Cluster cluster(fleet().nodes(2), two_partitions());
  const auto refusal = [&](const Request& request) { return cluster.ask(request).error(); };
  EXPECT_EQ(refusal(TakePartitionDown{ada(), "debug", "x"}).code, Code::not_permitted);
  EXPECT_EQ(refusal(BringPartitionUp{ada(), "debug"}).code, Code::not_permitted);
  EXPECT_EQ(refusal(TakePartitionDown{root(), "debug", ""}).message,
            "partition debug: a reason is needed");
  EXPECT_EQ(refusal(TakePartitionDown{root(), "debu", "x"}).message,
            "no partition debu, did you mean debug?");
  EXPECT_TRUE(cluster.ask(BringPartitionUp{root(), "debug"})->empty());
  EXPECT_FALSE(cluster.ask(TakePartitionDown{root(), "debug", "x"})->empty());
  EXPECT_TRUE(cluster.ask(TakePartitionDown{root(), "debug", "x"})->empty());
}

TEST(PartitionDown, EndsWithItsPartition) {
  Cluster cluster(fleet().nodes(2), two_partitions());
  cluster.ask(TakePartitionDown{root(), "debug", "x"});
  cluster.ask(ApplySettings{root(), Settings{}});
  cluster.ask(ApplySettings{root(), two_partitions()});
  EXPECT_TRUE(cluster.state.record.partitions_down.empty());
}

TEST(Labels, ChooseTheNodesOfAPartition) {
  Settings settings;
  settings.nodes = {{"n[0-1]", {{"gpu", "a100"}}, {}},
                    {"n2", {{"gpu", "a100"}, {"rack", "z"}}, {}}};
  settings.partitions = {partition("batch", "")};
  settings.partitions[0].select = "gpu=a100 & rack!=z";
  Cluster cluster(fleet().nodes(4), settings);
  const Bitset& nodes = cluster.state.index.partition_nodes.at("batch");
  EXPECT_TRUE(nodes.test(0) && nodes.test(1));
  EXPECT_FALSE(nodes.test(2) || nodes.test(3));
  settings.nodes[1].labels.erase("rack");
  cluster.ask(ApplySettings{root(), settings});
  EXPECT_TRUE(cluster.state.index.partition_nodes.at("batch").test(2));
  EXPECT_EQ(cluster.faults(), Lines{});
}

TEST(Labels, NodesThatNoTableNamesAreInNoPartition) {
  Settings settings;
  settings.nodes = {{"n0", {}, {}}};
  Cluster cluster(fleet().nodes(2), settings);
  EXPECT_TRUE(cluster.state.index.partition_nodes.at("batch").test(0));
  EXPECT_FALSE(cluster.state.index.partition_nodes.at("batch").test(1));
  EXPECT_TRUE(is_unlisted(cluster.state, *cluster.state.find_node(NodeId{1})));
}

TEST(Expectation, ANodeThatReportsLessGetsNoWorkUntilItReportsEnough) {
  Settings settings;
  settings.nodes = {{"n0", {}, {4, 4000, 0}}};
  Cluster cluster(fleet().nodes(1), settings);
  const JobId running = cluster.run(job().cpus(1));
  EXPECT_EQ(cluster.job_state(running), JobState::running);
  const NodeInventory whole = cluster.inventory(NodeId{0});
  NodeInventory broken = fleet().nodes(1).cores(3).memory_mib(2000).node(0);
  broken.boot_id = "boot-2";
  cluster.disconnect(NodeId{0});
  cluster.connect(broken);
  cluster.schedule();
  const Node& node = *cluster.state.find_node(NodeId{0});
  EXPECT_EQ(shortfall(cluster.state, node),
            "it reports 3 cores of 4 expected, 2000M of memory of 4000M expected");
  EXPECT_FALSE(cluster.state.index.usable.test(0));
  EXPECT_EQ(cluster.job_state(running), JobState::pending);
  cluster.disconnect(NodeId{0});
  cluster.connect(whole);
  cluster.schedule();
  EXPECT_TRUE(cluster.state.index.usable.test(0));
  EXPECT_EQ(cluster.job_state(running), JobState::running);
  EXPECT_EQ(cluster.faults(), Lines{});
}

TEST(Expectation, ChangesWithTheConfigurationAndLeavesWhatPeopleSay) {
  Settings settings;
  settings.nodes = {{"n0", {}, {8, 0, 1}}};
  Cluster cluster(fleet().nodes(1), settings);
  const Node& node = *cluster.state.find_node(NodeId{0});
  EXPECT_EQ(shortfall(cluster.state, node),
            "it reports 4 cores of 8 expected, 0 GPUs of 1 expected");
  cluster.ask(SetNodeAside{root(), "n0", false, "fan", "root"});
  settings.nodes[0].expect = {};
  cluster.ask(ApplySettings{root(), settings});
  EXPECT_FALSE(cluster.state.index.usable.test(0));
  cluster.ask(ResumeNode{root(), "n0"});
  EXPECT_TRUE(cluster.state.index.usable.test(0));
  EXPECT_EQ(cluster.faults(), Lines{});
}

TEST(Effects, TellWhoIsMovedShortAndStranded) {
  Cluster cluster(fleet().nodes(2).cores(1), two_partitions());
  const JobId stays = *cluster.submit(job().partitions({"batch"}).held());
  const JobId gone = *cluster.submit(job().partitions({"debug"}).held());
  const JobId second = *cluster.submit(job().partitions({"debug"}).held());
  const JobId either = *cluster.submit(job().partitions({"debug", "batch"}).held());
  Settings after = two_partitions();
  after.partitions.pop_back();
  after.partitions[0].nodes = "n[0-1]";
  after.nodes = {{"n0", {}, {}}, {"n1", {}, {2, 0, 0}}};
  const SettingsEffects effects = effects_of(cluster.state, cluster.now, after);
  ASSERT_EQ(effects.moves.size(), 1U);
  EXPECT_EQ(effects.moves[0].nodes, Lines{"n1"});
  EXPECT_EQ(effects.moves[0].from, Lines{"debug"});
  EXPECT_EQ(effects.moves[0].to, Lines{"batch"});
  ASSERT_EQ(effects.shorts.size(), 1U);
  EXPECT_EQ(effects.shorts[0].node, "n1");
  EXPECT_EQ(effects.shorts[0].why, "it reports 1 core of 2 expected");
  ASSERT_EQ(effects.stranded.size(), 1U);
  EXPECT_EQ(effects.stranded[0].jobs, (std::vector<JobId>{gone, second}));
  EXPECT_NE(stays, either);
  EXPECT_TRUE(effects_of(cluster.state, cluster.now, cluster.state.record.settings).moves.empty());
}

TEST(Effects, TellWhoseAccountOrQosGoes) {
  Settings settings = two_partitions();
  settings.accounts = {{"astro", "root", 1, {}}, {"physics", "root", 1, {}}};
  settings.qos = {{"low", 1}, {"urgent", 9}};
  Cluster cluster(fleet().nodes(2).cores(1), settings);
  const auto submit = [&](const char* account, const char* qos) {
    return *cluster.submit(job().held().account(account).qos(qos));
  };
  const JobId both = submit("physics", "urgent");
  const JobId only = submit("physics", "low");
  submit("astro", "low");
  Settings after = settings;
  after.accounts.pop_back();
  after.qos.pop_back();
  const SettingsEffects effects = effects_of(cluster.state, cluster.now, after);
  EXPECT_TRUE(effects.stranded.empty());
  ASSERT_EQ(effects.orphaned.size(), 2U);
  EXPECT_EQ(effects.orphaned[0].jobs, std::vector<JobId>{only});
  EXPECT_EQ(effects.orphaned[0].why,
            "account physics is not there, so they count beside the accounts");
  EXPECT_EQ(effects.orphaned[1].jobs, std::vector<JobId>{both});
  EXPECT_EQ(effects.orphaned[1].why,
            "account physics is not there, so they count beside the accounts; qos urgent is not "
            "there, so they have no points by it");
  after = settings;
  after.accounts[1].users = {{"max", 1}};
  const SettingsEffects narrower = effects_of(cluster.state, cluster.now, after);
  ASSERT_EQ(narrower.orphaned.size(), 1U);
  EXPECT_EQ(narrower.orphaned[0].jobs, (std::vector<JobId>{both, only}));
  EXPECT_NE(narrower.orphaned[0].why.find("does not list user ada"), std::string::npos)
      << narrower.orphaned[0].why;
}

}  // namespace
}  // namespace cox::core
