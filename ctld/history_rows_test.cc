// Facts that end something have their row: here those that no other test makes.
#include "ctld/history_rows.h"

#include <gtest/gtest.h>

namespace cox::ctld {
namespace {

TEST(HistoryRows, a_job_of_which_nothing_can_be_read_has_a_row) {
  core::JobQuarantined fact;
  fact.job = JobId{21};
  fact.at = Instant{5};
  fact.why = "its record fails its checksum";
  HistoryRows rows;
  add_history_rows(core::State{}, fact, 7, &rows);
  ASSERT_EQ(rows.attempts.size(), 1U);
  const AttemptRow& row = rows.attempts.front();
  EXPECT_EQ(row.job, JobId{21});
  EXPECT_TRUE(row.is_last);
  EXPECT_EQ(row.sequence, 7U);
  EXPECT_EQ(row.state, "FAILED");
  EXPECT_EQ(row.failure, "record");
  EXPECT_EQ(row.reason, fact.why);
  EXPECT_EQ(row.ended, fact.at);
}

}  // namespace
}  // namespace cox::ctld
