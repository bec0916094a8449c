// See targets.h.
#include "core/job/targets.h"

#include <string>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"

namespace cox::core {
namespace {

/// Elements that one request may make jobs of their own.
constexpr std::uint32_t splits_max = 10'000;

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

}  // namespace

bool Targets::is_whole_remainder() const {
  return array != nullptr && !together.empty() &&
         elements_without(remainder(*array), together).empty();
}

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
  if (!is_about_some) {
    return fail(Code::refused,
                job_text(job) + " is " + std::string(to_text(job_state(job))) + ": it has ended");
  }
  ArraySpec named = elements;
  named.at_once_max = 0;
  return fail(Code::refused, "job " + elements_text(id.value, named) + " has ended");
}

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

void hold_job(const Scene& scene, const Caller& caller, const Job& job, Endings& endings) {
  const Hold hold = hold_by(caller, job);
  if (job.hold == hold || job.hold == Hold::by_admin) return;
  endings.add(JobHeld{job.id, scene.now, hold, "held by " + actor_text(caller, job)});
}

Result<void> release_job(const Scene& scene,
                         const Caller& caller,
                         const Job& job,
                         Endings& endings) {
  if (job.hold == Hold::by_admin && !is_operator(caller)) {
    return fail(Code::not_permitted, job_text(job) + " is held by an operator");
  }
  if (job.hold != Hold::none) endings.add(JobUnheld{job.id, scene.now});
  return {};
}

}  // namespace cox::core
