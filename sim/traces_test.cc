// Published logs through the production core give the figures that an independent simulator gave.
// The logs lie beside the source tree, or where COX_TRACES says; the tests skip without them.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>

#include "plugins/policies.h"
#include "sim/replay.h"
#include "sim/report.h"
#include "sim/swf.h"

namespace cox::sim {
namespace {

std::string trace(const std::string& name) {
  const char* named = std::getenv("COX_TRACES");
  return std::string(named != nullptr ? named : COX_SOURCE_DIR "/../shared/traces") + "/" + name;
}

constexpr const char* kth = "KTH-SP2-1996-2.1-cln.swf.gz";
constexpr const char* lublin = "lublin_256.swf";

struct Row {
  const char* log;
  MachineShape shape;
  const char* backfill;
  std::size_t jobs;
  double mean_wait_s;                   // to one digit
  double mean_bounded_slowdown;         // to three
  std::int64_t p95_wait_s, p99_wait_s;  // 0: not given
  std::int64_t max_wait_s;
  double utilisation;  // to four
  double tolerance;    // 0: to the digit
};

std::ostream& operator<<(std::ostream& to, const Row& row) {
  return to << row.log << " " << row.backfill;
}

double rounded(double value, double unit) {
  return std::round(value / unit) * unit;
}

void replay(const Settings& settings,
            const std::string& name,
            const MachineShape& shape,
            Figures* figures) {
  const auto policies = plugins::make_policies(settings);
  auto log = read_swf(trace(name));
  ASSERT_TRUE(log) << log.error().message;
  auto made = Replay::open(settings, make_nodes(shape),
                           core::Policies{policies->select.get(), policies->priority.get()});
  ASSERT_TRUE(made) << made.error().message;
  const auto outcomes = made->run(*log);
  ASSERT_TRUE(outcomes) << outcomes.error().message;
  *figures = figures_of(*outcomes, shape.all_cores());
}

class Traces : public ::testing::TestWithParam<Row> {};

TEST_P(Traces, GiveTheFiguresOfTheReferenceTable) {
  const Row& row = GetParam();
  if (!std::filesystem::exists(trace(row.log))) GTEST_SKIP() << "no " << trace(row.log);
  Settings settings;
  settings.priority = "fifo";  // as the reference has it
  settings.backfill = row.backfill;
  Figures figures;
  ASSERT_NO_FATAL_FAILURE(replay(settings, row.log, row.shape, &figures));
  const auto near = [&row](double got, double wanted, double unit) {
    EXPECT_NEAR(rounded(got, unit), wanted, unit / 10 + wanted * row.tolerance);
  };
  EXPECT_EQ(figures.jobs, row.jobs);
  near(figures.mean_wait_s, row.mean_wait_s, 0.1);
  near(figures.mean_bounded_slowdown, row.mean_bounded_slowdown, 0.001);
  if (row.p95_wait_s != 0)
    near(static_cast<double>(figures.p95_wait_s), static_cast<double>(row.p95_wait_s), 1);
  if (row.p99_wait_s != 0)
    near(static_cast<double>(figures.p99_wait_s), static_cast<double>(row.p99_wait_s), 1);
  near(static_cast<double>(figures.max_wait_s), static_cast<double>(row.max_wait_s), 1);
  near(figures.utilisation, row.utilisation, 0.0001);
}

constexpr MachineShape hundred{100, 1};
constexpr MachineShape sixteen_times_sixteen{16, 16};

INSTANTIATE_TEST_SUITE_P(Reference,
                         Traces,
                         ::testing::Values(Row{kth, hundred, "none", 28'475, 389'852.2, 7'518.739,
                                               862'530, 956'730, 1'018'341, 0.6988, 0},
                                           Row{kth, hundred, "easy", 28'475, 6'805.2, 90.942,
                                               37'511, 76'863, 262'194, 0.6992, 0},
                                           Row{kth, hundred, "easy-sjbf", 28'475, 5'936.5, 69.681,
                                               34'973, 74'912, 286'718, 0.6992, 0},
                                           Row{kth, hundred, "conservative", 28'475, 8'024.0,
                                               102.389, 41'750, 76'186, 249'742, 0.6992, 0.02},
                                           Row{lublin, sixteen_times_sixteen, "none", 10'000,
                                               2'388'443.8, 66'502.476, 0, 0, 4'759'976, 0.6549, 0},
                                           Row{lublin, sixteen_times_sixteen, "easy", 10'000,
                                               97'156.0, 590.054, 0, 0, 1'029'731, 0.9363, 0},
                                           Row{lublin, sixteen_times_sixteen, "easy-sjbf", 10'000,
                                               73'394.4, 219.558, 0, 0, 1'445'853, 0.8977, 0},
                                           Row{lublin, sixteen_times_sixteen, "conservative",
                                               10'000, 131'567.5, 489.201, 0, 0, 994'667, 0.9365,
                                               0.02}));

/// What the shipped configuration is held to, against EASY in order of the submits: it serves users
/// by their shares, and neither the longest wait nor the mean pays for that.
TEST(AsShipped, ShortWaitsAndNoLongOnesOnTheLogOfKth) {
  if (!std::filesystem::exists(trace(kth))) GTEST_SKIP() << "no " << trace(kth);
  Figures figures;
  ASSERT_NO_FATAL_FAILURE(replay(Settings{}, kth, hundred, &figures));
  EXPECT_LE(figures.mean_bounded_slowdown, 65);
  EXPECT_LE(static_cast<double>(figures.max_wait_s), 1.1 * 262'194);
  EXPECT_GE(rounded(figures.utilisation, 0.0001), 0.6992 - 1e-9);
}

TEST(AsShipped, LessSlowdownThanEasyOnAnOverloadedMachine) {
  if (!std::filesystem::exists(trace(lublin))) GTEST_SKIP() << "no " << trace(lublin);
  Figures figures;
  ASSERT_NO_FATAL_FAILURE(replay(Settings{}, lublin, sixteen_times_sixteen, &figures));
  EXPECT_LE(figures.mean_bounded_slowdown, 0.9 * 590.054);
}

}  // namespace
}  // namespace cox::sim
