// A job that an operator makes stand still, and go on, with the machine's own means.
#include <gtest/gtest.h>

#include <string>

#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

class Suspended : public ::testing::Test {
 protected:
  Suspended() {
    id_ = client_.submit(
        cluster_.job("echo $$ > task; while :; do echo tick >> ticks; sleep 0.02; done"));
    cluster_.shows("ticks", "tick");
    task_ = std::stoi(cluster_.file("task"));
  }

  bool stands_still() const {
    return eventually([this] {
      const char seen = process_state(task_);
      return seen == 'D' || seen == 'T';
    });
  }

  bool goes_on() const {
    const std::size_t before = cluster_.file("ticks").size();
    return eventually([&] { return cluster_.file("ticks").size() > before; });
  }

  Cluster cluster_{{.nodes = 1}};
  Client client_ = cluster_.client();
  std::uint64_t id_ = 0;
  int task_ = 0;
};

TEST_F(Suspended, stands_still_and_goes_on) {
  EXPECT_TRUE(client_.act(wire::JobAction::SUSPEND, id_));
  EXPECT_EQ(client_.state(id_), "SUSPENDED");
  EXPECT_TRUE(stands_still()) << process_state(task_);
  EXPECT_TRUE(client_.act(wire::JobAction::RESUME, id_));
  EXPECT_EQ(client_.state(id_), "RUNNING");
  EXPECT_TRUE(goes_on());
  EXPECT_TRUE(client_.act(wire::JobAction::CANCEL, id_));
  EXPECT_EQ(client_.end_of(id_).state(), "CANCELLED");
  cluster_.expect_nothing_left();
}

TEST_F(Suspended, can_be_cancelled_as_it_stands) {
  EXPECT_TRUE(client_.act(wire::JobAction::SUSPEND, id_));
  EXPECT_TRUE(stands_still()) << process_state(task_);
  EXPECT_TRUE(client_.act(wire::JobAction::CANCEL, id_));
  EXPECT_EQ(client_.end_of(id_).state(), "CANCELLED");
  cluster_.expect_nothing_left();
}

TEST_F(Suspended, stands_still_when_controller_and_node_daemon_were_killed) {
  EXPECT_TRUE(client_.act(wire::JobAction::SUSPEND, id_));
  EXPECT_TRUE(stands_still()) << process_state(task_);
  cluster_.kill_controller();
  cluster_.kill_node(0);
  cluster_.start_controller();
  cluster_.start_node(0);
  EXPECT_TRUE(cluster_.hears_all_nodes());
  EXPECT_EQ(client_.state(id_), "SUSPENDED");
  EXPECT_TRUE(stands_still()) << process_state(task_);
  EXPECT_TRUE(client_.act(wire::JobAction::RESUME, id_));
  EXPECT_TRUE(goes_on());
  EXPECT_TRUE(client_.act(wire::JobAction::CANCEL, id_));
  EXPECT_EQ(client_.end_of(id_).state(), "CANCELLED");
  cluster_.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
