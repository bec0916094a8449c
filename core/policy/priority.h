// In which order? Asked so that linear age cancels out and no tick re-sorts the queue.
// Implementations: plugins/priority/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/policy/fair_rank.h"
#include "model/ids.h"
#include "model/job_request.h"
#include "model/settings.h"
#include "model/time.h"

namespace cox::core {

/// A summand of a priority, in thousandths of a point.
struct PriorityTerm {
  std::string name;
  std::int64_t thousandths = 0;
};

class PriorityPolicy {
 public:
  virtual ~PriorityPolicy() = default;
  /// Larger starts earlier; ties by JobId. Constant while the job waits and is not updated, and its
  /// age is under the cap.
  virtual std::int64_t static_key(const Settings& settings,
                                  const JobRequest& request,
                                  Instant submitted,
                                  const PartitionSettings& partition) const = 0;

  /// What is waited beyond this counts no more.
  virtual Duration age_cap(const Settings&) const { return duration_unlimited; }

  /// Fair shares count: share_key() is added to the key.
  virtual bool has_shares() const { return false; }

  virtual std::int64_t share_key(const Settings&, const FairRank&) const { return 0; }

  /// The key in people's terms. `waited`: at most the cap.
  virtual std::vector<PriorityTerm> terms(const Settings& settings,
                                          const JobRequest& request,
                                          Duration waited,
                                          const PartitionSettings& partition,
                                          const FairRank& rank) const = 0;
};

}  // namespace cox::core
