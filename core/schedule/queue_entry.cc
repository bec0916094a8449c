// Who stands in the queues, and who may start from a place there: jobs come, wait for a moment or
// for other jobs, and leave. An array has one place, from which its remainder starts and the
// elements that have jobs of their own; those that ask for something else have their own places.
#include <algorithm>

#include "core/job/array.h"
#include "core/job/waits.h"
#include "core/schedule/queues.h"

namespace cox::core {

void Plan::Queues::insert(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  if (job == nullptr) return;
  if (is_array(*job)) return refresh(state, id);
  if (job->phase != JobPhase::pending) return;
  admit(state, *job);
  // An element that waits again has left room for another one, though it may wait for long.
  if (is_element(*job)) refresh(state, job->array);
}

/// The pending job, which is no array, takes its place, now or later, when there is one for it.
void Plan::Queues::admit(const State& state, const Job& job) {
  const auto eligible = eligible_from(state, job);
  if (job.hold != Hold::none || !eligible) return;
  if (*eligible > now) {
    withdraw(job);  // what it waits for may have moved
    waiting.emplace(*eligible, job.id);
  } else if (!is_element(job)) {
    enqueue(state, job, job.id);
  } else if (is_apart(state, job)) {
    apart[job.array].insert(job.id);
  } else {
    ready_elements[job.array][job.index] = job.id;
  }
}

void Plan::Queues::reseat(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  if (job == nullptr) return;
  // What was refused may fit as it is asked for now, from the same place.
  for (PartitionQueue& partition : partitions) partition.refused.reset();
  if (is_array(*job)) {
    // Who asked for the same as the others may be apart now, and the other way round.
    for (const JobId element : ready_members(id)) {
      remove(state, element);
      insert(state, element);
    }
  }
  leave(is_element(*job) ? job->array : id);
  remove(state, id);
  insert(state, id);
}

std::vector<JobId> Plan::Queues::ready_members(JobId array) const {
  std::vector<JobId> members;
  if (const auto own = apart.find(array); own != apart.end()) {
    members.assign(own->second.begin(), own->second.end());
  }
  if (const auto ready = ready_elements.find(array); ready != ready_elements.end()) {
    for (const auto& [index, element] : ready->second) members.push_back(element);
  }
  return members;
}

void Plan::Queues::reconsider(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  if (job == nullptr) return;
  const ArrayMembers* members = is_array(*job) ? state.find_members(id) : nullptr;
  if (members != nullptr && members->unended != members->live) {
    for (const auto& [index, element] : members->elements) reconsider(state, element);
  }
  const bool is_ready = job->phase == JobPhase::pending && eligible_from(state, *job).has_value();
  if (is_ready || is_array(*job)) {
    insert(state, id);
  } else {
    remove(state, id);
  }
}

/// `job` is not held, and may begin: it waits for no other job nor for a moment to come.
bool Plan::Queues::may_begin(const State& state, const Job& job) const {
  if (job.phase != JobPhase::pending || job.hold != Hold::none) return false;
  const auto eligible = eligible_from(state, job);
  return eligible.has_value() && *eligible <= now;
}

const Job* Plan::Queues::candidate(const State& state, JobId id) const {
  const Job* job = state.find_job(id);
  const auto members = ready_elements.find(id);
  const Job* element = members == ready_elements.end() || members->second.empty()
                           ? nullptr
                           : state.find_job(members->second.begin()->second);
  if (job == nullptr || !may_begin(state, *job)) return element;
  const bool is_element_next = element != nullptr && element->index < remainder(*job).first();
  return is_element_next ? element : job;
}

std::uint32_t Plan::Queues::starts_waiting(const State& state, JobId id) const {
  const Job* job = state.find_job(id);
  if (job == nullptr || !seats.contains(id)) return 0;
  if (!is_array(*job)) return waiting_starts(*job);
  const auto members = ready_elements.find(id);
  std::uint32_t starts = may_begin(state, *job) ? waiting_starts(*job) : 0;
  if (members != ready_elements.end()) starts += static_cast<std::uint32_t>(members->second.size());
  return std::min(starts, room_at_once(state, *job));
}

void Plan::Queues::refresh(const State& state, JobId array) {
  const Job* job = state.find_job(array);
  const bool may_wait =
      job != nullptr && job->phase == JobPhase::pending && job->hold == Hold::none;
  if (const auto eligible = may_wait ? eligible_from(state, *job) : std::nullopt; eligible > now) {
    waiting.emplace(*eligible, array);
  }
  const Job* next = candidate(state, array);
  if (next == nullptr || is_at_limit(state, *next)) {
    leave(array);
  } else {
    enqueue(state, *next, array);
  }
  refresh_apart(state, array);
}

void Plan::Queues::refresh_apart(const State& state, JobId array) {
  const auto members = apart.find(array);
  if (members == apart.end()) return;
  for (const JobId id : members->second) {
    const Job& element = *state.find_job(id);
    if (is_at_limit(state, element)) {
      leave(id);
    } else {
      enqueue(state, element, id);
    }
  }
}

void Plan::Queues::remove(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  if (job != nullptr && job->request.begin.is_set()) waiting.erase({job->request.begin, id});
  if (job != nullptr && is_array(*job)) return refresh(state, id);
  if (job == nullptr) return leave(id);
  withdraw(*job);
  if (is_element(*job)) refresh(state, job->array);
}

/// Takes the place of the job, which is no array. That of an element's array stays.
void Plan::Queues::withdraw(const Job& job) {
  if (!is_element(job)) return leave(job.id);
  if (const auto members = ready_elements.find(job.array); members != ready_elements.end()) {
    members->second.erase(job.index);
    if (members->second.empty()) ready_elements.erase(members);
  }
  if (const auto own = apart.find(job.array);
      own != apart.end() && own->second.erase(job.id) != 0) {
    leave(job.id);
    if (own->second.empty()) apart.erase(own);
  }
}

}  // namespace cox::core
