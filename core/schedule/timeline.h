// What will be free when: the ends of running jobs as their limits promise them, and what reserved
// jobs take. Spec: docs/adr/0017-profile-and-reservations.md
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/bitset.h"
#include "core/schedule/tenants.h"
#include "core/state.h"

namespace cox::core {

/// Whole seconds since 1970: every plan rounds up.
using Second = std::int64_t;
inline constexpr std::int64_t us_per_second = 1'000'000;
/// Of jobs without a limit. Nothing is predicted across it.
inline constexpr Second second_never = std::numeric_limits<Second>::max();

/// unit: rounded up
Second second_of(Instant at);
/// When something ends that runs for `length` from `start` on.
Second end_second(Instant start, Duration length);
Second end_second(Second start, Duration length);

/// When the limit of a job that holds nodes is over. Unset when it is ending already; Instant of
/// `never` when it has no limit, or is suspended.
Instant expected_end(const Job& job);

/// Jobs that hold nodes, by expected end; kept by learn().
class Running {
 public:
  using Entry = std::pair<Instant, JobId>;

  void rebuild(const State& state);
  /// Something happened to the job.
  void learn(const State& state, JobId id);
  void clear();
  /// The first expected end after `now`; unset when there is none.
  Instant next_end(Instant now) const;

  const std::set<Entry>& by_end() const { return by_end_; }

 private:
  std::set<Entry> by_end_;
  std::unordered_map<JobId, Instant> ends_;
};

/// A part of one node in amounts, without saying which cores.
struct Part {
  NodeId node;
  std::uint32_t cores = 0;
  std::int64_t memory_mib = 0;
  Bitset devices;
  std::vector<std::int64_t> pools;
  Tenant tenant{};
};

Part part_of(const NodeShare& share, const Tenant& tenant);
std::vector<Part> parts_of(const Allocation& allocation, const JobRequest& request);

struct Change {
  Second at = 0;
  bool frees = true;
  Part part;
};

/// Changes to what is free, ascending by second. What is expected *soon*, because it is ending or
/// overdue, comes at the second in which `now` lies: before every other change.
class Timeline {
 public:
  Timeline() = default;
  Timeline(const State& state, const Running& running, Instant now);

  /// A job that starts now gives its parts back at `end`.
  void free(Second end, const std::vector<Part>& parts);
  /// `parts` are taken from `start` to `end`.
  void reserve(Second start, Second end, const std::vector<Part>& parts);

  const std::vector<Change>& changes() const { return changes_; }

 private:
  void insert(Change change);

  std::vector<Change> changes_;
};

}  // namespace cox::core
