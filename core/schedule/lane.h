// Counts of one set of nodes over time: free cores, or idle nodes where only whole nodes are given.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/schedule/licenses.h"
#include "core/schedule/profile.h"
#include "core/schedule/timeline.h"
#include "core/state.h"

namespace cox::core {

/// What jobs of a lane are counted in.
enum class LaneUnit : std::uint8_t { cores, nodes };

/// The request takes whole nodes in `partition`.
bool takes_whole_nodes(const JobRequest& request, const PartitionSettings& partition);
/// One core for each task, on whatever nodes, with its share of memory: counting cores is exact.
bool takes_any_cores(const JobRequest& request, const PartitionSettings& partition);

/// What parts of nodes take of a lane.
struct Taken {
  std::int64_t units = 0;
  std::int64_t counted = 0;  // with memory in cores: at least `units`
};

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
  /// What lies elsewhere does not count.
  Taken taken(const State& state, const std::vector<Part>& parts) const;

  bool can_start(std::int64_t units, Second end) const;
  /// All that was reserved by counting still starts when it should, beside a job that starts now.
  bool keeps_counted(const Taken& taken, Second end) const;
  /// No start >= `from` after now comes before this; nothing when none is in sight. `from` never
  /// goes back.
  std::optional<Second> earliest(std::int64_t units, Duration length, Second from);
  /// Likewise of a job that counts_exactly(): it does start then.
  std::optional<Second> earliest_counted(std::int64_t units, Duration length, Second from);
  /// The same with licenses, for jobs that few others are like: nothing is kept of it. `first`: no
  /// start is earlier.
  std::optional<Second> earliest_with(std::int64_t units,
                                      const LicenseTimeline& licenses,
                                      const Licenses& asked,
                                      Duration length,
                                      Second first) const;
  /// The first start >= `from` at which `taken` leaves all that was counted its start.
  std::optional<Second> earliest_beside(const Taken& taken, Duration length, Second from) const;

  void start(const Taken& taken, Second end);
  void reserve(const Taken& taken, Second start, Duration length);
  /// Of a job that counts_exactly().
  void reserve_counted(std::int64_t units, Second start, Duration length);

  /// The first second >= `from` at which anything is taken or given back; second_never: none.
  Second next_change(Second from) const { return whole_.profile.next_change(from); }

  std::int64_t free_now() const { return whole_.profile.free_at(now_); }

  /// For this request counting is as good as placing: any free units will do, and no other lane
  /// takes them.
  bool counts_exactly(const JobRequest& request, const PartitionSettings& partition) const;

  /// Some job takes more memory than its part.
  bool counts_memory() const { return parts_.has_value(); }

  const Bitset& nodes() const { return nodes_; }

  /// Of a start in sight; later ones are of jobs without a limit.
  Second horizon() const { return now_ + far; }

 private:
  static constexpr Second far = Second{1} << 36U;  // some 2000 years

  struct Track {
    std::optional<Second> earliest(std::int64_t units, Second length, Second from);

    Profile profile;
    Cursor cursor;
  };

  template <typename Visit>
  void for_each_share(const State& state, const Running& running, Instant now, Visit visit) const;
  void expect_idle(const State& state, const Running& running, Instant now);
  void expect_cores(const State& state, const Running& running, Instant now);
  void take(const Taken& taken, Second from, Second to);
  /// Where memory is counted in cores; begun when the first job takes more of it than its part.
  Track& parts();

  const Track& counting() const { return parts_.has_value() ? *parts_ : whole_; }

  LaneUnit unit_;
  bool is_alone_;             // no other lane has some of its nodes
  bool has_counted_ = false;  // something was reserved by counting
  bool is_alike_;             // nodes of one kind with one amount of everything
  std::size_t cores_least_;   // of a node
  Bitset nodes_;
  std::optional<NodeId> sample_;  // one of them
  Second now_;                    // before what is expected soon
  Track whole_;                   // the units as they are: what bounds every job
  std::optional<Track> parts_;    // nothing: as whole_
};

}  // namespace cox::core
