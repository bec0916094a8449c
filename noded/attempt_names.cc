// See attempt_names.h.
#include "noded/attempt_names.h"

#include "noded/paths.h"

namespace cox::noded {

std::string AttemptNames::text(AttemptKey key) const {
  const auto plan = plans_.find(key);
  if (plan == plans_.end() || !plan->second.prepare.has_element()) return key_text(key);
  const wire::ArrayElement& element = plan->second.prepare.element();
  return job_name(JobId{element.array()}, element.index()) + "." +
         std::to_string(key.attempt.value);
}

std::string AttemptNames::text(const StepKey& key) const {
  return text(AttemptKey{key.job, key.attempt}) + "." + step_name(key.step);
}

}  // namespace cox::noded
