// See place_terms.h.
#include "core/schedule/place_terms.h"

#include <algorithm>

#include "core/schedule/order_key.h"

namespace cox::core {

std::vector<PriorityTerm> PlaceTerms::of(const Job& job, const PartitionSettings& partition) {
  if (!shares_) shares_ = priority_.has_shares() ? FairTree(state_) : FairTree();
  const Duration waited{std::max<std::int64_t>(0, now_.us - job.submitted.us)};
  return priority_.terms(state_.record.settings, job.request, waited, partition,
                         rank_of(*shares_, state_, job.request));
}

}  // namespace cox::core
