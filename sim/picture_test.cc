// What the picture shows, and that it stays in its frame, whatever the log.
#include "sim/picture.h"

#include <gtest/gtest.h>

#include <regex>

#include "sim/bins.h"
#include "sim/chart.h"
#include "testsuite/support/random_life.h"

namespace cox::sim {
namespace {

std::vector<Outcome> random_outcomes(std::uint64_t seed, std::size_t count) {
  testing::Dice dice(seed);
  std::vector<Outcome> outcomes;
  std::int64_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at += static_cast<std::int64_t>(dice.roll(7));
    const std::int64_t start = at + static_cast<std::int64_t>(dice.roll(30));
    const auto run = static_cast<std::int64_t>(dice.roll(40));
    outcomes.push_back({at, start, start + run, 1 + dice.small(20)});
  }
  return outcomes;
}

TEST(TimeBins, AreThoseOfASecondBySecondCount) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const auto outcomes = random_outcomes(seed, 50);
    const TimeBins probe = bins_over_time(outcomes, 1);
    const auto span = static_cast<std::size_t>(probe.last_s - probe.first_s);
    const TimeBins bins = bins_over_time(outcomes, span);
    ASSERT_DOUBLE_EQ(bins.width_s(), 1);
    for (std::size_t i = 0; i < span; ++i) {
      const std::int64_t second = bins.first_s + static_cast<std::int64_t>(i);
      double used = 0;
      double waiting = 0;
      for (const Outcome& one : outcomes) {
        if (one.start_s <= second && second < one.end_s) used += one.processors;
        if (one.submit_s <= second && second < one.start_s) waiting += 1;
      }
      ASSERT_NEAR(bins.used[i], used, 1e-6) << "seed " << seed << " second " << i;
      ASSERT_NEAR(bins.waiting[i], waiting, 1e-6);
      ASSERT_GE(bins.peak[i], waiting);
    }
    const TimeBins coarse = bins_over_time(outcomes, 1);
    double all = 0;
    for (const double used : bins.used) all += used;
    EXPECT_NEAR(coarse.used[0] * coarse.width_s(), all, 1e-6);
  }
}

TEST(TimeBins, APeakIsWhatWaitedAtOnceWithinThePiece) {
  // Two wait from 0 to 10, one of them until 20; nobody from 20 to 40.
  const std::vector<Outcome> outcomes = {{0, 10, 40, 1}, {0, 20, 30, 1}, {40, 40, 60, 1}};
  const TimeBins bins = bins_over_time(outcomes, 4);  // of 15 s
  EXPECT_EQ(bins.peak, (std::vector<std::uint32_t>{2, 1, 0, 0}));
  EXPECT_NEAR(bins.waiting[0], 25.0 / 15, 1e-9);
  EXPECT_NEAR(bins.waiting[1], 5.0 / 15, 1e-9);
}

TEST(TimeBins, AQueueThatLastsIsSeenInEveryPiece) {
  const std::vector<Outcome> outcomes = {{0, 90, 100, 1}};
  EXPECT_EQ(bins_over_time(outcomes, 10).peak,
            (std::vector<std::uint32_t>{1, 1, 1, 1, 1, 1, 1, 1, 1, 0}));
}

TEST(SizeBins, ArePowersOfTwo) {
  const std::vector<Outcome> outcomes = {
      {0, 5, 15, 1}, {0, 10, 20, 3}, {0, 30, 40, 4}, {0, 0, 10, 5}, {0, 7, 17, 33}};
  const auto bins = bins_by_size(outcomes);
  ASSERT_EQ(bins.size(), 7U);
  EXPECT_EQ(bins[0].most, 1U);
  EXPECT_EQ(bins[1].jobs, 0U);
  EXPECT_EQ(bins[2].most, 4U);
  EXPECT_EQ(bins[2].jobs, 2U);
  EXPECT_DOUBLE_EQ(bins[2].mean_wait_s, 20);
  EXPECT_DOUBLE_EQ(bins[2].p95_wait_s, 30);
  EXPECT_DOUBLE_EQ(bins[2].mean_slowdown, 3);
  EXPECT_EQ(bins[3].jobs, 1U);
  EXPECT_EQ(bins[6].most, 64U);
}

TEST(Chart, TicksAreRoundAndCoverTheValue) {
  EXPECT_EQ(round_ticks(100), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_EQ(round_ticks(3), (std::vector<double>{0, 1, 2, 3}));
  EXPECT_EQ(round_ticks(0), round_ticks(1));
  for (double most = 0.001; most < 1e9; most *= 1.37) {
    const auto ticks = round_ticks(most);
    EXPECT_GE(ticks.back(), most * (1 - 1e-8));
    EXPECT_LE(ticks.size(), 8U) << most;
    EXPECT_GE(ticks.size(), 3U) << most;
  }
}

TEST(Chart, NumbersAndTimesAreReadable) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.5), "0.5");
  EXPECT_EQ(number_text(999), "999");
  EXPECT_EQ(number_text(1234567), "1,234,567");
  EXPECT_EQ(span_text(12.34), "12.3 s");
  EXPECT_EQ(span_text(119), "2 min");
  EXPECT_EQ(span_text(5936), "1 h 39 min");
  EXPECT_EQ(span_text(286'718), "3 d 8 h");
  EXPECT_STREQ(unit_for(100).name, "seconds");
  EXPECT_STREQ(unit_for(300).name, "minutes");
  EXPECT_STREQ(unit_for(4e5).name, "days");
}

/// Every number that follows `before`.
std::vector<double> numbers(const std::string& svg, const std::string& before) {
  std::vector<double> found;
  const std::regex pattern(before + "([-0-9.]+)");
  for (std::sregex_iterator at(svg.begin(), svg.end(), pattern), end; at != end; ++at) {
    found.push_back(std::stod((*at)[1]));
  }
  return found;
}

TEST(Picture, StaysInItsFrameAndIsBounded) {
  for (const std::size_t count : {1U, 2U, 50U, 3000U}) {
    const std::string svg = draw(random_outcomes(count, count), 100'000, "log.swf");
    EXPECT_LT(svg.size(), 100'000U);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
    for (const char* across : {"H", "M", " x=\""}) {
      for (const double x : numbers(svg, across)) {
        EXPECT_GE(x, 0) << across;
        EXPECT_LE(x, 960) << across;
      }
    }
    for (const char* down : {"V", " y=\""}) {
      for (const double y : numbers(svg, down)) {
        EXPECT_GE(y, 0) << down;
        EXPECT_LE(y, 880) << down;
      }
    }
    for (const double height : numbers(svg, "height=\"")) EXPECT_GE(height, 0);
  }
}

TEST(Picture, NamesItsAxesAndWhatIsDrawn) {
  const std::string svg = draw(random_outcomes(5, 100), 64, "log.swf");
  for (const char* text :
       {"Utilisation (% of all processors)", "Jobs waiting", "Wait by size (", "peak", "mean",
        "Bounded slowdown by size", "since the first submit", "processors of a job, at most",
        "prefers-color-scheme:dark", "path.line{fill:none", "100 jobs on 64 processors"}) {
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  }
}

TEST(Picture, NeedsNothingElseAndTakesNoName) {
  const std::string hostile = "<script>&\"\n.swf";
  const std::string page = to_page(draw(random_outcomes(5, 10), 64, hostile), hostile);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("http", page.find("http://www.w3.org/2000/svg") + 5), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;&amp;&quot;"), std::string::npos);
}

TEST(Picture, OfNothingSaysSo) {
  const std::string svg = draw({}, 4, "log.swf");
  EXPECT_NE(svg.find("0 jobs on 4 processors"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace cox::sim
