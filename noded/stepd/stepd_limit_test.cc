// The time limit of a job that is changed while its supervisor counts.
#include <gtest/gtest.h>

#include <csignal>

#include "noded/stepd/stepd_world.h"

namespace cox::stepd {
namespace {

constexpr Duration hour = minutes(60);
constexpr std::uint32_t ended = 3;

void say_limit(const Voice& voice, Duration limit) {
  wire::StepMessage message;
  message.mutable_limit()->set_limit_us(limit.us);
  voice.say(message);
}

wire::StepStart limited(wire::StepStart start, Duration left) {
  start.mutable_spec()->set_time_left_us(left.us);
  return start;
}

/// No client has to come for the output.
StepRequest to_file() {
  StepRequest request;
  request.output = "step.out";
  return request;
}

TEST(TimeLimit, that_is_shortened_ends_what_runs) {
  World world;
  const Stepd& stepd = world.launch(limited(world.batch("#!/bin/sh\nsleep 1000\n"), hour));
  say_limit(stepd.parent, milliseconds(20));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::time_limit);
}

TEST(TimeLimit, that_is_lengthened_lets_it_run_on) {
  World world;
  const Stepd& stepd =
      world.launch(limited(world.batch("#!/bin/sh\nsleep 1\nexit 7\n"), milliseconds(900)));
  say_limit(stepd.parent, hour);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::finished);
  EXPECT_EQ(stepd.parent.result().exit_code, 7);
}

TEST(TimeLimit, that_is_changed_before_go_counts_from_go) {
  World world;
  const Stepd& stepd = world.spawn(limited(world.batch("#!/bin/sh\nsleep 1000\n"), hour));
  say_limit(stepd.parent, milliseconds(20));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == 1; }));
  stepd.parent.say_go();
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::time_limit);
}

TEST(TimeLimit, of_the_job_is_less_for_a_step_that_came_later) {
  World world;
  auto start = limited(world.interactive({"/bin/sleep", "1000"}, {1}, 0, to_file()), hour);
  start.mutable_spec()->set_ran_us(minutes(30).us);
  const Stepd& stepd = world.launch(start);
  say_limit(stepd.parent, minutes(30) + milliseconds(20));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::time_limit);
}

TEST(TimeLimit, of_the_step_itself_stays) {
  World world;
  StepRequest request = to_file();
  request.time_limit = milliseconds(200);
  const Stepd& stepd =
      world.launch(limited(world.interactive({"/bin/sleep", "1000"}, {1}, 0, request), minutes(1)));
  say_limit(stepd.parent, hour);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::time_limit);
}

/// Tells each signal it gets.
constexpr const char* counting =
    "#!/bin/bash\n"
    "trap 'echo usr1' USR1\n"
    "echo ready\nwhile :; do sleep 0.01; done\n";

TEST(TimeLimit, that_is_drawn_back_behind_its_signal_gives_the_signal_once) {
  World world;
  JobRequest job;
  job.common.edit().early_signal = {SIGUSR1, seconds(600), true};
  const Stepd& stepd = world.launch(limited(world.batch(counting, job), hour));
  ASSERT_TRUE(world.until([&] { return world.file("cox-12.out") == "ready\n"; }));
  say_limit(stepd.parent, seconds(601));
  say_limit(stepd.parent, seconds(601));
  say_limit(stepd.parent, seconds(500));
  const auto has_heard = [&] { return world.file("cox-12.out").find("usr1") != std::string::npos; };
  ASSERT_TRUE(world.until(has_heard));
  // One that is told again changes nothing: what follows is heard behind it.
  say_limit(stepd.parent, seconds(500));
  stepd.parent.say_end(EndCause::cancelled);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_TRUE(world.file("cox-12.out").starts_with("ready\nusr1\n")) << world.file("cox-12.out");
  EXPECT_EQ(world.file("cox-12.out").find("usr1"), world.file("cox-12.out").rfind("usr1"));
}

void say_pause(const Voice& voice, bool stands) {
  wire::StepMessage message;
  message.mutable_pause()->set_stands(stands);
  voice.say(message);
}

TEST(TimeLimit, does_not_count_while_the_tasks_stand_still) {
  World world;
  const Stepd& stepd = world.launch(
      limited(world.batch("#!/bin/sh\necho up\nsleep 1\nexit 7\n"), milliseconds(900)));
  say_pause(stepd.parent, true);
  say_pause(stepd.parent, true);
  // Here nobody makes it stand still: it ends, long after what its limit was.
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::finished);
  EXPECT_EQ(stepd.parent.result().exit_code, 7);
}

TEST(TimeLimit, goes_on_counting_where_it_stopped) {
  World world;
  const Stepd& stepd =
      world.launch(limited(world.batch("#!/bin/sh\nsleep 1000\n"), milliseconds(50)));
  say_pause(stepd.parent, true);
  say_limit(stepd.parent, milliseconds(60));
  say_pause(stepd.parent, false);
  say_pause(stepd.parent, false);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::time_limit);
}

TEST(TimeLimit, of_what_stands_still_before_its_go_counts_from_when_it_goes_on) {
  World world;
  auto start = limited(world.batch("#!/bin/sh\nsleep 1000\n"), milliseconds(50));
  start.set_go_at_once(true);
  start.set_stands(true);
  const Stepd& stepd = world.spawn(start);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == 1; })) << "it does not go by itself";
  say_pause(stepd.parent, true);
  say_pause(stepd.parent, false);
  stepd.parent.say_go();
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::time_limit);
}

TEST(TimeLimit, that_is_no_time_is_left_out) {
  World world;
  const Stepd& stepd = world.launch(limited(world.batch("#!/bin/sh\nexit 3\n"), hour));
  say_limit(stepd.parent, Duration{0});
  say_limit(stepd.parent, Duration{-1});
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().exit_code, 3);
}

}  // namespace
}  // namespace cox::stepd
