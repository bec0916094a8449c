// See priority_text.h.
#include "core/schedule/priority_text.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "common/count_text.h"
#include "common/text.h"
#include "core/schedule/place_terms.h"

namespace cox::core {

std::string priority_text(const State& state,
                          Policies policies,
                          Instant now,
                          const Job& job,
                          const PartitionSettings& partition) {
  const std::vector<PriorityTerm> terms =
      PlaceTerms(state, *policies.priority, now).of(job, partition);
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
