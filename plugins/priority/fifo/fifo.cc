// Ties go to the lower JobId, which is the order of submission.
#include "plugins/priority/fifo/fifo.h"

namespace cox::plugins {

std::int64_t FifoPriority::static_key(const Settings&,
                                      const JobRequest& request,
                                      Instant,
                                      const PartitionSettings& partition) const {
  constexpr std::int64_t tier_weight = std::int64_t{1} << 32;  // no nice value reaches over a tier
  return std::int64_t{partition.tier} * tier_weight - request.common->nice;
}

std::vector<core::PriorityTerm> FifoPriority::terms(const Settings&,
                                                    const JobRequest& request,
                                                    Duration,
                                                    const PartitionSettings& partition,
                                                    const core::FairRank&) const {
  return {{"tier", std::int64_t{partition.tier} * 1000},
          {"nice", -std::int64_t{request.common->nice} * 1000}};
}

}  // namespace cox::plugins
