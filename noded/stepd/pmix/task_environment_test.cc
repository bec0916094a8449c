// What Open MPI is told about nodes of several kinds.
#include "noded/stepd/pmix/task_environment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace cox::stepd {
namespace {

bool has(const std::vector<std::string>& variables, const std::string& wanted) {
  return std::find(variables.begin(), variables.end(), wanted) != variables.end();
}

TEST(OpenMpiVariables, LeaveNetworksAloneOnANodeThatHasThem) {
  EXPECT_TRUE(open_mpi_variables({"", false, true}).empty());
}

TEST(OpenMpiVariables, NameWhatIsLeftOnANodeWithLoopbackOnly) {
  const auto variables = open_mpi_variables({"/dev/shm/x", true, false});
  EXPECT_TRUE(has(variables, "OMPI_MCA_btl_tcp_if_include=lo"));
  EXPECT_TRUE(has(variables, "OMPI_MCA_pml=ob1"));
  EXPECT_TRUE(has(variables, "OMPI_MCA_btl_vader_backing_directory=/dev/shm/x"));
}

TEST(Fabric, IsSeenByADeviceOfItsClass) {
  char name[] = "/tmp/coxclass-XXXXXX";
  const std::string root = ::mkdtemp(name);
  EXPECT_FALSE(has_fabric(root));
  std::filesystem::create_directories(root + "/infiniband");
  EXPECT_FALSE(has_fabric(root)) << "a driver without a device";
  std::filesystem::create_directories(root + "/infiniband/mlx5_0");
  EXPECT_TRUE(has_fabric(root));
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace cox::stepd
