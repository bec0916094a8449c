// Lanes: what counting cores says when memory is taken as well.
#include "core/schedule/lane.h"

#include <gtest/gtest.h>

#include "core/schedule/trial.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

/// Nodes of eight cores with 1000 MiB for each.
class Memory : public ::testing::Test {
 protected:
  Lane lane() const {
    Running running;
    running.rebuild(cluster.state);
    return Lane(cluster.state, running, cluster.now, ready(), LaneUnit::cores, true);
  }

  Bitset ready() const { return ready_nodes(cluster.state, cluster.contact, "batch"); }

  /// The first start of so many cores for an hour, in minutes from now; rounded down.
  std::int64_t counted(Lane& lane, std::int64_t cores) const {
    const Second now = cluster.now.us / us_per_second;
    return (lane.earliest_counted(cores, minutes(60), now).value() - now) / 60;
  }

  Cluster cluster{fleet().nodes(1).cores(8).memory_mib(8000), in_order_with("conservative")};
};

TEST_F(Memory, IsNotCountedWhileEachJobHasItsCoresPart) {
  cluster.run(job().tasks(5).minutes(30));
  Lane one = lane();
  EXPECT_EQ(counted(one, 3), 0);
  EXPECT_EQ(counted(one, 4), 30);
}

TEST_F(Memory, IsCountedInCoresWhereAJobHasMore) {
  cluster.run(job().memory_mib(3000).minutes(90));
  cluster.run(job().tasks(4).minutes(30));
  Lane one = lane();
  EXPECT_EQ(counted(one, 1), 0);
  EXPECT_EQ(counted(one, 2), 30);
  EXPECT_EQ(counted(one, 6), 90);
  EXPECT_EQ(one.free_now(), 3) << "other requests are bounded by the cores themselves";
}

/// What one takes of the memory and another of the cores is not added up.
TEST_F(Memory, OnANodeIsTheLargerShareOfAllJobsTogether) {
  cluster.run(job().memory_mib(4000).minutes(20));
  cluster.run(job().tasks(6).memory_mib(600).minutes(40));
  Lane one = lane();
  EXPECT_EQ(counted(one, 1), 0);
  EXPECT_EQ(counted(one, 2), 20);
  EXPECT_EQ(counted(one, 8), 40);
}

TEST_F(Memory, OfAJobThatStartsLeavesWhatWasCountedItsStart) {
  cluster.run(job().tasks(5).minutes(30));
  Lane one = lane();
  const Second now = cluster.now.us / us_per_second;
  const auto taken = [&](std::int64_t memory) {
    return one.taken(cluster.state, {Part{NodeId{0}, 1, memory, {}, {}}});
  };
  EXPECT_TRUE(one.keeps_counted(taken(2000), now + 3600)) << "nothing was counted yet";
  one.reserve_counted(6, now + 1800, minutes(60));
  EXPECT_TRUE(one.keeps_counted(taken(2000), now + 3600));
  EXPECT_FALSE(one.keeps_counted(taken(2001), now + 3600));
  EXPECT_TRUE(one.keeps_counted(taken(2001), now + 1800)) << "it ends before";
  EXPECT_EQ(one.earliest_beside(taken(2001), minutes(60), now), now + 5400);
  one.start(taken(2000), now + 3600);
  EXPECT_FALSE(one.keeps_counted(taken(1), now + 3600));
}

}  // namespace
}  // namespace cox::core
