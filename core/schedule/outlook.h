// What one partition has in store for a waiting job: what comes before it there, and when a request
// could start in its place. Without the Plan, by the tests of the pass.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/schedule/forecast.h"
#include "core/schedule/queue_order.h"
#include "core/schedule/trial.h"

namespace cox::core {

class Outlook {
 public:
  /// `index`: of an array, the element in question. What is given by reference must outlive this.
  Outlook(const State& state,
          const Contact& contact,
          Instant now,
          Policies policies,
          const PartitionSettings& partition,
          const Job& job,
          std::uint32_t index);
  Outlook(const Outlook&) = delete;
  Outlook& operator=(const Outlook&) = delete;

  const PartitionSettings& partition() const { return partition_; }

  /// Nodes that take new work.
  const Bitset& ready() const { return ready_; }

  /// The first of those before it that waits for resources.
  std::optional<JobId> blocker() const { return blocker_; }

  std::size_t starts_ahead() const { return starts_of(ahead_); }

  /// Whether the request fits what is free, whoever waits.
  Trial trial(const JobRequest& request) const;
  /// Where the request may start now, although others may wait: `trial` is what came of it.
  std::optional<Allocation> start_now(const JobRequest& request, const Trial& trial);
  /// When it may start later.
  Forecast forecast(const JobRequest& request);

 private:
  /// The first job of each partition that waits for resources.
  std::vector<std::optional<Place>> first_waiting() const;
  /// Jobs of other partitions may be in its way.
  bool shares(const JobRequest& request) const;

  const State& state_;
  const Contact& contact_;
  Instant now_;
  Policies policies_;
  const PartitionSettings& partition_;
  Bitset ready_;
  QueueOrder order_;
  Place mine_;
  std::vector<Standing> ahead_;
  std::optional<JobId> blocker_;
  std::optional<Forecaster> forecaster_;
  std::optional<Overtaking> overtaking_;
};

}  // namespace cox::core
