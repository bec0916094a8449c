// Traps of the list of what existing scripts and tools rely on that need no cluster; the others are
// in testsuite/cmds/slurm*.txt and srun.txt. docs/testing.md has the table.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/job_state.h"

namespace cox::cmds::slurm {
namespace {

TEST(SlurmTraps, ContractTrap30ReasonsAndStatesAreNoneThatToolsDoNotKnow) {
  // What PSI/J and Nextflow know; anything else stops them.
  const std::vector<std::string> reasons = {"None",
                                            "Priority",
                                            "Dependency",
                                            "Resources",
                                            "JobHeldUser",
                                            "JobHeldAdmin",
                                            "BeginTime",
                                            "ReqNodeNotAvail",
                                            "DependencyNeverSatisfied",
                                            "PartitionDown",
                                            "PartitionInactive",
                                            "PartitionNodeLimit",
                                            "PartitionTimeLimit",
                                            "PartitionConfig",
                                            "NodeDown",
                                            "BadConstraints",
                                            "Licenses",
                                            "Reservation",
                                            "JobArrayTaskLimit",
                                            "JobHoldMaxRequeue"};
  constexpr auto reason_last = static_cast<int>(Reason::licenses);
  for (int i = 0; i <= reason_last; ++i) {
    const std::string word(to_text(static_cast<Reason>(i)));
    EXPECT_TRUE(std::ranges::count(reasons, word) == 1) << word;
  }
  // One more would have to be looked up in that list first.
  EXPECT_FALSE(
      std::ranges::count(reasons, std::string(to_text(static_cast<Reason>(reason_last + 1)))));
  const std::vector<std::string> letters = {"PD", "R",  "S",  "CD", "CA", "F",   "TO", "NF",
                                            "PR", "BF", "DL", "CG", "CF", "OOM", "RS", "RQ",
                                            "RH", "SE", "ST", "RV", "RD", "SI",  "SO"};
  for (int i = 0; state_letters(static_cast<JobState>(i)) != "??"; ++i) {
    const std::string word(state_letters(static_cast<JobState>(i)));
    EXPECT_TRUE(std::ranges::count(letters, word) == 1) << word;
  }
}

}  // namespace
}  // namespace cox::cmds::slurm
