// What a pretended job's labels say.
#include "noded/pretended_job.h"

#include <gtest/gtest.h>

namespace cox::noded {
namespace {

std::string label_complaint(const std::string& key, const std::string& value) {
  const auto job = pretended_job({{key, value}}, "n1");
  return job ? "taken" : job.error().message;
}

TEST(PretendedJob, EndsWellAtOnceWhereNoLabelSaysOtherwise) {
  const auto job = pretended_job({{"rack", "a"}, {"pretending", "x"}}, "n1");
  ASSERT_TRUE(job);
  EXPECT_EQ(job->lasts, Duration{});
  EXPECT_EQ(job->exit_code, 0);
  EXPECT_EQ(job->failure, PretendedFailure::none);
}

TEST(PretendedJob, LastsAndExitsAsItsLabelsSay) {
  const auto lasts = [](const std::string& text) {
    return pretended_job({{"pretend.lasts", text}}, "n1").value().lasts;
  };
  EXPECT_EQ(lasts("1500ms"), milliseconds(1500));
  EXPECT_EQ(lasts("0s"), seconds(0));
  EXPECT_EQ(lasts("90s"), seconds(90));
  EXPECT_EQ(lasts("5m"), minutes(5));
  EXPECT_EQ(lasts("2h"), minutes(120));
  EXPECT_EQ(lasts("366d"), minutes(366 * 1440));
  EXPECT_EQ(pretended_job({{"pretend.exits", "255"}}, "n1").value().exit_code, 255);
}

TEST(PretendedJob, FailsWhereItsLabelSays) {
  const auto fails = [](const std::string& text) {
    return pretended_job({{"pretend.fails", text}}, "n1").value().failure;
  };
  EXPECT_EQ(fails("node"), PretendedFailure::node);
  EXPECT_EQ(fails("prepare"), PretendedFailure::prepare);
  EXPECT_EQ(fails("start"), PretendedFailure::start);
  EXPECT_EQ(fails("run"), PretendedFailure::run);
  EXPECT_EQ(fails("end"), PretendedFailure::end);
  EXPECT_EQ(fails("run@n1"), PretendedFailure::run);
  EXPECT_EQ(fails("run@n11"), PretendedFailure::none);
}

TEST(PretendedJob, NamesTheLabelThatItCannotRead) {
  EXPECT_EQ(label_complaint("pretend.lasts", "5"),
            "label pretend.lasts=5: a number and ms, s, m, h or d are expected, as in 1500ms");
  EXPECT_EQ(label_complaint("pretend.lasts", "367d"),
            "label pretend.lasts=367d: more than 366 days");
  EXPECT_EQ(
      label_complaint("pretend.lasts", "99999999999999999999s"),
      "label pretend.lasts=99999999999999999999s: a number and ms, s, m, h or d are expected, "
      "as in 1500ms");
  EXPECT_EQ(label_complaint("pretend.exits", "256"),
            "label pretend.exits=256: a number from 0 to 255 is expected");
  EXPECT_EQ(label_complaint("pretend.fails", "never"),
            "label pretend.fails=never: node, prepare, start, run or end is expected, with or "
            "without @NODE");
  EXPECT_EQ(label_complaint("pretend.last", "5s"),
            "label pretend.last=5s: pretend.lasts, pretend.exits or pretend.fails is expected");
}

}  // namespace
}  // namespace cox::noded
