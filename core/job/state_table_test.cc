// docs/job-states.md against the code: every row of its table happens in random lives, and decide()
// makes no fact that has no row.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

#include "common/text.h"
#include "testsuite/support/random_life.h"

namespace cox::core {
namespace {

using cox::testing::RandomLife;
using Row = std::tuple<std::string, std::string, std::string>;

std::set<Row> documented() {
  std::ifstream file(COX_SOURCE_DIR "/docs/job-states.md");
  std::set<Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## What people see")) break;
    const auto cells = split(line, '|');
    if (cells.size() < 6 || trim(cells[1]) == "phase" || trim(cells[1]).starts_with("---"))
      continue;
    rows.emplace(trim(cells[1]), trim(cells[2]), trim(cells[3]));
  }
  return rows;
}

struct Named {
  std::string name;
  JobId job;
};

/// Name and job of the facts that the table speaks of.
Named named(const Fact& fact) {
  if (const auto* f = std::get_if<JobSubmitted>(&fact)) return {"JobSubmitted", f->job};
  if (const auto* f = std::get_if<JobHeld>(&fact)) return {"JobHeld", f->job};
  if (const auto* f = std::get_if<JobUnheld>(&fact)) return {"JobUnheld", f->job};
  if (const auto* f = std::get_if<JobStarted>(&fact)) return {"JobStarted", f->job};
  if (const auto* f = std::get_if<JobReleased>(&fact)) return {"JobReleased", f->job};
  if (const auto* f = std::get_if<StartUndone>(&fact)) return {"StartUndone", f->job};
  if (const auto* f = std::get_if<JobEnding>(&fact)) return {"JobEnding", f->job};
  if (const auto* f = std::get_if<NodeFreed>(&fact)) return {"NodeFreed", f->job};
  if (const auto* f = std::get_if<JobRequeued>(&fact)) return {"JobRequeued", f->job};
  if (const auto* f = std::get_if<JobEnded>(&fact)) return {"JobEnded", f->job};
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
    RandomLife life(seed);
    life.cluster.watch = [&rows](const State& before, const Fact& fact) {
      const Named about = named(fact);
      if (about.name.empty()) return;
      State after = before;
      evolve(after, fact);
      rows.emplace(phase_name(before, about.job), about.name, phase_name(after, about.job));
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
  const std::set<Row> seen = lived(40, 150);
  for (const Row& row : table) EXPECT_TRUE(seen.contains(row)) << "never happens: " << text_of(row);
  for (const Row& row : seen) EXPECT_TRUE(table.contains(row)) << "has no row: " << text_of(row);
}

TEST(StateTable, LedgerIndexAndReplayHoldAfterEveryEvent) {
  for (std::uint64_t seed = 100; seed < 130; ++seed) {
    RandomLife life(seed);
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
