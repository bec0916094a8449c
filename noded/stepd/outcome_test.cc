// Merging of task and node results.
#include "noded/stepd/outcome.h"

#include <gtest/gtest.h>

namespace cox::stepd {
namespace {

TEST(Outcome, the_highest_exit_status_wins) {
  const auto result =
      merge_tasks({{0, 3, 0, false}, {1, 0, 0, false}, {2, 7, 0, false}}, EndCause::finished);
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.tasks_failed, 2U);
}

TEST(Outcome, a_signal_counts_as_128_more) {
  const auto result = merge_tasks({{0, 3, 0, false}, {1, 0, 9, false}}, EndCause::finished);
  EXPECT_EQ(result.signal, 9);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(exit_status(result), 137);
}

TEST(Outcome, tasks_ended_because_another_failed_do_not_hide_its_status) {
  const auto result =
      merge_tasks({{0, 3, 0, false}, {1, 0, 15, true}, {2, 0, 9, true}}, EndCause::bad_exit);
  EXPECT_EQ(exit_status(result), 3);
  EXPECT_EQ(result.tasks_failed, 1U);
}

TEST(Outcome, tasks_ended_because_another_could_not_start_do_not_hide_its_status) {
  const auto result =
      merge_tasks({{0, 127, 0, false}, {1, 0, 15, true}, {2, 0, 9, true}}, EndCause::launch_failed);
  EXPECT_EQ(exit_status(result), 127);
  EXPECT_EQ(result.tasks_failed, 1U);
}

TEST(Outcome, a_cancelled_task_shows_its_signal) {
  EXPECT_EQ(merge_tasks({{0, 0, 15, true}}, EndCause::cancelled).signal, 15);
}

TEST(Outcome, nodes_merge_to_the_highest_status_and_the_strongest_cause) {
  StepResult failed;
  failed.exit_code = 3;
  failed.tasks_failed = 1;
  failed.usage = Usage{10, 20, 300};
  StepResult lost;
  lost.cause = EndCause::supervisor_lost;
  lost.detail = "gone";
  lost.usage = Usage{1, 2, 400};
  for (const auto& merged : {merge_nodes(failed, lost), merge_nodes(lost, failed)}) {
    EXPECT_EQ(merged.cause, EndCause::supervisor_lost);
    EXPECT_EQ(merged.exit_code, 3);
    EXPECT_EQ(merged.detail, "gone");
    EXPECT_EQ(merged.tasks_failed, 1U);
    EXPECT_EQ(merged.usage, (Usage{11, 22, 400}));
  }
}

}  // namespace
}  // namespace cox::stepd
