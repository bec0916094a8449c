// docs/job-states.md against the code: every row of its first table happens in random lives, and
// decide() makes no fact that has no row; the other tables are what people are shown.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "common/text.h"
#include "core/job/lifecycle.h"
#include "testsuite/support/random_life.h"

namespace cox::core {
namespace {

using cox::testing::RandomLife;
using Row = std::tuple<std::string, std::string, std::string>;

/// The rows of the table below `heading`, up to the next heading, without the line of titles.
std::vector<std::vector<std::string>> table_below(const std::string& heading) {
  std::ifstream file(COX_SOURCE_DIR "/docs/job-states.md");
  std::vector<std::vector<std::string>> rows;
  bool is_there = false;
  bool has_titles = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) is_there = line == "## " + heading;
    if (!is_there || !line.starts_with("|")) continue;
    const bool is_rule = line.starts_with("|---");
    if (has_titles && !is_rule) {
      std::vector<std::string> cells;
      for (const std::string_view cell : split(line, '|')) cells.emplace_back(trim(cell));
      rows.emplace_back(cells.begin() + 1, cells.end() - 1);
    }
    has_titles = has_titles || is_rule;
  }
  return rows;
}

std::set<Row> documented() {
  std::set<Row> rows;
  for (const auto& cells : table_below("Phase × fact → phase")) {
    rows.emplace(cells.at(0), cells.at(1), cells.at(2));
  }
  return rows;
}

struct Named {
  std::string name;
  JobId job;
};

/// Name and job of the facts that the table speaks of.
Named named(const Fact& fact) {
  if (const auto* f = std::get_if<ElementsCancelled>(&fact)) return {"ElementsCancelled", f->job};
  if (const auto* f = std::get_if<JobSubmitted>(&fact)) return {"JobSubmitted", f->job};
  if (const auto* f = std::get_if<JobHeld>(&fact)) return {"JobHeld", f->job};
  if (const auto* f = std::get_if<JobUnheld>(&fact)) return {"JobUnheld", f->job};
  if (const auto* f = std::get_if<JobUpdated>(&fact)) return {"JobUpdated", f->job};
  if (const auto* f = std::get_if<JobStarted>(&fact)) return {"JobStarted", f->job};
  if (const auto* f = std::get_if<StartCleared>(&fact)) return {"StartCleared", f->job};
  if (const auto* f = std::get_if<JobReleased>(&fact)) return {"JobReleased", f->job};
  if (const auto* f = std::get_if<StartUndone>(&fact)) return {"StartUndone", f->job};
  if (const auto* f = std::get_if<JobEnding>(&fact)) return {"JobEnding", f->job};
  if (const auto* f = std::get_if<JobSuspended>(&fact)) return {"JobSuspended", f->job};
  if (const auto* f = std::get_if<JobResumed>(&fact)) return {"JobResumed", f->job};
  if (const auto* f = std::get_if<RowChanged>(&fact)) return {"RowChanged", f->job};
  if (const auto* f = std::get_if<NodeFreed>(&fact)) return {"NodeFreed", f->job};
  if (const auto* f = std::get_if<JobRequeued>(&fact)) return {"JobRequeued", f->job};
  if (const auto* f = std::get_if<JobEnded>(&fact)) return {"JobEnded", f->job};
  if (const auto* f = std::get_if<StepQueued>(&fact)) return {"StepQueued", f->job};
  if (const auto* f = std::get_if<StepStarted>(&fact)) return {"StepStarted", f->job};
  if (const auto* f = std::get_if<StepReleased>(&fact)) return {"StepReleased", f->job};
  if (const auto* f = std::get_if<StepEnded>(&fact)) return {"StepEnded", f->job};
  return {};
}

std::string phase_name(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  return job == nullptr ? "-" : std::string(to_text(job->phase));
}

std::set<Row> lived(std::uint64_t seeds, int events) {
  std::set<Row> rows;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    RandomLife life(seed, "none turns");
    life.cluster.watch = [&rows](const State& before, const Fact& fact) {
      std::vector<Named> about{named(fact)};
      if (const auto* split = std::get_if<ElementSplit>(&fact)) {
        about = {{"ElementSplit", split->job}, {"ElementSplit", split->array}};
      }
      if (about.front().name.empty()) return;
      State after = before;
      evolve(after, fact);
      for (const auto& [name, job] : about) {
        rows.emplace(phase_name(before, job), name, phase_name(after, job));
      }
    };
    for (int i = 0; i < events; ++i) life.event();
  }
  return rows;
}

std::string text_of(const Row& row) {
  return std::get<0>(row) + " x " + std::get<1>(row) + " -> " + std::get<2>(row);
}

TEST(StateTable, EveryRowHappensAndNothingElseDoes) {
  const std::set<Row> table = documented();
  ASSERT_GT(table.size(), 15U);
  const std::set<Row> seen = lived(300, 150);
  for (const Row& row : table) EXPECT_TRUE(seen.contains(row)) << "never happens: " << text_of(row);
  for (const Row& row : seen) EXPECT_TRUE(table.contains(row)) << "has no row: " << text_of(row);
}

TEST(StateTable, PeopleSeeEachPhaseAsTheTableSays) {
  std::set<std::string> seen;
  for (const auto& cells : table_below("What people see")) {
    for (int i = 0; i <= static_cast<int>(JobPhase::split); ++i) {
      Job job;
      job.phase = static_cast<JobPhase>(i);
      if (cells.at(0) != to_text(job.phase)) continue;
      seen.insert(cells.at(0));
      if (job.phase == JobPhase::ended) {
        EXPECT_EQ(cells.at(1), "the final state");
        continue;
      }
      EXPECT_EQ(cells.at(1), to_text(job_state(job)));
      EXPECT_EQ(cells.at(2), state_letters(job_state(job)));
    }
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(JobPhase::split) + 1);
}

/// "COMPLETED for exit status 0, else FAILED" and the like, from what the code does.
std::string final_text(EndCause cause) {
  StepResult good;
  StepResult bad;
  bad.exit_code = 3;
  const std::string after_good(to_text(final_state(cause, &good)));
  const std::string after_bad(to_text(final_state(cause, &bad)));
  if (after_good == after_bad) return after_good;
  return after_good + " for exit status 0, else " + after_bad;
}

TEST(StateTable, EachCauseRequeuesAndEndsAsTheTableSays) {
  const JobRequest allowed = cox::testing::job().build();
  const JobRequest forbidden = cox::testing::job().no_requeue().build();
  std::set<std::string> seen;
  for (const auto& cells : table_below("Cause → final state")) {
    for (int i = 1; to_text(static_cast<EndCause>(i)) != "unknown"; ++i) {
      const auto cause = static_cast<EndCause>(i);
      if (cells.at(0) != to_text(cause)) continue;
      seen.insert(cells.at(0));
      EXPECT_EQ(cells.at(1), is_requeued_after(allowed, cause) ? "yes" : "no") << cells.at(0);
      EXPECT_FALSE(is_requeued_after(forbidden, cause)) << cells.at(0);
      // A requeue is refused where it is not allowed: nothing ends so.
      if (cause == EndCause::requeued) {
        EXPECT_TRUE(cells.at(2).starts_with("never final")) << cells.at(2);
      } else {
        EXPECT_EQ(cells.at(2), final_text(cause)) << cells.at(0);
      }
    }
  }
  EXPECT_EQ(seen.size(), 11U);
}

TEST(StateTable, LedgerIndexAndReplayHoldAfterEveryEvent) {
  for (std::uint64_t seed = 100; seed < 130; ++seed) {
    RandomLife life(seed, "none turns");
    for (int i = 0; i < 120; ++i) {
      life.event();
      ASSERT_EQ(ledger_faults(life.cluster.state), std::vector<std::string>{}) << "seed " << seed;
      if (i % 10 == 0) {
        ASSERT_EQ(life.cluster.faults(), std::vector<std::string>{}) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace cox::core
