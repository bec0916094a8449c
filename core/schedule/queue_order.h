// Who comes before whom in one partition: found from State when asked, without the Plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/fairshare/fair_tree.h"
#include "core/schedule/forecast.h"
#include "core/schedule/places.h"
#include "core/schedule/plan.h"

namespace cox::core {

/// Where starts of a job stand in the order of a partition. Elements stand where their array does,
/// in order of their indices, but for those that ask for something else.
struct Standing {
  Place place;  // of the array, where there is one for all
  std::uint32_t index = 0;
  JobId job{};
  std::uint32_t starts = 1;

  friend bool operator<(const Standing& a, const Standing& b) {
    return a.place == b.place ? a.index < b.index : a.place < b.place;
  }
};

std::size_t starts_of(const std::vector<Standing>& standings);

class QueueOrder {
 public:
  /// `ready`: the nodes of the partition that take new work. What is given must outlive this.
  QueueOrder(const State& state,
             Instant now,
             Policies policies,
             const PartitionSettings& partition,
             const Bitset& ready);

  Place place_of(const Job& job) const;
  /// Everything that may start, in no order.
  std::vector<Standing> all() const;
  /// What comes before `job`; of an array, before its element `index`.
  std::vector<Standing> ahead_of(const Job& job, std::uint32_t index) const;

  /// The first of them that waits for resources: it stands in the way. Hopeless ones do not.
  std::optional<JobId> first_waiting(std::vector<Standing> standings) const;
  /// In order, those that are not hopeless.
  std::vector<Ahead> hopeful(std::vector<Standing> standings) const;

 private:
  bool holds(const Job& job) const;
  /// Nothing that ends lets the job fit. `known`: the answers so far, by class.
  bool is_hopeless(const JobRequest& request, std::map<std::string, bool>& known) const;

  const State& state_;
  Instant now_;
  Policies policies_;
  const PartitionSettings& partition_;
  const Bitset& ready_;
  FairTree shares_;
};

}  // namespace cox::core
