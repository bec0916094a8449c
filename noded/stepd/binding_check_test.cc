// What the kernel says of a task against what was planned.
#include "noded/stepd/binding_check.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "noded/stepd/stepd_world.h"
#include "platform/file.h"

namespace cox::stepd {
namespace {

constexpr const char* status_of_four = "Name:\tsolver\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3\n";
constexpr const char* maps_bound =
    "55d0c2a00000 bind:0-1 file=/bin/x N0=2\n7ff0 default stack N0=1\n";

TEST(BindingCheck, finds_nothing_where_both_are_as_planned) {
  EXPECT_EQ(binding_difference({"0-3", "0-1"}, status_of_four, maps_bound), "");
  EXPECT_EQ(binding_difference({"3,0-2", "1,0"}, status_of_four, maps_bound), "")
      << "lists may be in any order";
  EXPECT_EQ(binding_difference({"", ""}, status_of_four, maps_bound), "") << "nothing was planned";
}

TEST(BindingCheck, names_what_is_and_what_should_be) {
  EXPECT_EQ(binding_difference({"2-3", "0-1"}, status_of_four, maps_bound),
            "runs on cpus 0-3, not 2-3");
  EXPECT_EQ(binding_difference({"0-3", "1"}, status_of_four, maps_bound),
            "has memory policy bind:0-1, not bind:1");
  EXPECT_EQ(binding_difference({"0", "0"}, status_of_four, "400000 default file=/bin/x\n"),
            "runs on cpus 0-3, not 0 and has memory policy default, not bind:0");
}

TEST(BindingCheck, misses_nothing_of_a_task_that_has_ended) {
  EXPECT_EQ(binding_difference({"0", "0"}, "", ""), "");
  EXPECT_EQ(binding_difference({"0", "0"}, "Name:\tx\n", "garbage"), "");
}

wire::StepStart bound_step(const World& world, const std::string& memory) {
  auto start = world.interactive(
      {"/bin/sh", "-c", "grep ^Cpus_allowed_list /proc/$$/status; head -n 1 /proc/$$/numa_maps"},
      {1});
  start.add_task_cpus("0");
  start.add_task_memory(memory);
  start.add_binding_map("package 0 numa 0 l3 0: core 0 task 0");
  return start;
}

TEST(Binding, of_a_real_task_is_what_was_planned) {
  if (!platform::path_exists("/proc/self/numa_maps")) GTEST_SKIP() << "a kernel without NUMA";
  World world;
  const Stepd& stepd = world.launch(bound_step(world, "0"));
  const Voice& client = world.attach(stepd);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_NE(client.output.at(0).find("Cpus_allowed_list:\t0\n"), std::string::npos);
  EXPECT_NE(client.output.at(0).find(" bind:0 "), std::string::npos) << client.output.at(0);
  EXPECT_EQ(client.exit->detail, "");
  ASSERT_EQ(client.told.size(), 2U);
  EXPECT_EQ(client.told[1], "binding on n1: package 0 numa 0 l3 0: core 0 task 0");
}

TEST(Binding, that_could_not_be_carried_out_is_told_and_kept_with_the_step) {
  if (!platform::path_exists("/proc/self/numa_maps")) GTEST_SKIP() << "a kernel without NUMA";
  World world;
  auto start = bound_step(world, "1023");  // no machine of the tests has such a node
  start.mutable_spec()->mutable_request()->set_argv(2, "read x");
  const Stepd& stepd = world.launch(start);
  const Voice& client = world.attach(stepd);
  const std::string differs =
      "binding differs: task 0 on n1 has memory policy default, not bind:1023";
  ASSERT_TRUE(world.until([&] { return client.told.size() == 3; }));
  EXPECT_EQ(client.told[2], differs);
  client.say_input("\n", true);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.exit->exit_code, 0);
  EXPECT_EQ(client.exit->detail, differs);
}

}  // namespace
}  // namespace cox::stepd
