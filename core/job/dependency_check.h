// Whether what a request says about other jobs, and about time, can be kept to.
#pragma once

#include "common/result.h"
#include "core/state.h"

namespace cox::core {

/// Jobs and elements that the dependency names and neither State nor `past` has.
std::vector<WaitKey> unknown_references(const State& state,
                                        const Dependency& dependency,
                                        const std::vector<PastJob>& past,
                                        const ArraySpec& array);
/// error: not_found for a job that never was, refused for a kind that has no meaning here;
/// `array`: of the job that waits, empty for one that is none
Result<void> check_dependency(const State& state, const JobTerms& terms, const ArraySpec& array);
/// A job of State that would wait for itself. error: refused, naming the round
Result<void> check_no_round(const State& state, const Job& job, const JobRequest& request);
/// error: refused where the job could not end before its deadline even if it began now
Result<void> check_deadline(Instant now, const JobRequest& request);

}  // namespace cox::core
