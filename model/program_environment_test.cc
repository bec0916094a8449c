// The variables of prologs and epilogs, on nodes and on the controller alike, are those of the
// page.
#include "model/program_environment.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace cox {
namespace {

UserIdentity ada() {
  UserIdentity user;
  user.uid = 1001;
  user.gid = 100;
  user.name = "ada";
  return user;
}

ProgramAttempt attempt() {
  ProgramAttempt about;
  about.program = "prolog";
  about.attempt = {JobId{7}, Attempt{2}};
  about.job_name = "bow wave";
  about.nodes = {"n1", "n2"};
  return about;
}

using Entries = std::vector<std::string>;

TEST(ProgramEnvironment, TellsTheJobItsUserAndItsNodes) {
  EXPECT_EQ(ProgramEnvironment(attempt(), ada()).add("COX_NODE_NAME", "n1").take(),
            (Entries{"COX_PROGRAM=prolog", "COX_JOB_ID=7", "COX_ATTEMPT=2", "COX_JOB_NAME=bow wave",
                     "COX_JOB_USER=ada", "COX_JOB_UID=1001", "COX_JOB_GID=100", "COX_NNODES=2",
                     "COX_NODELIST=n[1-2]", "COX_NODE_NAME=n1"}));
}

TEST(ProgramEnvironment, TellsWhichElementOfAnArray) {
  ProgramAttempt about = attempt();
  about.array = JobId{5};
  const Entries entries = ProgramEnvironment(about, ada()).take();
  ASSERT_GE(entries.size(), 2U);
  EXPECT_EQ(entries[entries.size() - 2], "COX_ARRAY_ID=5");
  EXPECT_EQ(entries.back(), "COX_ARRAY_INDEX=0");
}

TEST(ProgramEnvironment, HasNothingThatThePageDoesNotName) {
  std::ifstream file(COX_SOURCE_DIR "/man/coxswain.toml.5");
  std::ostringstream page;
  page << file.rdbuf();
  ProgramAttempt about = attempt();
  about.array = JobId{5};
  for (const std::string& entry : ProgramEnvironment(about, ada()).take()) {
    const std::string name = entry.substr(0, entry.find('='));
    EXPECT_NE(page.str().find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace cox
