// See turns.h. Each look costs the columns in use, and mostly ends at the first.
#include "core/slice/turns.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/job/lifecycle.h"
#include "core/slice/standing.h"

namespace cox::core {
namespace {

/// Of jobs whose partition is no longer configured so.
constexpr Duration slice_default = seconds(30);

bool is_there(const Job& job) {
  return job.phase == JobPhase::starting || job.phase == JobPhase::running;
}

/// Some job of the row would run if it had its turn.
bool wants_turn(const State& state, const SlicedJobs& sliced, std::uint32_t row) {
  const auto jobs = sliced.rows.find(row);
  return jobs != sliced.rows.end() && std::ranges::any_of(jobs->second, [&state](JobId id) {
           const Job& job = *state.find_job(id);
           return is_there(job) && !job.run->suspended.is_set();
         });
}

/// The next row behind `row`, and after the last the first, that wants its turn.
std::optional<std::uint32_t> next_row(const State& state,
                                      const SlicedJobs& sliced,
                                      std::uint32_t row) {
  const std::uint32_t rows = sliced.matrix.rows();
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::uint32_t next = (std::min(row, rows) + i) % rows + 1;
    if (next != row && wants_turn(state, sliced, next)) return next;
  }
  return std::nullopt;
}

struct Move {
  JobId job;
  std::uint32_t row = 0;
};

std::optional<Move> next_move(const State& state, const SlicedJobs& sliced) {
  for (const auto& [row, jobs] : sliced.rows) {
    if (row == 1) continue;
    for (const JobId id : jobs) {
      const Job& job = *state.find_job(id);
      if (job.phase != JobPhase::running) continue;
      std::vector<NodeId> nodes;
      for (const NodeShare& share : job.run->allocation.nodes) nodes.push_back(share.node);
      const auto earlier = sliced.matrix.first_before(row, nodes);
      if (earlier.has_value()) return Move{id, *earlier};
    }
  }
  return std::nullopt;
}

/// The row that runs has nobody who wants to: which has?
std::optional<std::uint32_t> vacant_turn(const State& state,
                                         const std::string& partition,
                                         const SlicedJobs& sliced) {
  const std::uint32_t row = turn_of(state.record, partition);
  return wants_turn(state, sliced, row) ? std::nullopt : next_row(state, sliced, row);
}

Duration slice_of(const Settings& settings, const std::string& partition) {
  const auto found = std::ranges::find(settings.partitions, partition, &PartitionSettings::name);
  return found == settings.partitions.end() ? slice_default : found->slice;
}

/// A clock that was put back between two controllers lengthens no turn.
bool is_over(const Scene& scene, const std::string& partition) {
  const auto turn = scene.state.record.turns.find(partition);
  if (turn == scene.state.record.turns.end() || turn->second.since > scene.now) return true;
  return scene.now >= turn->second.since + slice_of(scene.state.record.settings, partition);
}

}  // namespace

bool has_rows_unsettled(const State& state) {
  return std::ranges::any_of(state.index.sliced, [&state](const auto& one) {
    return next_move(state, one.second).has_value() ||
           vacant_turn(state, one.first, one.second).has_value();
  });
}

Facts settle_rows(const Scene& scene) {
  for (const auto& [partition, sliced] : scene.state.index.sliced) {
    if (const auto move = next_move(scene.state, sliced)) {
      const Job& job = *scene.state.find_job(move->job);
      return {RowChanged{job.id, job.attempt, scene.now, move->row}};
    }
    if (const auto row = vacant_turn(scene.state, partition, sliced)) {
      return {RowTurned{partition, scene.now, *row}};
    }
  }
  return {};
}

Facts turn_rows(const Scene& scene) {
  Facts facts;
  for (const auto& [partition, sliced] : scene.state.index.sliced) {
    if (!is_over(scene, partition)) continue;
    const auto next = next_row(scene.state, sliced, turn_of(scene.state.record, partition));
    if (next.has_value()) facts.push_back(RowTurned{partition, scene.now, *next});
  }
  return facts;
}

}  // namespace cox::core
