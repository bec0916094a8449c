// A gang in which one node cannot prepare: all of it starts or none of it.
#include <gtest/gtest.h>

#include <cstdio>

#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

class Gang : public ::testing::Test {
 protected:
  // Where the attempt's private directory should be made there is a file.
  void break_node(const std::string& name) const {
    const std::string tmp = cluster_.dir() + "/tmp-" + name;
    EXPECT_EQ(std::rename(tmp.c_str(), (tmp + ".away").c_str()), 0);
    cluster_.write("../tmp-" + name, "in the way");
  }

  void mend_node(const std::string& name) const {
    const std::string tmp = cluster_.dir() + "/tmp-" + name;
    EXPECT_EQ(std::remove(tmp.c_str()), 0);
    EXPECT_EQ(std::rename((tmp + ".away").c_str(), tmp.c_str()), 0);
  }

  wire::NodeView node(const std::string& name) {
    for (const wire::NodeView& view : client_.nodes()) {
      if (view.name() == name) return view;
    }
    return {};
  }

  Cluster cluster_{{.nodes = 3}};
  Client client_ = cluster_.client();
};

TEST_F(Gang, with_a_node_that_cannot_prepare_keeps_its_place_and_runs_later) {
  break_node("n2");
  const auto gang = client_.submit(cluster_.job("echo gang >> order").nodes(3).exclusive());
  const auto later = client_.submit(cluster_.job("echo later >> order").nodes(3).exclusive());
  EXPECT_TRUE(eventually([&] { return !node("n2").reason().empty(); }));
  EXPECT_NE(node("n2").reason().find("tmp-n2"), std::string::npos) << node("n2").reason();
  EXPECT_TRUE(client_.reaches(gang, "PENDING"));
  EXPECT_EQ(cluster_.file("order"), "");
  mend_node("n2");
  EXPECT_TRUE(client_.act_on_node(wire::NodeAction::RESUME, "n2"));
  EXPECT_EQ(client_.end_of(gang).state(), "COMPLETED");
  EXPECT_EQ(client_.end_of(later).state(), "COMPLETED");
  EXPECT_EQ(cluster_.file("order"), "gang\nlater\n");
  cluster_.expect_nothing_left();
}

TEST_F(Gang, runs_at_once_where_enough_other_nodes_are_there) {
  break_node("n2");
  const auto all = client_.submit(cluster_.job("echo never").nodes(3));
  EXPECT_TRUE(eventually([&] { return !node("n2").reason().empty(); }));
  const auto two = client_.submit(cluster_.job("true").nodes(2));
  EXPECT_EQ(client_.end_of(two).state(), "COMPLETED");
  EXPECT_EQ(client_.view(two).node_list(), "n[1,3]");
  EXPECT_TRUE(client_.act(wire::JobAction::CANCEL, all));
  EXPECT_EQ(client_.end_of(all).state(), "CANCELLED");
  mend_node("n2");
  cluster_.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
