// What is asked of the index of waits: see waits.h.
#include <algorithm>
#include <iterator>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/waits_parts.h"
#include "core/slice/turns.h"

namespace cox::core {

bool has_dependency(const Job& job) {
  return !job.request.terms.is_blank() && !job.request.terms->dependency.terms.empty();
}

bool is_corresponding(const Job& job) {
  return has_dependency(job) && has_kind(job.request.terms->dependency, corresponding);
}

SingleName single_name(const Job& job) {
  return {job.request.common->user.uid, job.request.name};
}

JobId family_of(const Job& job) {
  return is_element(job) ? job.array : job.id;
}

const JobReference& reference_at(const Dependency& dependency,
                                 std::size_t place,
                                 DependencyKind* kind) {
  std::size_t term = 0;
  while (place >= dependency.terms[term].jobs.size()) {
    place -= dependency.terms[term++].jobs.size();
  }
  *kind = dependency.terms[term].kind;
  return dependency.terms[term].jobs[place];
}

Instant deadline_due(const Job& job) {
  if (job.request.terms.is_blank() || !job.request.terms->deadline.is_set()) return Instant{};
  const Instant deadline = job.request.terms->deadline;
  if (is_live(job)) return deadline;
  if (job.phase != JobPhase::pending) return Instant{};
  const Duration limit = job.request.time_limit;
  return limit >= duration_unlimited ? deadline : std::max(deadline - limit, Instant{1});
}

std::size_t singles_ahead(const State& state, const Job& job) {
  const auto group = state.index.waits.singles.find(single_name(job));
  if (group == state.index.waits.singles.end()) return 0;
  const JobId family = family_of(job);
  std::size_t live = group->second.live;
  if (const ArrayMembers* members = state.find_members(family)) live -= members->live;
  const auto& waiting = group->second.waiting;
  const bool is_first = waiting.empty() || !(waiting.begin()->first < family);
  if (live == 0 && is_first) return 0;
  return live +
         static_cast<std::size_t>(std::distance(waiting.begin(), waiting.lower_bound(family)));
}

Answer dependency_answer(const State& state, const Job& job, std::optional<std::uint32_t> index) {
  if (!has_dependency(job)) return Answer{Met::met};
  const Dependency& dependency = job.request.terms->dependency;
  Answer answer{Met::met};
  const bool has_own = !is_element(job) || is_corresponding(job);
  const auto known = state.index.waits.jobs.find(has_own ? job.id : job.array);
  if (known != state.index.waits.jobs.end() && !(index && is_array(job) && is_corresponding(job))) {
    answer = known->second.all;
  } else if (has_own) {
    const WaitingAs who = index ? WaitingAs{false, index} : waiting_as(job);
    answer = make_waits(view_of(state), job.request.terms, who).all;
  }
  if (!has_kind(dependency, DependencyKind::singleton)) return answer;
  const bool is_turn = singles_ahead(state, job) == 0;
  if (dependency.is_any) {
    if (is_turn) return Answer{Met::met};
    return answer.met == Met::never ? Answer{} : answer;
  }
  return answer.met == Met::met && !is_turn ? Answer{} : answer;
}

std::optional<Instant> eligible_from(const State& state, const Job& job) {
  if (!has_dependency(job)) return job.request.begin;
  const Answer answer = dependency_answer(state, job);
  if (answer.met != Met::met) return std::nullopt;
  return std::max(answer.from, job.request.begin);
}

bool is_waited_for(const State& state, JobId id) {
  const auto& waits = state.index.waits;
  if (waits.waiters.empty()) return false;
  if (waits.waiters.contains({id, std::nullopt})) return true;
  const Job* job = state.find_job(id);
  if (job == nullptr) return false;
  if (is_array(*job)) {
    const auto element = waits.waiters.upper_bound({id, std::nullopt});
    return element != waits.waiters.end() && element->first.first == id;
  }
  if (!is_element(*job)) return false;
  if (waits.waiters.contains({job->array, job->index})) return true;
  const auto whole = waits.waiters.find({job->array, std::nullopt});
  return whole != waits.waiters.end() &&
         std::ranges::any_of(whole->second, [&](const Waiter& waiter) {
           DependencyKind kind{};
           reference_at(waits.jobs.at(waiter.first).terms->dependency, waiter.second, &kind);
           return kind == corresponding;
         });
}

std::vector<JobId> dependents_of(const State& state, JobId id) {
  const WaitIndex& waits = state.index.waits;
  std::vector<JobId> found;
  if (waits.waiters.empty() && waits.singles.empty()) return found;  // mostly
  const Job* job = state.find_job(id);
  if (job == nullptr) return found;
  const auto add = [&](const WaitKey& key) {
    const auto waiters = waits.waiters.find(key);
    if (waiters == waits.waiters.end()) return;
    for (const Waiter& waiter : waiters->second) found.push_back(waiter.first);
  };
  add({id, std::nullopt});
  if (is_element(*job)) {
    add({job->array, job->index});
    add({job->array, std::nullopt});
  } else if (is_array(*job)) {
    for (auto next = waits.waiters.upper_bound({id, std::nullopt});
         next != waits.waiters.end() && next->first.first == id; ++next) {
      for (const Waiter& waiter : next->second) found.push_back(waiter.first);
    }
  }
  // Of singletons only the first has its turn; the second had it where the first is new.
  if (const auto group = waits.singles.find(single_name(*job)); group != waits.singles.end()) {
    auto next = group->second.waiting.begin();
    for (int i = 0; i < 2 && next != group->second.waiting.end(); ++i, ++next) {
      found.push_back(next->first);
    }
  }
  std::ranges::sort(found);
  const auto repeats = std::ranges::unique(found);
  found.erase(repeats.begin(), repeats.end());
  return found;
}

bool has_unsettled(const State& state) {
  return !state.index.waits.doomed.empty() || !state.index.waits.due.empty() ||
         !state.index.steps_due.empty() || has_rows_unsettled(state);
}

}  // namespace cox::core
