// A step that loses a supervisor ends on all of its nodes, and each is asked once.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/job/lifecycle.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using testing::Cluster;
using testing::fleet;
using testing::job;
using testing::JobBuilder;

constexpr NodeId node0{0}, node1{1}, node2{2};

/// Step 0 of a job on three nodes.
struct WideStep {
  explicit WideStep(JobBuilder kind = job().running_a_step())
      : id(cluster.run(kind.nodes(3).tasks(3))) {}

  const Step& at() const { return *find_step(cluster.job(id), StepId{0}); }

  StepKey key() const { return {id, Attempt{1}, StepId{0}}; }

  /// What the nodes are sent because of it.
  void lost(NodeId node) {
    cluster.sent.clear();
    StepResult result;
    result.cause = EndCause::supervisor_lost;
    ASSERT_TRUE(
        cluster.ask(ReportStepEnded{node, cluster.session(node), key(), result}).has_value());
  }

  /// The node was away; it comes back with the attempt, and with the step where it has one.
  void returns(NodeId node, const std::vector<HeldStep>& steps) {
    const NodeInventory inventory = cluster.inventory(node);
    cluster.disconnect(node);
    cluster.sent.clear();
    HeldAttempt held;
    held.job = id;
    held.attempt = Attempt{1};
    held.prepared = true;
    held.steps = steps;
    cluster.connect(inventory, {held});
  }

  std::vector<NodeId> asked_to_end() const {
    std::vector<NodeId> nodes;
    for (const SendEndStep& effect : cluster.effects<SendEndStep>()) {
      EXPECT_EQ(effect.step, key());
      EXPECT_EQ(effect.cause, EndCause::supervisor_lost);
      nodes.push_back(effect.node);
    }
    return nodes;
  }

  Cluster cluster{fleet().nodes(3)};
  JobId id;
};

// Node 2 takes its time. The others, asked again, would tell again what they told, for as long.
TEST(StepLoss, WhoHasToldItsEndIsNotAskedAgain) {
  WideStep step;
  ASSERT_TRUE(step.at().released.is_set());
  step.lost(node0);
  EXPECT_EQ(step.asked_to_end(), (std::vector<NodeId>{node1, node2}));
  step.lost(node1);
  EXPECT_EQ(step.asked_to_end(), std::vector<NodeId>{});
  step.lost(node0);
  EXPECT_EQ(step.asked_to_end(), std::vector<NodeId>{node2});
  step.lost(node2);
  EXPECT_TRUE(step.at().is_ended());
  EXPECT_EQ(step.cluster.faults(), std::vector<std::string>{});
}

TEST(StepLoss, TheRestIsAskedWhoeverTellsFirst) {
  WideStep step;
  step.lost(node1);
  EXPECT_EQ(step.asked_to_end(), (std::vector<NodeId>{node0, node2}));
  step.lost(node0);
  EXPECT_EQ(step.asked_to_end(), std::vector<NodeId>{node2});
}

TEST(StepLoss, ANodeThatWasAwayIsToldWhenItComesBack) {
  WideStep step;
  step.lost(node0);
  step.returns(node2, {{StepId{0}, StepPhase::running, "", {}}});
  EXPECT_EQ(step.asked_to_end(), std::vector<NodeId>{node2});
  StepResult ended;
  ended.cause = EndCause::supervisor_lost;
  step.returns(node2, {{StepId{0}, StepPhase::ended, "", ended}});
  EXPECT_EQ(step.asked_to_end(), std::vector<NodeId>{});
}

TEST(StepLoss, ANodeThatComesBackDoesNotBeginWhatWasLostMeanwhile) {
  WideStep step(job());
  StepRequest request;
  request.argv = {"true"};
  request.tasks = 3;
  ASSERT_TRUE(step.cluster.ask(CreateStep{testing::ada(), step.id, request}).has_value());
  ASSERT_EQ(step.at().shares.size(), 3U);
  step.lost(node0);
  step.returns(node2, {});
  EXPECT_EQ(step.asked_to_end(), std::vector<NodeId>{node2});
  EXPECT_TRUE(step.cluster.effects<SendPrepareStep>().empty());
}

}  // namespace
}  // namespace cox::core
