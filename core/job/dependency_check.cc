// See dependency_check.h. A submit cannot make jobs wait in a round: its id is the highest.
#include "core/job/dependency_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/job/answers.h"
#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/waits.h"

namespace cox::core {
namespace {

bool is_known(const WaitView& view, const JobTerms& terms, const WaitKey& key) {
  return look_up(view, terms, key).has_value();
}

/// Elements of `array` for which `job` must have one each; none for other kinds.
ArraySpec corresponding_to(const State& state,
                           const DependencyTerm& term,
                           const JobReference& reference,
                           const ArraySpec& array) {
  if (term.kind != DependencyKind::after_corresponding || reference.index || array.empty()) {
    return {};
  }
  const Job* job = state.find_job(reference.job);
  const bool is_one = job == nullptr ? state.index.arrays.contains(reference.job) : is_array(*job);
  return is_one ? array : ArraySpec{};
}

Result<void> check_corresponding(const State& state,
                                 const DependencyTerm& term,
                                 const JobReference& reference,
                                 const ArraySpec& array) {
  const Job* job = state.find_job(reference.job);
  if (corresponding_to(state, term, reference, array).empty() || job == nullptr) return {};
  const ArraySpec missing = elements_without(array, job->request.common->array);
  if (missing.empty()) return {};
  return fail(Code::refused, "aftercorr:" + std::to_string(reference.job.value) + ": job " +
                                 std::to_string(reference.job.value) + " has no element " +
                                 std::to_string(missing.first()));
}

/// Who the job would wait for, as far as these have not begun: by references, and as a singleton.
std::vector<JobId> waits_for(const State& state, const Job& job, const JobRequest& request) {
  std::vector<JobId> jobs;
  if (request.terms.is_blank()) return jobs;
  for (const DependencyTerm& term : request.terms->dependency.terms) {
    for (const JobReference& reference : term.jobs) jobs.push_back(reference.job);
    if (term.kind != DependencyKind::singleton) continue;
    const SingleName name{request.common->user.uid, request.name};
    const auto group = state.index.waits.singles.find(name);
    if (group == state.index.waits.singles.end()) continue;
    for (const auto& [other, count] : group->second.waiting) {
      if (other < job.id) jobs.push_back(other);
    }
  }
  return jobs;
}

std::string round_text(const std::map<JobId, JobId>& from, JobId first, JobId last) {
  std::string text = std::to_string(first.value);
  for (JobId at = last; at != first; at = from.at(at))
    text = std::to_string(at.value) + " -> " + text;
  return std::to_string(first.value) + " -> " + text;
}

}  // namespace

std::vector<WaitKey> unknown_references(const State& state,
                                        const Dependency& dependency,
                                        const std::vector<PastJob>& past,
                                        const ArraySpec& array) {
  JobTerms terms;
  terms.past = past;
  const WaitView view = view_of(state);
  std::set<WaitKey> unknown;
  for (const DependencyTerm& term : dependency.terms) {
    for (const JobReference& reference : term.jobs) {
      const ArraySpec each = corresponding_to(state, term, reference, array);
      each.for_each([&](std::uint32_t index) {
        if (!is_known(view, terms, {reference.job, index})) unknown.insert({reference.job, index});
      });
      const WaitKey key{reference.job, reference.index};
      if (each.empty() && !is_known(view, terms, key)) unknown.insert(key);
    }
  }
  return {unknown.begin(), unknown.end()};
}

Result<void> check_dependency(const State& state, const JobTerms& terms, const ArraySpec& array) {
  for (const DependencyTerm& term : terms.dependency.terms) {
    if (term.kind == DependencyKind::after_burst_buffer) {
      return fail(Code::refused,
                  "dependency afterburstbuffer: there are no burst buffers (use afterany)");
    }
    for (const JobReference& reference : term.jobs) {
      const auto checked = check_corresponding(state, term, reference, array);
      if (!checked.has_value()) return checked;
    }
  }
  const auto unknown = unknown_references(state, terms.dependency, terms.past, array);
  if (unknown.empty()) return {};
  const WaitKey& key = unknown.front();
  const bool is_to_come = key.first >= state.record.next_job;
  return fail(Code::not_found,
              "dependency on job " + name_of(key) +
                  (is_to_come ? ": there is no such job yet" : ": no such job is known"));
}

Result<void> check_no_round(const State& state, const Job& job, const JobRequest& request) {
  const JobId mine = is_element(job) ? job.array : job.id;
  std::map<JobId, JobId> from;  // job -> who waits for it
  std::vector<JobId> next;
  const auto add = [&](const Job& who, JobId family, const JobRequest& asked) {
    for (const JobId other : waits_for(state, who, asked)) {
      if (from.emplace(other, family).second) next.push_back(other);
    }
  };
  add(job, mine, request);
  while (!next.empty()) {
    const JobId at = next.back();
    next.pop_back();
    if (at == mine) {
      return fail(Code::refused, job_text(job) + " would wait for itself: " +
                                     round_text(from, mine, from.at(mine)));
    }
    const Job* other = state.find_job(at);
    if (other == nullptr || other->phase == JobPhase::ended || is_live(*other)) continue;
    add(*other, at, other->request);
  }
  return {};
}

Result<void> check_deadline(Instant now, const JobRequest& request) {
  if (request.terms.is_blank() || !request.terms->deadline.is_set()) return {};
  const Instant deadline = request.terms->deadline;
  if (deadline <= now) {
    return fail(Code::refused, "deadline " + to_utc_text(deadline) + " is over");
  }
  const Instant begin = std::max(now, request.begin);
  if (begin >= deadline) {
    return fail(Code::refused, "deadline " + to_utc_text(deadline) + ": a job that begins at " +
                                   to_utc_text(begin) + " cannot end before it");
  }
  if (request.time_limit >= duration_unlimited) return {};
  if (begin + request.time_limit <= deadline) return {};
  return fail(Code::refused, "deadline " + to_utc_text(deadline) + ": a job of " +
                                 to_text(request.time_limit) + " that begins at " +
                                 to_utc_text(begin) + " cannot end before it");
}

}  // namespace cox::core
