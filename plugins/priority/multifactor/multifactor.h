// Priority plug-in `multifactor`: the partition's tier, then the sum of weighted terms: age, fair
// share, size, partition, qos, less nice. What each term is: coxswain.toml(5), [priority].
#pragma once

#include "core/policy/priority.h"

namespace cox::plugins {

class MultifactorPriority final : public core::PriorityPolicy {
 public:
  std::int64_t static_key(const Settings& settings,
                          const JobRequest& request,
                          Instant submitted,
                          const PartitionSettings& partition) const override;
  Duration age_cap(const Settings& settings) const override;
  bool has_shares() const override;
  std::int64_t share_key(const Settings& settings, const core::FairRank& rank) const override;
  std::vector<core::PriorityTerm> terms(const Settings& settings,
                                        const JobRequest& request,
                                        Duration waited,
                                        const PartitionSettings& partition,
                                        const core::FairRank& rank) const override;
};

}  // namespace cox::plugins
