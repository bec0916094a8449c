// Dependency texts: what they mean, what is refused, and that the canonical form says the same.
#include "model/dependency.h"

#include <gtest/gtest.h>

namespace cox {
namespace {

std::string canonical_dependency(std::string_view text) {
  const auto dependency = parse_dependency(text);
  if (!dependency) return dependency.error().message;
  EXPECT_EQ(*parse_dependency(dependency_text(*dependency)), *dependency) << text;
  return dependency_text(*dependency);
}

TEST(Dependency, reads_every_type) {
  for (const char* text : {"after:1", "afterany:1", "afterok:1", "afternotok:1", "aftercorr:1",
                           "afterburstbuffer:1", "singleton"}) {
    EXPECT_EQ(canonical_dependency(text), text);
  }
  EXPECT_EQ(canonical_dependency("AfterOK:7"), "afterok:7");
}

TEST(Dependency, reads_several_jobs_elements_and_delays) {
  const auto dependency = *parse_dependency("afterok:12:13_4+30,singleton");
  ASSERT_EQ(dependency.terms.size(), 2U);
  EXPECT_FALSE(dependency.is_any);
  EXPECT_EQ(dependency.terms[0].kind, DependencyKind::after_ok);
  EXPECT_EQ(dependency.terms[0].jobs[0], (JobReference{JobId{12}, {}, 0}));
  EXPECT_EQ(dependency.terms[0].jobs[1], (JobReference{JobId{13}, 4, 30}));
  EXPECT_EQ(canonical_dependency("afterok:12:13_4+30,singleton"), "afterok:12:13_4+30,singleton");
}

TEST(Dependency, a_bare_job_means_afterany) {
  EXPECT_EQ(canonical_dependency("12"), "afterany:12");
  EXPECT_EQ(canonical_dependency("12:13_0,14"), "afterany:12:13_0,afterany:14");
}

TEST(Dependency, any_of_several_is_enough_with_a_question_mark) {
  EXPECT_TRUE(parse_dependency("afterok:1?afternotok:2")->is_any);
  EXPECT_EQ(canonical_dependency("afterok:1?2"), "afterok:1?afterany:2");
  EXPECT_EQ(canonical_dependency("afterok:1,2?3"),
            "dependency \"afterok:1,2?3\": ',' (all) and '?' (any) cannot be mixed");
}

TEST(Dependency, refuses_what_it_cannot_read_and_names_it) {
  for (const char* text : {"", ",", "afterok", "afterok:", "afterok:0", "afterok:x", "afterok:1:",
                           "afterok:1_", "afterok:1_x", "afterok:1+", "afterok:1+x", "singleton:1",
                           "afterok:1,", "?", "1+1+1", "1_2_3", " 1", "afterok:-1"}) {
    EXPECT_FALSE(parse_dependency(text)) << text;
  }
  EXPECT_EQ(canonical_dependency("aftrok:1"),
            "dependency \"aftrok\": is no type of dependency (nearest: afterok)");
  EXPECT_EQ(canonical_dependency("afterok:18446744073709551616"),
            "dependency \"18446744073709551616\": is no JOB, JOB_INDEX or JOB+MINUTES");
  EXPECT_EQ(canonical_dependency("after:1+999999"),
            "dependency \"1+999999\": has no minutes up to 525600");
}

TEST(Dependency, takes_ten_thousand_jobs_and_no_more) {
  std::string text = "afterok";
  for (int i = 1; i <= 10'000; ++i) text += ":" + std::to_string(i);
  EXPECT_EQ(parse_dependency(text)->terms[0].jobs.size(), 10'000U);
  EXPECT_FALSE(parse_dependency(text + ":1"));
  EXPECT_FALSE(parse_dependency(text + ",1"));
  std::string terms = "singleton";
  for (int i = 0; i < 10'000; ++i) terms += ",singleton";
  EXPECT_FALSE(parse_dependency(terms));
}

TEST(Dependency, WhatNamesNoJobBehindAColonIsRefused) {
  for (const char* text : {"afterok:", "afterok:1:", "after:1::2", "1:"}) {
    const auto parsed = parse_dependency(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message, "dependency \"" + std::string(text) +
                                          "\": names no job behind ':' (TYPE:JOB[:JOB...])");
  }
}

}  // namespace
}  // namespace cox
