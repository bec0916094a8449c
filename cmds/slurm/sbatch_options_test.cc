// What sbatch's options put into a request.
#include "cmds/slurm/sbatch_options.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "model/memory_text.h"

namespace cox::cmds::slurm {
namespace {

Result<Submission> taken(const std::vector<std::string>& words) {
  Submission submission;
  const auto given = read_words(sbatch_options(), words, Stop::at_operand);
  if (!given) return Failure(given.error());
  const auto done = take_options(given->options, &submission);
  if (!done) return Failure(done.error());
  return submission;
}

std::string refusal(const std::vector<std::string>& words) {
  const auto submission = taken(words);
  return submission ? "(taken)" : submission.error().message;
}

const Component& part(const Submission& submission) {
  return submission.draft.job.common->components.front();
}

TEST(SbatchOptions, ContractTrap2TimesMayExceedTheirRange) {
  EXPECT_EQ(taken({"--time=51:00:00"})->draft.job.time_limit, minutes(51 * 60));
  EXPECT_EQ(taken({"--time=0:7200"})->draft.job.time_limit, minutes(120));
  EXPECT_EQ(taken({"--time=1:5:0"})->draft.job.time_limit, minutes(65));
  EXPECT_EQ(taken({"--time=0:90"})->draft.job.time_limit, minutes(2));  // seconds round up
  EXPECT_EQ(taken({"--time=00-08:30"})->draft.job.time_limit, minutes(8 * 60 + 30));
  EXPECT_EQ(taken({"--time=3-00:00"})->draft.job.time_limit, minutes(3 * 1440));
  for (const char* endless : {"0", "INFINITE", "UNLIMITED", "-1"}) {
    EXPECT_EQ(taken({std::string("--time=") + endless})->draft.job.time_limit, duration_unlimited)
        << endless;
  }
}

TEST(SbatchOptions, ContractTrap3MemoryHasSuffixesOfAllKinds) {
  for (const char* text : {"4gb", "4GB", "4g", "4096MB", "4096"}) {
    EXPECT_EQ(part(*taken({std::string("--mem=") + text})).memory_per_node_mib, 4096) << text;
  }
  EXPECT_EQ(part(*taken({"--mem=1T"})).memory_per_node_mib, 1024 * 1024);
  EXPECT_EQ(part(*taken({"--mem=2048k"})).memory_per_node_mib, 2);
  EXPECT_EQ(part(*taken({"--mem=0"})).memory_per_node_mib, 0);
}

TEST(SbatchOptions, ContractTrap19TheSignalMayStandApart) {
  const auto submission = taken({"--signal", "B:USR2@30"});
  ASSERT_TRUE(submission) << submission.error().message;
  const auto& early = submission->draft.job.common->early_signal;
  EXPECT_EQ(early.signal, SIGUSR2);
  EXPECT_EQ(early.before, seconds(30));
}

TEST(SbatchOptions, ShortOnesJoinTheirValue) {
  const auto submission = taken({"-N2", "-n4", "-c3"});
  ASSERT_TRUE(submission);
  EXPECT_EQ(part(*submission).nodes_min, 2U);
  EXPECT_EQ(part(*submission).tasks, 4U);
  EXPECT_EQ(part(*submission).cpus_per_task, 3U);
}

TEST(SbatchOptions, NoneIsNoFile) {
  EXPECT_EQ(taken({"-o", "none"})->draft.job.common->output, "/dev/null");
}

TEST(SbatchOptions, WhatWouldChangeTheResultIsRefused) {
  for (const char* word : {"--constraint=[a*2|b]", "--constraint=a|b&c", "--hint=nomultithread",
                           "--mem-bind=local", "--gpus-per-task=1", "--exclusive=mcs",
                           "--propagate=NONE", "--licenses=a|b", "--reservation=r", "-s", "-O"}) {
    EXPECT_NE(refusal({word}), "(taken)") << word;
  }
}

TEST(SbatchOptions, FeaturesAndLicensesAreThoseOfCox) {
  const auto submission = taken({"-C", "[rack1|rack2]&fat", "--prefer", "ib", "-L", "matlab:2,x"});
  ASSERT_TRUE(submission);
  const JobWishes& wishes = *submission->draft.job.common->wishes;
  EXPECT_EQ(wishes.constraint.text(), "[rack1|rack2]&fat");
  EXPECT_EQ(wishes.prefer, "ib");
  EXPECT_EQ(license_text(wishes.licenses), "matlab:2,x:1");
  EXPECT_EQ(refusal({"-C", "(a|b&c)|d"}),
            "--constraint (a|b&c)|d: & behind | at column 5 (use parentheses)");
  EXPECT_EQ(refusal({"-C", "(a|b)&c|d"}), "(taken)");
}

TEST(SbatchOptions, SwitchesAreWaitedForAsLongAsIsSaid) {
  const auto limit_of = [](const std::string& text) {
    const auto submission = taken({"--switches=" + text});
    return submission ? submission->draft.job.common->wishes->switches : LeafLimit{};
  };
  EXPECT_EQ(limit_of("2"), (LeafLimit{2, duration_unlimited, false}));
  EXPECT_EQ(limit_of("2@10"), (LeafLimit{2, minutes(10), false}));
  EXPECT_EQ(limit_of("1@1-0"), (LeafLimit{1, minutes(1440), false}));
  EXPECT_NE(refusal({"--switches=few"}), "(taken)");
}

TEST(SbatchOptions, WhatChangesNoneIsNoted) {
  const auto submission = taken({"--mail-type=END", "--mail-user=me", "--get-user-env"});
  ASSERT_TRUE(submission);
  ASSERT_EQ(submission->notes.size(), 3U);
  EXPECT_EQ(submission->notes.front(), "--mail-type: no mail is sent");
}

TEST(SbatchOptions, BadValuesAreNamed) {
  EXPECT_EQ(refusal({"--open-mode=x"}), "Invalid --open-mode argument: x (append or truncate)");
  EXPECT_NE(refusal({"-a", "5-1"}).find("Invalid job array specification"), std::string::npos);
  EXPECT_NE(refusal({"-w", "/no/such/file"}).find("/no/such/file"), std::string::npos);
}

TEST(SbatchOptions, VariablesStandForOptions) {
  ::setenv("SBATCH_TIMELIMIT", "10", 1);
  ::setenv("SBATCH_NO_REQUEUE", "1", 1);
  ::setenv("SBATCH_EXCLUSIVE", "user", 1);
  const auto words = environment_words();
  for (const char* name : {"SBATCH_TIMELIMIT", "SBATCH_NO_REQUEUE", "SBATCH_EXCLUSIVE"}) {
    ::unsetenv(name);
  }
  EXPECT_EQ(words, (std::vector<std::string>{"--exclusive=user", "--time=10", "--no-requeue"}));
}

}  // namespace
}  // namespace cox::cmds::slurm
