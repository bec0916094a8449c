// Counts of one set of nodes over time: free cores, or idle nodes where only whole nodes are given.
#pragma once

#include <cstdint>
#include <optional>

#include "core/schedule/profile.h"
#include "core/schedule/timeline.h"
#include "core/state.h"

namespace cox::core {

/// What jobs of a lane are counted in.
enum class LaneUnit : std::uint8_t { cores, nodes };

/// The request takes whole nodes in `partition`.
bool takes_whole_nodes(const JobRequest& request, const PartitionSettings& partition);
/// Somewhere it has more of the memory than its cores' part.
bool is_heavy(const State& state, const Allocation& allocation);
/// One core for each task, on whatever nodes, with its share of memory: counting cores is exact.
bool takes_any_cores(const JobRequest& request, const PartitionSettings& partition);

class Lane {
 public:
  Lane(const State& state,
       const Running& running,
       Instant now,
       const Bitset& ready,
       LaneUnit unit,
       bool is_alone);

  /// What `request` takes of it, at least.
  std::int64_t units(const State& state,
                     const PartitionSettings& partition,
                     const JobRequest& request) const;

  bool can_start(std::int64_t units, Second end) const;
  /// The first start >= `from` after now; nothing when none is in sight. `from` never goes back.
  std::optional<Second> earliest(std::int64_t units, Duration length, Second from);
  /// `allocation` starts now; what of it lies elsewhere does not count.
  void start(const Allocation& allocation, Second end, bool is_heavy);
  void reserve(std::int64_t units, Second start, Duration length);

  std::int64_t free_now() const { return profile_.free_at(now_); }

  /// For this request counting is as good as placing: any free units will do, and no other lane
  /// takes them.
  bool counts_exactly(const JobRequest& request, const PartitionSettings& partition) const;

  const Bitset& nodes() const { return nodes_; }

  /// Of a start in sight; later ones are of jobs without a limit.
  Second horizon() const { return now_ + far; }

 private:
  static constexpr Second far = Second{1} << 36U;  // some 2000 years

  LaneUnit unit_;
  bool is_alone_;            // no other lane has some of its nodes
  bool is_light_ = true;     // no heavy job runs here: each free core has its part of the memory
  bool is_alike_;            // nodes of one kind with one amount of everything
  std::size_t cores_least_;  // of a node
  Bitset nodes_;
  std::optional<NodeId> sample_;  // one of them
  Second now_;                    // before what is expected soon
  Profile profile_;
  Cursor cursor_;
};

}  // namespace cox::core
