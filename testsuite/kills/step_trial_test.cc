// Each check of a trial bites, and nothing is held against what is documented.
#include "testsuite/kills/step_trial.h"

#include <gtest/gtest.h>

namespace cox::kills {
namespace {

using Complaints = std::vector<std::string>;

std::string lines(std::uint32_t rank, int from, int to, int all = 3) {
  std::string text;
  for (int line = from; line <= to; ++line) {
    text += "rank " + std::to_string(rank) + " line " + std::to_string(line) + " of " +
            std::to_string(all) + "\n";
  }
  return text;
}

StepTrial trial_of(StepStrike strike) {
  return {strike, StepMoment::running, false, 2, 3, true, false};
}

StepEnd well() {
  return {0, lines(1, 1, 2) + lines(0, 1, 3) + lines(1, 3, 3), "", "COMPLETED", 1};
}

StepEnd ended(int status, const std::string& state) {
  return {status, lines(0, 1, 1), "", state, 1};
}

TEST(StepTrial, that_ends_well_is_well_whatever_was_struck) {
  for (const auto strike :
       {StepStrike::rank, StepStrike::supervisor, StepStrike::short_cut, StepStrike::long_cut}) {
    EXPECT_EQ(judge(trial_of(strike), well()), Complaints{});
  }
}

TEST(StepTrial, may_end_otherwise_only_as_it_is_documented_for_what_was_struck) {
  EXPECT_EQ(judge(trial_of(StepStrike::rank), ended(137, "FAILED")), Complaints{});
  EXPECT_EQ(judge(trial_of(StepStrike::supervisor), ended(1, "NODE_FAIL")), Complaints{});
  EXPECT_EQ(judge(trial_of(StepStrike::long_cut), ended(1, "NODE_FAIL")), Complaints{});
  for (const auto& [strike, state] :
       {std::pair{StepStrike::rank, "NODE_FAIL"}, std::pair{StepStrike::rank, "CANCELLED"},
        std::pair{StepStrike::supervisor, "CANCELLED"},
        std::pair{StepStrike::short_cut, "NODE_FAIL"},
        std::pair{StepStrike::short_cut, "FAILED"}}) {
    const auto wrong = judge(trial_of(strike), ended(1, state));
    ASSERT_EQ(wrong.size(), 1U) << state;
    EXPECT_TRUE(wrong[0].starts_with("disturbed: status 1, " + std::string(state))) << wrong[0];
  }
  StepTrial still = trial_of(StepStrike::short_cut);
  still.stood_still = true;
  EXPECT_EQ(judge(still, ended(1, "NODE_FAIL")), Complaints{});
  EXPECT_EQ(judge(still, ended(1, "CANCELLED")).size(), 1U);
  StepTrial missed = trial_of(StepStrike::rank);
  missed.has_struck = false;
  EXPECT_EQ(judge(missed, ended(137, "FAILED")).size(), 1U);
}

TEST(StepTrial, hears_of_lines_that_are_torn_lost_or_there_twice) {
  StepEnd end = well();
  end.output = lines(0, 1, 3) + lines(1, 1, 1) + lines(1, 3, 3);
  EXPECT_EQ(judge(trial_of(StepStrike::rank), end),
            Complaints{"line 2 of rank 1 is lost or there twice: rank 1 line 3 of 3"});
  end.output = lines(0, 1, 3) + lines(1, 1, 3) + lines(1, 3, 3);
  EXPECT_EQ(judge(trial_of(StepStrike::rank), end)[0],
            "line 4 of rank 1 is lost or there twice: rank 1 line 3 of 3");
  end.output = lines(0, 1, 3) + "rank 1 linerank 0\n" + lines(1, 1, 3);
  EXPECT_EQ(judge(trial_of(StepStrike::rank), end),
            Complaints{"a line is torn: rank 1 linerank 0"});
  end.output = lines(0, 1, 3) + lines(1, 1, 2);
  EXPECT_EQ(judge(trial_of(StepStrike::rank), end), Complaints{"of rank 1 came 2 lines of 3"});
}

TEST(StepTrial, hears_of_a_step_that_never_ends_of_lies_and_of_attempts_without_a_reason) {
  EXPECT_EQ(judge(trial_of(StepStrike::rank), ended(-1, "FAILED")),
            Complaints{"the command did not end"});
  StepEnd lie = well();
  lie.state = "FAILED";
  EXPECT_EQ(judge(trial_of(StepStrike::rank), lie),
            Complaints{"the command was told all is well of FAILED"});
  StepEnd again = well();
  again.attempts = 2;
  EXPECT_EQ(judge(trial_of(StepStrike::supervisor), again), Complaints{});
  EXPECT_EQ(judge(trial_of(StepStrike::short_cut), again), Complaints{"it took 2 attempts"});
}

TEST(StepTrial, gates_are_those_of_the_program) {
  EXPECT_EQ(gate_of(StepMoment::before_prepare), std::nullopt);
  EXPECT_EQ(gate_of(StepMoment::wire_up), std::nullopt);
  EXPECT_EQ(gate_of(StepMoment::init), "init");
  EXPECT_EQ(gate_of(StepMoment::ending), "ending");
}

}  // namespace
}  // namespace cox::kills
