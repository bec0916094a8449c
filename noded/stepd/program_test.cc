// Reading dynamic sections, and finding the file that is run.
#include "noded/stepd/program.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "noded/stepd/elf.h"
#include "noded/stepd/plan_builder.h"
#include "platform/file.h"

namespace cox::stepd {
namespace {

ReadAt from(const std::string& image) {
  return [&image](std::uint64_t offset, std::size_t size) {
    return offset >= image.size() ? std::string() : image.substr(offset, size);
  };
}

const std::string& own_image() {
  static const std::string image =
      platform::read_file("/proc/self/exe", std::size_t{512} << 20).value_or("");
  return image;
}

TEST(NeededLibraries, of_this_test_include_the_c_library) {
  const auto needs = elf_needs(from(own_image()));
  ASSERT_TRUE(needs) << needs.error().message;
  EXPECT_NE(std::find(needs->libraries.begin(), needs->libraries.end(), "libc.so.6"),
            needs->libraries.end());
}

TEST(NeededLibraries, a_script_has_none) {
  EXPECT_FALSE(elf_needs(from("#!/bin/sh\nexec true\n")));
  EXPECT_FALSE(elf_needs(from("")));
}

RC_GTEST_PROP(NeededLibraries,
              damaged_headers_never_crash,
              (const std::vector<std::pair<std::uint16_t, char>>& damage)) {
  std::string image = own_image().substr(0, 65'536);
  for (const auto& [offset, byte] : damage) {
    image[offset % 1024U] = byte;
  }
  const auto needs = elf_needs(from(image));
  RC_ASSERT(!needs || needs->libraries.size() <= 4096U);
}

TEST(Program, is_looked_up_in_the_jobs_path_not_ours) {
  StepPlan plan = two_node_plan();
  plan.job.common.edit().user.uid = ::geteuid();
  plan.job.common.edit().user.gid = ::getegid();
  plan.directory = "/";
  EXPECT_TRUE(inspect_program(plan, {"ls"}, {"PATH=/bin:/usr/bin"}).is_elf);
  EXPECT_EQ(inspect_program(plan, {"ls"}, {"PATH=/bin:/usr/bin"}).family, MpiFamily::none);
  EXPECT_FALSE(inspect_program(plan, {"ls"}, {"PATH=/nowhere"}).is_elf);
  EXPECT_FALSE(inspect_program(plan, {"no-such-program"}, {"PATH=/bin"}).is_elf);
}

TEST(Program, is_seen_through_those_that_are_put_before_it) {
  StepPlan plan = two_node_plan();
  plan.job.common.edit().user.uid = ::geteuid();
  plan.job.common.edit().user.gid = ::getegid();
  plan.directory = "/";
  const auto runs_others = [&plan](const std::vector<std::string>& argv) {
    return inspect_program(plan, argv, {"PATH=/bin:/usr/bin"}).runs_others;
  };
  EXPECT_TRUE(runs_others({"env", "-i", "A=b", "nice", "-n", "3", "ls"})) << "as far as is seen";
  EXPECT_TRUE(runs_others({"env", "A=b", "sh", "-c", "ls"}));
  EXPECT_TRUE(runs_others({"env", "-i"}));
  EXPECT_FALSE(runs_others({"ls", "env"}));
}

TEST(Program, that_may_start_an_mpi_program_is_known_by_its_name) {
  for (const char* name :
       {"/bin/sh", "bash", "/usr/bin/python3.11", "perl5.36.0", "/usr/bin/env", "timeout"}) {
    EXPECT_TRUE(starts_others(name)) << name;
  }
  for (const char* name : {"printenv", "hostname", "a.out", "", "/", "3"}) {
    EXPECT_FALSE(starts_others(name)) << name;
  }
}

}  // namespace
}  // namespace cox::stepd
