// One request against the future: how many of its tasks fit each node as time goes on, and from
// when on it fits as a whole. Answers as a select plug-in would, since both ask Need::capacity().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/bitset.h"
#include "common/cow.h"
#include "core/policy/fit.h"
#include "core/schedule/constrained.h"
#include "core/schedule/licenses.h"
#include "core/schedule/timeline.h"
#include "core/state.h"

namespace cox::core {

/// How many nodes have room for how many tasks, and whether that is enough for a request.
class Tally {
 public:
  /// `nodes_granted`: by the partition; 0: no limit.
  /// `kinds`: of nodes that are counted; null: none are. It must outlive this.
  Tally(const JobRequest& request, std::uint32_t nodes_granted, const NodeKinds* kinds);

  /// Tasks that a node must have room for to be of any use.
  std::uint32_t tasks_least() const { return tasks_least_; }

  /// `capacity` in what counts: none below the least, no more than that where only nodes count.
  std::uint32_t clipped(std::uint32_t capacity) const;

  /// `kinds`: that the node is of.
  void add(std::uint32_t capacity, bool is_wanted, std::uint8_t kinds) {
    change(capacity, is_wanted, kinds, 1);
  }

  void remove(std::uint32_t capacity, bool is_wanted, std::uint8_t kinds) {
    change(capacity, is_wanted, kinds, -1);
  }

  bool fits() const;

  /// Nodes with room for enough tasks.
  std::uint64_t nodes() const { return nodes_ + wanted_; }

  std::uint64_t nodes_least() const { return nodes_least_; }

  std::uint64_t nodes_most() const { return nodes_most_; }

  std::uint64_t tasks() const { return tasks_; }

  /// Tasks that all nodes together have room for.
  std::uint64_t room() const { return room_; }

 private:
  /// Nodes that have room for the same.
  struct Alike {
    std::uint32_t capacity = 0;
    std::uint8_t kinds = 0;
    std::int64_t count = 0;
  };

  void change(std::uint32_t capacity, bool is_wanted, std::uint8_t kinds, int by);
  bool fits_kinds() const;

  const NodeKinds* kinds_;
  std::uint64_t tasks_, nodes_least_, nodes_most_, named_;
  std::uint32_t tasks_least_;
  std::vector<Alike> counts_;         // of nodes, largest capacity first
  std::vector<Alike> counts_wanted_;  // of those named, where kinds are counted
  std::uint64_t nodes_ = 0, wanted_ = 0, wanted_room_ = 0, room_ = 0;
};

class Prospect {
 public:
  /// The rooms of now. `ready`: the nodes that may be used.
  Prospect(const State& state,
           const PartitionSettings& partition,
           const Bitset& ready,
           const JobRequest& request);
  Prospect(const Prospect&) = delete;
  Prospect& operator=(const Prospect&) = delete;

  /// Goes on to the first second >= `not_before` at which the request fits for all of `length`;
  /// nothing when it never does. Does not ask about now: that is the plug-in's business.
  /// `licenses`: those it wants have to be free as well.
  std::optional<Second> advance(const Timeline& timeline,
                                const LicenseTimeline& licenses,
                                Duration length,
                                Second not_before);

  /// With the rooms that it stands at.
  bool fits() const;
  /// After advance(): nodes and amounts that it would get.
  std::vector<Part> choose() const;
  /// After advance(), on a timeline without reserved jobs: it would still fit without `parts`,
  /// which are free now.
  bool survives(const std::vector<Part>& parts);
  /// From here on `parts` are not there.
  void lose(const std::vector<Part>& parts);
  /// After advance(): of so many cores at most survives() can be true, wherever they are among the
  /// nodes it may use.
  std::uint64_t spare_cores() const;

  const Bitset& candidates() const { return candidates_; }

  const Need& need() const { return need_; }

 private:
  struct Level {
    std::int32_t cores = 0;
    std::int32_t jobs = 0;
    std::int64_t memory_mib = 0;
    std::int32_t closing = 0;  // parts that keep it out
  };

  void apply(const Part& part, bool frees);
  std::uint32_t capacity_at(std::size_t node) const;
  void recount(std::size_t node);
  void set_capacity(std::size_t node, std::uint32_t capacity);
  /// Whether it still fits when nodes that are taken before `end` count with the least they have.
  bool lasts(const std::vector<Change>& changes, std::size_t from, Second end);
  std::vector<std::size_t> choose_nodes() const;
  /// Adds the node to the tallies of its groups, or takes it away.
  void count(std::size_t node, std::uint32_t capacity, bool adds);

  Cow<JobCommon> common_;  // what need_ looks at stays
  Constrained constrained_;
  const Bitset& candidates_;
  FreeNodes view_;
  Need need_;
  std::vector<Tally> tallies_;  // of each group of nodes that it may choose
  Bitset wanted_;
  Tenant tenant_;
  std::vector<Level> levels_;            // by NodeId
  std::int64_t cores_ = 0;               // of all levels
  bool is_scattered_;                    // one core a task, on whatever nodes
  std::vector<std::uint32_t> capacity_;  // by NodeId, clipped
  std::vector<Bitset> devices_;          // by NodeId; only where devices are wanted
  std::vector<std::vector<std::int64_t>> pools_;
};

}  // namespace cox::core
