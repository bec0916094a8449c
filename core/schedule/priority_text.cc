// See priority_text.h.
#include "core/schedule/priority_text.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "common/count_text.h"
#include "common/text.h"
#include "core/schedule/order_key.h"

namespace cox::core {

std::string priority_text(const State& state,
                          Policies policies,
                          Instant now,
                          const Job& job,
                          const PartitionSettings& partition) {
  const PriorityPolicy& priority = *policies.priority;
  const FairTree shares = priority.has_shares() ? FairTree(state) : FairTree();
  const Duration waited{std::max<std::int64_t>(0, now.us - job.submitted.us)};
  const std::vector<PriorityTerm> terms = priority.terms(
      state.record.settings, job.request, waited, partition, rank_of(shares, state, job.request));
  std::vector<std::string> parts;
  std::string tier;
  std::int64_t sum = 0;
  for (const PriorityTerm& term : terms) {
    const std::string text = term.name + " " + thousandths_text(term.thousandths);
    if (term.name == "tier") {
      tier = text;
      continue;
    }
    parts.push_back(text);
    sum += term.thousandths;
  }
  return tier + ", " + thousandths_text(sum) + " points: " + join(parts, ", ");
}

}  // namespace cox::core
