// Job arrays: one record stands for all elements, until an element first differs from the others
// and gets a job of its own. docs/adr/0013-arrays.md
#pragma once

#include <cstdint>
#include <string>

#include "core/state.h"
#include "model/array_spec.h"

namespace cox::core {

inline bool is_element(const Job& job) {
  return job.array != JobId{};
}

inline bool is_array(const Job& job) {
  return !is_element(job) && !job.request.common->array.empty();
}

/// Elements of `array` that have no job of their own yet.
const ArraySpec& remainder(const Job& array);
/// How many starts the job waits for: of an array one for each element of its remainder.
std::uint32_t waiting_starts(const Job& job);
/// The job that an element becomes when it is split off.
Job element_of(const Job& array, JobId id, std::uint32_t index);
/// How many elements of the job's array may run at once; 0: any number.
std::uint32_t at_once_max(const State& state, const Job& job);
/// An element of which other things are asked than of the array, as far as they matter for a start:
/// it has a place in the queue of its own.
bool is_apart(const State& state, const Job& job);
/// As many elements of the job's array have begun as may at once.
bool is_at_limit(const State& state, const Job& job);
/// How many more of them may begin now.
std::uint32_t room_at_once(const State& state, const Job& job);

/// The record of what became of the elements, to be changed.
ArrayRun& edit_array(Job& array);
/// Notes there that an element which had a job of its own has ended.
void count_end(ArrayRun& run, const Outcome& outcome);
/// What of `array` will have ended without jobs of their own when `elements` do.
ArraySpec cancelled_with(const ArraySpec& array, const ArrayRun& run, const ArraySpec& elements);
/// Notes there that `elements` of the remainder end without one.
void count_cancelled(const ArraySpec& all, const ArraySpec& elements, ArrayRun& run);
/// `b` where it is worse than `a`.
Outcome worse(const Outcome& a, const Outcome& b);

/// "7_4" for an element, "7" for every other job.
std::string job_name(const Job& job);

}  // namespace cox::core
