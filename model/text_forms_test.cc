// Memory amounts, output patterns, state words.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "model/job_state.h"
#include "model/memory_text.h"
#include "model/output_pattern.h"

namespace cox {
namespace {

TEST(Memory, ReadsUnitsInEitherCase) {
  EXPECT_EQ(*parse_memory_mib("512"), 512);
  EXPECT_EQ(*parse_memory_mib("16gb"), 16384);
  EXPECT_EQ(*parse_memory_mib("25g"), 25600);
  EXPECT_EQ(*parse_memory_mib("1K"), 1);
  EXPECT_EQ(*parse_memory_mib("2T"), 2 * 1024 * 1024);
  EXPECT_EQ(*parse_memory_mib("0"), 0);
  for (const auto* text :
       {"", "G", "-1G", "1.5G", "5B", "1GG", "9999999999999T", "1099511627777"}) {
    EXPECT_FALSE(parse_memory_mib(text)) << text;
  }
  EXPECT_EQ(memory_text(2048), "2G");
  EXPECT_EQ(memory_text(1500), "1500M");
}

TEST(OutputPattern, ReplacesEachLetter) {
  PatternValues v{.job = JobId{12},
                  .step = StepId{3},
                  .array_job = {},
                  .node = "n1",
                  .node_index = 2,
                  .task = 7,
                  .user = "ada",
                  .job_name = "cfd"};
  EXPECT_EQ(*expand_pattern("%x-%j.%s.%t@%N-%n_%u%%", v), "cfd-12.3.7@n1-2_ada%");
  v.job_name = "cfd/wing";
  EXPECT_EQ(*expand_pattern("out/%x", v), "out/cfd_wing") << "a name of a file";
  EXPECT_EQ(*expand_pattern("%J %A %a", v), "12.3 12 4294967294");
  EXPECT_EQ(*expand_pattern("%5j-%03t", v), "00012-007");
  EXPECT_EQ(*expand_pattern("a\\\\%j", v), "a%j");
  EXPECT_FALSE(expand_pattern("%q", v));
  EXPECT_FALSE(expand_pattern("%", v));
  EXPECT_FALSE(expand_pattern("%99999999999j", v));
  EXPECT_TRUE(is_per_task("x%3t"));
  EXPECT_FALSE(is_per_task("x%%t"));
}

TEST(OutputPattern, LongNamesManyTimesAreRefusedBeforeTheyFillMemory) {
  const std::string name(4096, 'x');
  PatternValues values;
  values.job_name = name;
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "%x";
  const auto path = expand_pattern(pattern, values);
  ASSERT_FALSE(path);
  EXPECT_NE(path.error().message.find("gives a path over 4095 bytes"), std::string::npos);
  EXPECT_FALSE(expand_pattern(std::string(5000, 'y'), values));
  EXPECT_FALSE(expand_pattern(std::string(5000, 'y') + "\\\\", values));
}

TEST(OutputPattern, ArbitraryPatternsNeverCrash) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    (void)expand_pattern(text, PatternValues{});
    (void)is_per_task(text);
  }));
}

TEST(JobStates, WordsAndLettersReadBack) {
  for (int i = 0; i <= static_cast<int>(JobState::node_fail); ++i) {
    const auto state = static_cast<JobState>(i);
    EXPECT_EQ(parse_job_state(to_text(state)), state);
    EXPECT_EQ(parse_job_state(state_letters(state)), state);
  }
  EXPECT_EQ(to_text(Reason::resources), "Resources");
  EXPECT_EQ(to_text(EndCause::client_gone), "client_gone");
}

}  // namespace
}  // namespace cox
