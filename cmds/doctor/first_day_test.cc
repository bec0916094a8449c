// What cannot be provoked on one machine: clocks apart, nodes of several machines, users unknown.
#include "cmds/doctor/first_day.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cox::cmds {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t noon_us = 1'800'000'000 * second_us;

Finding clock(std::int64_t told_us) {
  wire::StatusReply status;
  status.set_now_us(told_us);
  std::vector<Finding> findings;
  examine_clock(status, noon_us, noon_us + second_us, &findings);
  EXPECT_EQ(findings.size(), 1U);
  return findings.at(0);
}

TEST(Doctor, ClocksMayDifferByWhatAnAnswerTakesAndTwoSeconds) {
  EXPECT_EQ(clock(noon_us).grade, Grade::ok);
  EXPECT_EQ(clock(noon_us - 2 * second_us).grade, Grade::ok);
  EXPECT_EQ(clock(noon_us + 3 * second_us).grade, Grade::ok);
  EXPECT_EQ(clock(noon_us - 60 * second_us).grade, Grade::failed);
  EXPECT_THAT(clock(noon_us - 60 * second_us).detail, HasSubstr("60 s behind"));
  EXPECT_THAT(clock(noon_us + 61 * second_us).detail, HasSubstr("60 s ahead of"));
}

TEST(Doctor, ASilentMungedIsFoundWithItsMend) {
  std::vector<Finding> findings;
  examine_munge(std::string("MUNGE:AwQ=:"), &findings);
  EXPECT_EQ(findings.at(0).grade, Grade::ok);
  examine_munge(fail(Code::unreachable, "munge: Error: Failed to access \"/run/munge/socket\""),
                &findings);
  EXPECT_EQ(findings.at(1).grade, Grade::failed);
  EXPECT_THAT(findings[1].detail, HasSubstr("/run/munge/socket"));
  EXPECT_THAT(findings[1].mend, HasSubstr("start munge"));
  examine_munge(fail(Code::unreachable, "munge: munge: no such program in PATH"), &findings);
  EXPECT_THAT(findings.at(2).mend, HasSubstr("install munge"));
}

void add_node(wire::NodeList* nodes,
              const std::string& name,
              const std::string& state,
              const std::string& reason) {
  wire::NodeView* node = nodes->add_nodes();
  node->set_name(name);
  node->set_state(state);
  node->set_reason(reason);
}

TEST(Doctor, UsersWhomANodeDoesNotKnowAreOneFinding) {
  wire::NodeList nodes;
  add_node(&nodes, "n1", "resting", "job 7: user ada (1001) is unknown on this node: no such user");
  add_node(&nodes, "n2", "failed", "job 8: user ada (1001) is unknown on this node: no such user");
  add_node(&nodes, "n3", "resting", "job 9: no space left on device");
  add_node(&nodes, "n4", "idle", "");
  std::vector<Finding> findings;
  examine_starts(nodes, &findings);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].name, "users");
  EXPECT_THAT(findings[0].detail, HasSubstr("n[1-2]: "));
  EXPECT_THAT(findings[0].mend, HasSubstr("getent passwd"));
  EXPECT_THAT(findings[1].detail, HasSubstr("n3: job 9: no space"));
}

TEST(Doctor, NodesOfSeveralMachinesNeedAddresses) {
  wire::NodeList nodes;
  add_node(&nodes, "n1", "idle", "");
  add_node(&nodes, "n2", "idle", "");
  const std::string boot(36, 'a');
  nodes.mutable_nodes(0)->set_boot_id(boot);
  nodes.mutable_nodes(1)->set_boot_id(boot + "-1234");
  std::vector<Finding> findings;
  examine_addresses(nodes, &findings);
  EXPECT_TRUE(findings.empty()) << "one machine";
  nodes.mutable_nodes(1)->set_boot_id(std::string(36, 'b'));
  nodes.mutable_nodes(1)->set_address("10.0.0.2");
  examine_addresses(nodes, &findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].detail, ::testing::EndsWith(": n1"));
}

}  // namespace
}  // namespace cox::cmds
