// See array.h.
#include "core/job/array.h"

#include <algorithm>
#include <limits>

namespace cox::core {

const ArraySpec& remainder(const Job& array) {
  const Cow<ArrayRun>& run = array.run->array;
  return run.is_blank() ? array.request.common->array : run->remainder;
}

std::uint32_t waiting_starts(const Job& job) {
  if (job.phase != JobPhase::pending) return 0;
  return is_array(job) ? remainder(job).count() : 1;
}

Job element_of(const Job& array, JobId id, std::uint32_t index) {
  Job element;
  element.id = id;
  element.array = array.id;
  element.index = index;
  element.request = array.request;
  element.submitted = array.submitted;
  element.hold = array.hold;
  return element;
}

std::uint32_t at_once_max(const State& state, const Job& job) {
  // An element that ran while the limit was changed has the old one.
  const Job* array = is_element(job) ? state.find_job(job.array) : nullptr;
  return (array == nullptr ? job : *array).request.common->array.at_once_max;
}

bool is_apart(const State& state, const Job& job) {
  if (!is_element(job)) return false;
  const Job* array = state.find_job(job.array);
  if (array == nullptr || job.request.time_limit != array->request.time_limit) return true;
  if (job.request.common.is_same(array->request.common)) return false;
  JobCommon mine = *job.request.common;
  const JobCommon& theirs = *array->request.common;
  mine.comment = theirs.comment;
  mine.labels = theirs.labels;
  mine.requeue = theirs.requeue;
  mine.array.at_once_max = theirs.array.at_once_max;
  return !(mine == theirs);
}

std::uint32_t room_at_once(const State& state, const Job& job) {
  const std::uint32_t limit = at_once_max(state, job);
  if (limit == 0) return std::numeric_limits<std::uint32_t>::max();
  const ArrayMembers* members = state.find_members(is_element(job) ? job.array : job.id);
  if (members == nullptr) return limit;
  return limit - static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, members->live));
}

bool is_at_limit(const State& state, const Job& job) {
  return room_at_once(state, job) == 0;
}

Outcome worse(const Outcome& a, const Outcome& b) {
  return b.status() > a.status() ? b : a;
}

void count_end(ArrayRun& run, const Outcome& outcome) {
  ++run.ended[outcome.state];
  run.worst = worse(run.worst, outcome);
}

ArraySpec cancelled_with(const ArraySpec& array, const ArrayRun& run, const ArraySpec& elements) {
  // All of the array, but what is in neither.
  const ArraySpec others = elements_without(elements_without(array, run.cancelled), elements);
  ArraySpec cancelled = elements_without(array, others);
  cancelled.at_once_max = 0;
  return cancelled;
}

void count_cancelled(const ArraySpec& all, const ArraySpec& elements, ArrayRun& run) {
  ++run.cancels;
  run.remainder = elements_without(run.remainder, elements);
  run.cancelled = cancelled_with(all, run, elements);
  run.worst = worse(run.worst, Outcome{JobState::cancelled});
}

ArrayRun& edit_array(Job& array) {
  Cow<ArrayRun>& run = array.run.edit().array;
  const bool is_fresh = run.is_blank();
  ArrayRun& made = run.edit();
  if (is_fresh) made.remainder = array.request.common->array;
  return made;
}

std::string job_name(const Job& job) {
  return is_element(job) ? cox::job_name(job.array, job.index) : cox::job_name(job.id);
}

}  // namespace cox::core
