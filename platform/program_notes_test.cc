// A daemon that was killed left programs: the next one finds and ends them, and nothing else.
#include "platform/program_notes.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "common/text.h"
#include "platform/loop_programs.h"
#include "platform/process.h"
#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

class ProgramNotesTest : public ::testing::Test {
 protected:
  /// A shell that says so in `began` when it has begun, as a child of ours.
  Spawned begin(const std::string& line, const std::vector<std::string>& environment) {
    SpawnRequest request;
    request.argv = {"sh", "-c", "echo $$ >> " + dir_ / "began" + "; " + line};
    request.environment = environment;
    request.environment.emplace_back("PATH=/usr/bin:/bin");
    request.new_group = true;
    auto spawned = spawn(request);
    EXPECT_TRUE(spawned) << spawned.error().message;
    return std::move(*spawned);
  }

  /// Their pids, once `count` have begun.
  std::vector<int> begun(std::size_t count) {
    while (true) {
      std::vector<int> pids;
      const std::string text = read_file(dir_ / "began", 1U << 16).value_or("");
      for (const auto line : split(text, '\n')) {
        if (const auto pid = parse_u64(line)) pids.push_back(static_cast<int>(*pid));
      }
      if (pids.size() >= count) return pids;
      ::sched_yield();
    }
  }

  ScratchDir dir_;
  ProgramNotes notes_{dir_ / "notes"};
};

TEST_F(ProgramNotesTest, what_a_killed_daemon_left_is_ended_wherever_it_went) {
  const auto name = notes_.begin(1);
  ASSERT_TRUE(name) << name.error().message;
  const std::string away =
      "setsid sh -c 'echo $$ >> " + dir_ / "began" + "; exec sleep 1000' & wait";
  const Spawned child = begin(away, {notes_.marker(*name)});
  notes_.started(*name, child.pid);
  const Spawned other = begin("exec sleep 1000", {"COX_PROGRAM=prolog"});
  const auto pids = begun(3);
  const ProgramNotes::Left left = ProgramNotes(dir_ / "notes").end_left();
  EXPECT_EQ(left.ended, 1U);
  EXPECT_EQ(left.survivors, 0U);
  for (const int pid : pids) EXPECT_EQ(is_running(pid), pid == other.pid) << pid;
  EXPECT_FALSE(path_exists(dir_ / "notes"));
  EXPECT_EQ(ProgramNotes(dir_ / "notes").end_left().ended, 0U);
  ::kill(other.pid, SIGKILL);
  EXPECT_TRUE(wait_for(other.pid));
  EXPECT_TRUE(wait_for(child.pid));
}

TEST_F(ProgramNotesTest, one_whose_daemon_was_killed_before_it_knew_its_process_is_ended_too) {
  const auto name = notes_.begin(1);
  ASSERT_TRUE(name) << name.error().message;
  const Spawned child = begin("exec sleep 1000", {notes_.marker(*name)});
  begun(1);
  EXPECT_EQ(notes_.end_left().ended, 1U);
  EXPECT_TRUE(wait_for(child.pid));
}

TEST_F(ProgramNotesTest, one_that_dropped_its_environment_is_known_by_its_process) {
  const auto name = notes_.begin(1);
  ASSERT_TRUE(name) << name.error().message;
  const Spawned child = begin("exec sleep 1000", {});
  notes_.started(*name, child.pid);
  begun(1);
  EXPECT_EQ(notes_.end_left().ended, 1U);
  EXPECT_TRUE(wait_for(child.pid));
}

TEST_F(ProgramNotesTest, one_that_ended_leaves_none_and_what_it_began_goes_on) {
  const auto loop = *Loop::open();
  Programs programs(*loop, dir_ / "notes");
  const std::string script = dir_ / "prolog";
  ASSERT_TRUE(write_file_atomic(script,
                                "#!/bin/sh\nexec >/dev/null 2>&1\n"
                                "sh -c 'echo $$ >> " +
                                    dir_ / "began" + "; exec sleep 1000' &\n",
                                {.mode = 0755}));
  bool is_good = false;
  programs.run({script, {}, minutes(1), true}, [&](const ProgramEnd& end) {
    is_good = end.is_good;
    loop->stop();
  });
  EXPECT_TRUE(path_exists(dir_ / "notes"));
  loop->run();
  EXPECT_TRUE(is_good);
  EXPECT_FALSE(path_exists(dir_ / "notes"));
  const int left = begun(1).front();
  EXPECT_EQ(Programs(*loop, dir_ / "notes").end_left().ended, 0U);
  EXPECT_TRUE(is_running(left));
  ::kill(left, SIGKILL);
}

TEST_F(ProgramNotesTest, one_that_cannot_be_noted_does_not_begin) {
  ASSERT_TRUE(write_file_atomic(dir_ / "notes", "no directory"));
  const auto loop = *Loop::open();
  Programs programs(*loop, dir_ / "notes");
  std::string how;
  programs.run({"/bin/true", {}, minutes(1), true}, [&](const ProgramEnd& end) { how = end.how; });
  EXPECT_NE(how.find("notes"), std::string::npos) << how;
}

}  // namespace
}  // namespace cox::platform
