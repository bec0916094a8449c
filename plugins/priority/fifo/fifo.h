// Priority plug-in `fifo`: the partition's tier, then nice, then who came first.
#pragma once

#include "core/policy/priority.h"

namespace cox::plugins {

class FifoPriority final : public core::PriorityPolicy {
 public:
  std::int64_t static_key(const Settings& settings,
                          const JobRequest& request,
                          Instant submitted,
                          const PartitionSettings& partition) const override;
  std::vector<core::PriorityTerm> terms(const Settings& settings,
                                        const JobRequest& request,
                                        Duration waited,
                                        const PartitionSettings& partition,
                                        const core::FairRank& rank) const override;
};

}  // namespace cox::plugins
