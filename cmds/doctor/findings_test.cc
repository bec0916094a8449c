// What cox doctor says of what a controller tells of itself.
#include "cmds/doctor/findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cox::cmds {
namespace {

std::vector<std::string> failures(const wire::StatusReply& status) {
  std::vector<Finding> findings;
  examine_controller(status, {}, &findings);
  std::vector<std::string> failed;
  for (const Finding& one : findings) {
    if (one.grade == Grade::failed) failed.push_back(one.name + ": " + one.detail);
  }
  return failed;
}

TEST(Doctor, a_controller_that_can_be_changed_has_no_failure) {
  wire::StatusReply status;
  status.set_version(COX_VERSION);
  EXPECT_TRUE(failures(status).empty());
}

TEST(Doctor, a_full_disk_and_what_could_not_be_read_are_failures) {
  wire::StatusReply status;
  status.set_version(COX_VERSION);
  status.set_storage_full(true);
  status.set_jobs_quarantined(2);
  status.add_records_lost("journal record 7 is missing");
  EXPECT_EQ(failures(status),
            (std::vector<std::string>{
                "state: the disk is full: nothing can be changed, jobs go on",
                "state: jobs in quarantine: 2",
                "state: 1 unreadable records of unknown jobs, the first: journal record 7 is "
                "missing"}));
}

}  // namespace
}  // namespace cox::cmds
