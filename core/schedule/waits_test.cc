// What `cox why` names: nodes that are missing, nodes that a start waits for, devices that are
// short.
#include "core/schedule/waits.h"

#include <gtest/gtest.h>

#include <string>

#include "testsuite/support/random_life.h"

namespace cox::core {
namespace {

using namespace cox::testing;

Verdict verdict(Cluster& cluster, JobId id) {
  return explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id);
}

const VerdictCheck* check_named(const Verdict& told, const std::string& name) {
  for (const VerdictCheck& check : told.checks) {
    if (check.name == name) return &check;
  }
  return nullptr;
}

TEST(Why, NamesTheNodesThatAStartWaitsFor) {
  Cluster cluster(fleet().nodes(3));
  const JobId id = *cluster.submit(job().nodes(3).exclusive());
  cluster.schedule();
  ASSERT_EQ(cluster.job(id).phase, JobPhase::starting);
  EXPECT_EQ(verdict(cluster, id).summary, "its start waits for nodes, preparing: n[0-2]");
  cluster.prepared(NodeId{1}, id);
  EXPECT_EQ(verdict(cluster, id).summary, "its start waits for nodes, preparing: n[0,2]");
  cluster.disconnect(NodeId{2});
  const Verdict told = verdict(cluster, id);
  EXPECT_EQ(told.summary, "its start waits for nodes, preparing: n0; not answering: n2");
  EXPECT_EQ(told.next_event, "their answers, or after a minute another start");
}

TEST(Why, NamesTheNodesThatAnEndWaitsFor) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = cluster.run(job().nodes(2).exclusive());
  ASSERT_EQ(cluster.job(id).phase, JobPhase::running);
  EXPECT_EQ(verdict(cluster, id).summary, "it has started");
  cluster.ask(CancelJob{ada(), id});
  cluster.closed(NodeId{0}, id);
  EXPECT_EQ(verdict(cluster, id).summary, "its end waits for nodes, ending: n1");
}

TEST(Why, NamesTheDeviceOfWhichTooFewAreFree) {
  Cluster cluster(fleet().nodes(2).devices("gpu", 4).pool("scratch", 10));
  cluster.run(job().devices("gpu", 3));
  cluster.run(job().devices("gpu", 2));
  const JobId id = *cluster.submit(job().devices("gpu", 3));
  cluster.schedule();
  const Verdict told = verdict(cluster, id);
  EXPECT_EQ(told.code, Reason::resources);
  EXPECT_EQ(told.summary,
            "it is next, and waits for resources: 1 node missing: gpu:3 free on 0 nodes, 1 needed; "
            "the most on one node: 2");
  const VerdictCheck* check = check_named(told, "free gpu:3 in partition batch");
  ASSERT_NE(check, nullptr);
  EXPECT_FALSE(check->passed);
  const JobId pooled = *cluster.submit(job().devices("scratch", 10));
  const Verdict other = verdict(cluster, pooled);
  check = check_named(other, "free scratch:10 in partition batch");
  ASSERT_NE(check, nullptr);
  EXPECT_TRUE(check->passed) << check->detail;
}

TEST(Why, SaysThatAllNodesAreMissingAndHow) {
  Cluster cluster(fleet().nodes(4));
  cluster.disconnect(NodeId{0});
  cluster.disconnect(NodeId{1});
  cluster.ask(SetNodeAside{root(), "n2", false, "new fan"});
  const JobId some = *cluster.submit(job().nodes(2));
  cluster.schedule();
  EXPECT_EQ(verdict(cluster, some).summary,
            "3 nodes of partition batch take no new work; not answering: n[0-1]; drained: n2");
  cluster.ask(SetNodeAside{root(), "n3", true, "gone"});
  const JobId all = *cluster.submit(job());
  cluster.schedule();
  const Verdict told = verdict(cluster, all);
  EXPECT_EQ(told.code, Reason::nodes_unavailable);
  EXPECT_EQ(
      told.summary,
      "all 4 nodes of partition batch take no new work; not answering: n[0-1]; drained: n2; down: "
      "n3");
}

TEST(Why, SaysThatNoNodeHasRegistered) {
  Cluster cluster(fleet().nodes(0));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  const Verdict told = verdict(cluster, id);
  EXPECT_EQ(told.code, Reason::nodes_unavailable) << "nothing is wrong with what it asks for";
  EXPECT_EQ(told.summary, "no node of partition batch has registered yet");
  EXPECT_EQ(told.checks.back().detail, "waits for the first node");
  EXPECT_EQ(told.next_event, "a node that registers");
}

}  // namespace
}  // namespace cox::core
