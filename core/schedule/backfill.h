// What the pass remembers of its way through the jobs behind the first that waits. A part of the
// Plan: all of it can be found again from State.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/schedule/lane.h"
#include "core/schedule/places.h"
#include "core/schedule/reservations.h"
#include "core/schedule/timeline.h"
#include "model/settings.h"

namespace cox::core {

enum class BackfillKind : std::uint8_t { none, easy, easy_sjbf, conservative };

BackfillKind backfill_kind(const Settings& settings);

/// What a class asks for at least: 24 bytes, so that a million of them are looked at in no time.
struct ClassFilter {
  ClassFilter(std::uint64_t cores_least, std::uint32_t idle_nodes, std::size_t in, Duration limit);

  std::uint32_t cores;
  std::uint32_t nodes;  // that are idle: of jobs that take whole ones
  std::uint32_t partition;
  Duration length;
};

/// A class whose first job may start behind the reserved ones.
struct Candidate {
  std::int64_t tier = 0;    // where short jobs come first: higher tiers all the same before lower
  std::int64_t length = 0;  // likewise
  Place place;
  std::size_t which = 0;  // the class

  /// For a heap with the first on top.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    if (a.tier != b.tier) return a.tier < b.tier;
    if (a.length != b.length) return a.length > b.length;
    return b.place < a.place;
  }
};

/// One look at all classes, those first that should start first.
struct Scan {
  bool is_begun = false;
  std::uint64_t round = 0;
  std::size_t next_class = 0;         // up to here the classes were filtered
  std::vector<Candidate> heap;        // those that may start
  std::vector<std::size_t> late;      // classes that got jobs since
  std::vector<std::size_t> doubtful;  // refused, but another start may change that
};

/// The plan of all jobs in their order, as far as it goes.
struct FullPlan {
  /// A job in one of its partitions; the order is that of the plan.
  struct Entry {
    Place place;
    std::size_t partition = 0;
    std::size_t which = 0;       // the class
    std::uint32_t nth = 0;       // of the starts from that place: arrays have many
    std::uint32_t reserved = 0;  // of those before it

    friend bool operator<(const Entry& a, const Entry& b) {
      if (a.place != b.place) return a.place < b.place;
      return a.nth != b.nth ? a.nth < b.nth : a.partition < b.partition;
    }

    /// The next start from the same place, when this one is reserved, or happens now.
    Entry following(bool is_reserved) const {
      return {place, partition, which, nth + 1, reserved + (is_reserved ? 1U : 0U)};
    }
  };

  bool is_begun = false;
  std::vector<Entry> heap;           // the next of each class, the first on top
  std::optional<Entry> last;         // planned up to here
  std::vector<Lane> lanes;           // one for each set of nodes
  std::vector<std::size_t> lane_of;  // by partition
  Timeline timeline;                 // with what exactly reserved jobs take
  LicenseTimeline licenses;          // with what all planned jobs take
  std::optional<Entry> starting;     // decided by the plan itself
  bool has_started = false;          // something, since it was begun

  void push(const Entry& entry);
  std::optional<Entry> pop();

  bool has_planned(const Entry& entry) const {
    return is_begun && last.has_value() && !(*last < entry);
  }

  /// What it planned for this entry is no longer so.
  bool is_upset_without(const Entry& entry) const {
    const bool is_its_start = starting.has_value() && starting->place == entry.place &&
                              starting->partition == entry.partition;
    return has_planned(entry) && !is_its_start;
  }
};

/// Where the pass stands.
struct Pass {
  BackfillKind kind = BackfillKind::none;
  Running running;
  Reservations reservations;
  Scan scan;
  FullPlan full;
  std::vector<ClassFilter> filters;  // by class
  Instant looked;                    // the moment of the last step

  void begin(const State& state);
  /// Everything that was found out is void.
  void renew();
  /// The plan started a job, which counts as another one when it runs: the reserved jobs may choose
  /// other nodes beside it, and its memory is counted together with that of others on its node.
  bool plans_otherwise_now() const;
  /// A running job was expected to have ended between the last step and `now`, or already before.
  bool has_expired(Instant now) const;
};

}  // namespace cox::core
