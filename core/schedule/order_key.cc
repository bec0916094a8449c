// See order_key.h.
#include "core/schedule/order_key.h"

#include <algorithm>

#include "core/fairshare/usage.h"

namespace cox::core {

Instant aged_from(const State& state, const PriorityPolicy& priority, const Job& job) {
  const Duration cap = priority.age_cap(state.record.settings);
  const Instant charged = state.record.usage.charged_at;
  if (cap == duration_unlimited || !charged.is_set()) return job.submitted;
  return std::max(job.submitted, Instant{charged.us - cap.us});
}

std::int64_t base_key(const State& state,
                      const PriorityPolicy& priority,
                      const Job& job,
                      const PartitionSettings& partition) {
  return priority.static_key(state.record.settings, job.request, aged_from(state, priority, job),
                             partition);
}

FairRank rank_of(const FairTree& shares, const State& state, const JobRequest& request) {
  return shares.rank(association_of(state.record.settings, request)).value_or(FairRank{});
}

std::int64_t share_key(const FairTree& shares,
                       const State& state,
                       const PriorityPolicy& priority,
                       const JobRequest& request) {
  if (!priority.has_shares()) return 0;
  return priority.share_key(state.record.settings, rank_of(shares, state, request));
}

}  // namespace cox::core
