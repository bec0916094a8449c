// Wall clocks that are set while jobs run: nobody was silent for it, and nothing stands still.
#include <gtest/gtest.h>

#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using testing::Cluster;
using testing::fleet;
using testing::job;

void put_forward_by(Cluster& cluster, Duration jump) {
  cluster.advance(jump);
  put_forward(cluster.contact, cluster.now, jump);
  cluster.ask(CheckTime{});
}

TEST(ClockSet, ForwardByHoursLosesNoNodeAndEndsNoJob) {
  Cluster cluster(fleet().nodes(3));
  const JobId running = cluster.run(job().minutes(10));
  const JobId gang = *cluster.submit(job().nodes(2));
  cluster.schedule();
  put_forward_by(cluster, minutes(180));
  EXPECT_EQ(cluster.job_state(running), JobState::running);
  EXPECT_EQ(cluster.job(gang).phase, JobPhase::starting);
  for (const Node& node : cluster.state.record.nodes) {
    EXPECT_FALSE(node.is_lost) << node.name;
    EXPECT_EQ(node.aside, Aside::none) << node.name;
  }
}

/// A controller that was stopped, with or without its nodes, finds what they said meanwhile only
/// after its first turn.
TEST(Stalled, ControllerTakesNobodyForSilentThatItDidNotListenTo) {
  Cluster cluster(fleet().nodes(2));
  const JobId running = cluster.run(job().minutes(100));
  const Duration lost_after = cluster.state.record.settings.lost_after;
  cluster.advance(lost_after + seconds(10));
  excuse_silence(cluster.contact, cluster.now, lost_after + seconds(10));
  cluster.ask(CheckTime{});
  EXPECT_FALSE(cluster.state.find_node(NodeId{0})->is_lost);
  EXPECT_EQ(cluster.job_state(running), JobState::running);
  cluster.advance(lost_after + seconds(1));
  cluster.ask(CheckTime{});
  EXPECT_TRUE(cluster.state.find_node(NodeId{0})->is_lost) << "silence that it listens to counts";
}

TEST(ClockSet, SilenceAfterwardsIsCountedAsEver) {
  Cluster cluster(fleet().nodes(1));
  put_forward_by(cluster, minutes(180));
  cluster.advance(minutes(5) + seconds(1));
  cluster.ask(CheckTime{});
  EXPECT_TRUE(cluster.state.find_node(NodeId{0})->is_lost);
}

/// faults --seed 11: the next controller's clock has nothing to be compared with.
TEST(ClockSet, ForwardOverARestartEndsNoJob) {
  Cluster cluster(fleet().nodes(1));
  const JobId running = cluster.run(job().minutes(10));
  cluster.advance(minutes(180));
  cluster.restart_controller();
  cluster.advance(seconds(61));
  cluster.ask(CheckTime{});
  EXPECT_EQ(cluster.job_state(running), JobState::running);
}

TEST(ClockSet, BackOverARestartStillRollsBackAStartThatNobodyAnswers) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = *cluster.submit(job().nodes(2));
  cluster.schedule();
  cluster.now = cluster.now - minutes(180);
  cluster.restart_controller();
  cluster.advance(seconds(61));
  cluster.ask(CheckTime{});
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
}

}  // namespace
}  // namespace cox::core
