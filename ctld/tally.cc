// Counts jobs by what happens to them.
#include "ctld/tally.h"

#include <variant>

#include "core/job/array.h"

namespace cox::ctld {

void JobTally::learn(const core::State& state, const core::Fact& fact) {
  if (const auto* job = std::get_if<core::JobSubmitted>(&fact)) {
    submitted += std::max<std::uint32_t>(1, job->request.common->array.count());
  } else if (std::holds_alternative<core::JobStarted>(fact)) {
    ++started;
  } else if (const auto* elements = std::get_if<core::ElementsCancelled>(&fact)) {
    cancelled += elements->elements.count();
  } else if (const auto* ended = std::get_if<core::JobEnded>(&fact)) {
    // The end of an array is that of its elements, which were counted.
    const core::Job* job = state.find_job(ended->job);
    if (job != nullptr && core::is_array(*job)) return;
    ++(ended->state == JobState::completed   ? completed
       : ended->state == JobState::cancelled ? cancelled
                                             : failed);
  }
}

}  // namespace cox::ctld
