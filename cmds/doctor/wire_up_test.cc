// Which nodes a wire-up is tried on, and what is said of how it went.
#include "cmds/doctor/wire_up.h"

#include <gtest/gtest.h>

namespace cox::cmds {
namespace {

void add(wire::NodeList& list,
         const std::string& name,
         const std::string& kind,
         const std::string& state,
         std::uint32_t used) {
  wire::NodeView& node = *list.add_nodes();
  node.set_name(name);
  node.set_node_class(kind);
  node.set_state(state);
  node.set_cores(4);
  node.set_cores_used(used);
}

TEST(WireUp, is_tried_on_nodes_of_each_class_that_have_room) {
  wire::NodeList list;
  add(list, "n1", "aa", "down", 0);
  add(list, "n2", "aa", "idle", 0);
  add(list, "n3", "aa", "mixed", 3);
  add(list, "n4", "aa", "mixed", 2);
  add(list, "n5", "aa", "idle", 0);
  add(list, "n6", "bb", "allocated", 4);
  std::vector<std::string> left_out;
  const auto probed = classes_to_probe(list, &left_out);
  ASSERT_EQ(probed.size(), 1U);
  EXPECT_EQ(probed[0].nodes, (std::vector<std::string>{"n2", "n4"}));
  EXPECT_EQ(probed[0].tasks, 4U);
  EXPECT_EQ(left_out, std::vector<std::string>{"bb"});
}

const ProbedClass two{"0123456789", {"n1", "n2"}, 2};

/// "failed DETAIL (MEND)".
std::string said(int status, const std::string& output) {
  const Finding finding = judge_probe(two, "pmix", status, output);
  return std::string(grade_word(finding.grade)) + " " + finding.detail +
         (finding.mend.empty() ? "" : " (" + finding.mend + ")");
}

const std::string at = " class 01234567 (n[1-2]), pmix: ";

TEST(WireUp, of_all_tasks_is_good) {
  EXPECT_EQ(said(0, "wired 1 2 PMIx 4.2\nwired 0 2 PMIx 4.2"), "ok" + at + "2 tasks, PMIx 4.2");
}

TEST(WireUp, of_worlds_of_one_is_named) {
  EXPECT_EQ(said(0, "wired 0 1 PMIx 4.2\nwired 0 1 PMIx 4.2")
                .find("failed" + at + "2 tasks are so many worlds of one rank"),
            0U);
}

TEST(WireUp, that_breaks_names_the_task_and_the_variable) {
  EXPECT_EQ(said(1,
                 "wired 0 2 PMIx 4.2\nbroken 1 PMIX_RANK is not set in the environment of the "
                 "task\ncox: job 3: a task failed"),
            "failed" + at +
                "rank 1 PMIX_RANK is not set in the environment of the task (nothing that starts "
                "the task may take it away: a prolog, or a wrapper of the site)");
}

TEST(WireUp, between_two_releases_is_a_warning_where_it_works) {
  const std::string both = "PMIx: programs load PMIx 3.2, the server has 4.2";
  EXPECT_EQ(said(0, "wired 0 2 " + both + "\nwired 1 2 " + both)
                .find("warning" + at + "2 tasks, " + both + " (let programs load"),
            0U);
}

TEST(WireUp, that_is_not_whole_or_did_not_begin_says_what_is_known) {
  EXPECT_EQ(said(0, "wired 0 2 PMIx 4.2").find("failed" + at + "1 of 2 tasks found each other"),
            0U);
  EXPECT_EQ(
      said(125, "cox: job 7: no").find("failed" + at + "0 of 2 tasks found each other: cox: "), 0U);
  EXPECT_EQ(said(127, "cox: coxstepd: not found").find("failed" + at + "cox: coxstepd"), 0U);
  EXPECT_EQ(said(124, "").find("warning" + at + "no job began"), 0U);
}

}  // namespace
}  // namespace cox::cmds
