// What people do to a job, an array or elements of one: cancel, hold, release, requeue. Asking for
// what is so already is no error. Elements that are all alike stay one record; where only some of
// them change they become jobs of their own first.
#include <string>
#include <vector>

#include "core/job/array.h"
#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/scene.h"

namespace cox::core {
namespace {

Failure wrong_phase(const Job& job, const std::string& why) {
  return fail(Code::refused,
              job_text(job) + " is " + std::string(to_text(job_state(job))) + ": " + why);
}

std::string by_text(const Caller& caller, const char* what) {
  return std::string(what) + " by uid " + std::to_string(caller.uid);
}

/// Elements that one request may make jobs of their own.
constexpr std::uint32_t splits_max = 10'000;

/// What a request is about. A job that is no array: itself alone.
struct Targets {
  const Job* array = nullptr;  // an array, or null
  ArraySpec together;          // elements of it that have no job of their own yet
  std::vector<const Job*> jobs;

  bool is_whole_remainder() const {
    return array != nullptr && !together.empty() &&
           elements_without(remainder(*array), together).empty();
  }
};

Failure no_element(const Job& job, const ArraySpec& elements) {
  if (!is_array(job)) return fail(Code::not_found, job_text(job) + " is no array");
  return fail(Code::not_found, "no job " + elements_text(job.id.value, elements));
}

void add_members(const State& state, const Job& array, const ArraySpec& elements, Targets* to) {
  const ArrayMembers* members = state.find_members(array.id);
  if (members == nullptr || members->unended == 0) return;
  for (const auto& [index, id] : members->elements) {
    if (!elements.empty() && !elements.contains(index)) continue;
    const Job* job = state.find_job(id);
    if (job->phase != JobPhase::ended) to->jobs.push_back(job);
  }
}

/// Records keep no more ranges than a submit may have. error: refused, with the limit
Result<void> check_pieces(const Targets& targets) {
  if (targets.together.empty()) return {};
  const Job& array = *targets.array;
  const ArraySpec cancelled =
      cancelled_with(array.request.common->array, *array.run->array, targets.together);
  for (const std::size_t ranges :
       {targets.together.ranges.size(), cancelled.ranges.size(),
        elements_without(remainder(array), targets.together).ranges.size()}) {
    if (ranges <= array_ranges_max) continue;
    return fail(Code::refused, job_text(array) + " would be in " + std::to_string(ranges) +
                                   " pieces: at most " + std::to_string(array_ranges_max));
  }
  return {};
}

/// error: not_found, not_permitted; refused when everything named has ended
Result<Targets> find_targets(const Scene& scene,
                             const Caller& caller,
                             JobId id,
                             const ArraySpec& elements) {
  const auto found = controlled_job(scene.state, caller, id);
  if (!found.has_value()) return Failure(found.error());
  const Job& job = **found;
  const bool is_about_some = !elements.empty();
  if (!is_array(job) && !is_about_some) return Targets{nullptr, {}, {&job}};
  // Of a range those are meant that the array has.
  if (is_about_some &&
      (!is_array(job) || common_elements(elements, job.request.common->array).empty())) {
    return no_element(job, elements);
  }
  Targets targets{&job, {}, {}};
  if (job.phase == JobPhase::pending) {
    targets.together = is_about_some ? common_elements(remainder(job), elements) : remainder(job);
    targets.together.at_once_max = 0;
  }
  add_members(scene.state, job, elements, &targets);
  if (auto checked = check_pieces(targets); !checked.has_value()) return Failure(checked.error());
  if (!targets.together.empty() || !targets.jobs.empty()) return targets;
  if (!is_about_some) return wrong_phase(job, "it has ended");
  ArraySpec named = elements;
  named.at_once_max = 0;
  return fail(Code::refused, "job " + elements_text(id.value, named) + " has ended");
}

/// Makes jobs of the elements that so far were one record. error: refused for too many
Result<std::vector<Job>> split_off(const Targets& targets, Endings& endings) {
  if (targets.together.count() > splits_max) {
    return fail(Code::refused, "job " + elements_text(targets.array->id.value, targets.together) +
                                   ": " + std::to_string(targets.together.count()) +
                                   " elements at once: at most " + std::to_string(splits_max) +
                                   ", or all that wait");
  }
  std::vector<Job> elements;
  targets.together.for_each(
      [&](std::uint32_t index) { elements.push_back(endings.split(*targets.array, index)); });
  return elements;
}

Hold hold_by(const Caller& caller, const Job& job) {
  return is_operator(caller) && !is_owner(caller, job) ? Hold::by_admin : Hold::by_user;
}

void hold(const Scene& scene, const Caller& caller, const Job& job, Endings& endings) {
  const Hold hold = hold_by(caller, job);
  if (job.hold == hold || job.hold == Hold::by_admin) return;
  endings.add(JobHeld{job.id, scene.now, hold, by_text(caller, "held")});
}

/// error: not_permitted
Result<void> release(const Scene& scene, const Caller& caller, const Job& job, Endings& endings) {
  if (job.hold == Hold::by_admin && !is_operator(caller)) {
    return fail(Code::not_permitted, job_text(job) + " is held by an operator");
  }
  if (job.hold != Hold::none) endings.add(JobUnheld{job.id, scene.now});
  return {};
}

/// Jobs among the targets that wait. error: refused when none does, naming one that does not
Result<std::vector<const Job*>> waiting(const Targets& targets, const std::string& why) {
  std::vector<const Job*> jobs;
  for (const Job* job : targets.jobs) {
    if (job->phase == JobPhase::pending) jobs.push_back(job);
  }
  if (jobs.empty() && targets.together.empty()) return wrong_phase(*targets.jobs.front(), why);
  return jobs;
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const CancelJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  const std::string why = by_text(ask.caller, "cancelled");
  Endings endings(scene.state, scene.now);
  if (targets->together.count() == 1 && !ask.elements.empty()) {
    const Job element = endings.split(*targets->array, targets->together.first());
    endings.end_waiting(element, JobState::cancelled, ask.caller.uid, why);
  } else if (!targets->together.empty()) {
    endings.cancel_elements(*targets->array, targets->together, ask.caller.uid, why);
  }
  for (const Job* job : targets->jobs) {
    if (job->phase == JobPhase::ended) return wrong_phase(*job, "it has ended");
    if (job->phase == JobPhase::pending) {
      endings.end_waiting(*job, JobState::cancelled, ask.caller.uid, why);
    } else {
      endings.end_job(*job, EndCause::cancelled, ask.caller.uid, why);
    }
  }
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const HoldJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  const auto jobs = waiting(*targets, "only a pending job can be held");
  if (!jobs.has_value()) return Failure(jobs.error());
  Endings endings(scene.state, scene.now);
  if (targets->is_whole_remainder()) {
    hold(scene, ask.caller, *targets->array, endings);
  } else if (!targets->together.empty() &&
             hold_by(ask.caller, *targets->array) != targets->array->hold) {
    const auto elements = split_off(*targets, endings);
    if (!elements.has_value()) return Failure(elements.error());
    for (const Job& element : *elements) hold(scene, ask.caller, element, endings);
  }
  for (const Job* job : *jobs) hold(scene, ask.caller, *job, endings);
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const ReleaseJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  const auto jobs = waiting(*targets, "only a pending job can be released");
  if (!jobs.has_value()) return Failure(jobs.error());
  Endings endings(scene.state, scene.now);
  Result<void> released;
  if (targets->is_whole_remainder()) {
    released = release(scene, ask.caller, *targets->array, endings);
  } else if (!targets->together.empty() && targets->array->hold != Hold::none) {
    const auto elements = split_off(*targets, endings);
    if (!elements.has_value()) return Failure(elements.error());
    for (const Job& element : *elements) {
      if (released.has_value()) released = release(scene, ask.caller, element, endings);
    }
  }
  for (const Job* job : *jobs) {
    if (released.has_value()) released = release(scene, ask.caller, *job, endings);
  }
  if (!released.has_value()) return Failure(released.error());
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const RequeueJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  Endings endings(scene.state, scene.now);
  bool waits = !targets->together.empty();
  bool is_requeued = false;
  for (const Job* job : targets->jobs) {
    waits = waits || job->phase == JobPhase::pending;
    if (job->phase != JobPhase::starting && job->phase != JobPhase::running) continue;
    is_requeued = true;
    if (!is_requeued_after(job->request, EndCause::requeued)) {
      const bool is_interactive = job->request.common->kind == JobKind::interactive;
      return fail(Code::refused,
                  job_text(*job) + (is_interactive ? " is interactive and cannot be requeued"
                                                   : " was submitted not to be requeued"));
    }
    endings.end_job(*job, EndCause::requeued, ask.caller.uid, by_text(ask.caller, "requeued"));
  }
  if (is_requeued) return endings.take();
  const Job& named = targets->jobs.empty() ? *targets->array : *targets->jobs.front();
  return wrong_phase(named, waits ? "it is in the queue already" : "too late to requeue it");
}

}  // namespace cox::core
