// What people are shown of a job: see replies.h.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ctld/translate/replies.h"
#include "testsuite/support/cluster.h"

namespace cox::ctld {
namespace {

using namespace cox::testing;

std::vector<std::string> devices_shown(Cluster& cluster, JobId id) {
  wire::JobView view;
  put_job(cluster.state, cluster.plan(), cluster.job(id), Detail::full, &view);
  std::vector<std::string> shown;
  for (const wire::NodeShareView& share : view.shares()) shown.push_back(share.devices());
  return shown;
}

TEST(JobView, tells_of_which_kind_its_devices_are_and_which_of_them_it_has) {
  Cluster cluster(fleet().nodes(2).devices("gpu", 4).pool("scratch", 10));
  const JobId first = cluster.run(job().devices("gpu", 3));
  const JobId second = cluster.run(job().devices("gpu", 1).devices("scratch", 7));
  const JobId none = cluster.run(job());
  EXPECT_EQ(devices_shown(cluster, first), std::vector<std::string>{"gpu:3(0-2)"});
  EXPECT_EQ(devices_shown(cluster, second), std::vector<std::string>{"gpu:1(3),scratch:7"});
  EXPECT_EQ(devices_shown(cluster, none), std::vector<std::string>{""});
}

TEST(JobView, a_job_whose_start_was_undone_has_no_part_of_a_node) {
  Cluster cluster(fleet().nodes(1).cores(4));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  ASSERT_EQ(devices_shown(cluster, id).size(), 1U) << "it starts";
  cluster.failed(NodeId{0}, id, "no cgroup");
  cluster.answer_all();
  ASSERT_EQ(cluster.job_state(id), JobState::pending);
  EXPECT_TRUE(devices_shown(cluster, id).empty());
}

}  // namespace
}  // namespace cox::ctld
