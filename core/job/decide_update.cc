// UpdateJob: all of the changes or none. A job that waits may ask for anything else that a submit
// might; of one that has begun only what does not touch what it was given.
#include <algorithm>
#include <string>

#include "core/job/array.h"
#include "core/job/dependency_check.h"
#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/job/settled.h"
#include "core/scene.h"

namespace cox::core {
namespace {

template <class T>
void set(const std::optional<T>& from, T* to) {
  if (from) *to = *from;
}

void change_nodes(const JobChanges& changes, Component& to) {
  set(changes.nodes_min, &to.nodes_min);
  set(changes.nodes_max, &to.nodes_max);
  set(changes.tasks, &to.tasks);
  set(changes.tasks_per_node, &to.tasks_per_node);
  set(changes.cpus_per_task, &to.cpus_per_task);
  set(changes.exclusive, &to.exclusive);
  // One of them at a time, as with the options.
  if (changes.memory_per_node_mib) to.memory_per_cpu_mib = -1;
  if (changes.memory_per_cpu_mib) to.memory_per_node_mib = -1;
  set(changes.memory_per_node_mib, &to.memory_per_node_mib);
  set(changes.memory_per_cpu_mib, &to.memory_per_cpu_mib);
}

void change_common(const JobChanges& changes, JobCommon& to) {
  set(changes.comment, &to.comment);
  set(changes.account, &to.account);
  set(changes.qos, &to.qos);
  set(changes.constraint, &to.constraint);
  set(changes.partitions, &to.partitions);
  set(changes.nodes_wanted, &to.nodes_wanted);
  set(changes.nodes_excluded, &to.nodes_excluded);
  set(changes.nice, &to.nice);
  set(changes.requeue, &to.requeue);
  if (changes.at_once_max) to.array.at_once_max = *changes.at_once_max;
  if (!to.components.empty()) change_nodes(changes, to.components.front());
  for (const auto& [key, value] : changes.labels) {
    if (value) {
      to.labels[key] = *value;
    } else {
      to.labels.erase(key);
    }
  }
}

void change_terms(const JobChanges& changes, Cow<JobTerms>& to) {
  if (changes.dependency) {
    to.edit().dependency = *changes.dependency;
    to.edit().past = changes.past;
  }
  if (changes.keep_when_never) to.edit().keep_when_never = *changes.keep_when_never;
  if (changes.deadline) to.edit().deadline = *changes.deadline;
  if (*to == JobTerms{}) to = Cow<JobTerms>{};
}

JobRequest changed(const JobRequest& from, const JobChanges& changes) {
  JobRequest to = from;
  set(changes.name, &to.name);
  set(changes.begin, &to.begin);
  set(changes.time_limit, &to.time_limit);
  JobCommon common = *from.common;
  change_common(changes, common);
  if (!(common == *from.common)) to.common = Cow<JobCommon>(std::move(common));
  change_terms(changes, to.terms);
  return to;
}

/// What of the changes is for a job that waits.
bool is_for_waiting_only(const JobChanges& changes) {
  JobChanges rest = changes;
  rest.comment.reset();
  rest.requeue.reset();
  rest.labels.clear();
  const JobChanges none;
  return rest.name != none.name || rest.account || rest.qos || rest.constraint || rest.partitions ||
         rest.nodes_wanted || rest.nodes_excluded || rest.nodes_min || rest.nodes_max ||
         rest.tasks || rest.tasks_per_node || rest.cpus_per_task || rest.at_once_max ||
         rest.memory_per_node_mib || rest.memory_per_cpu_mib || rest.exclusive || rest.held ||
         rest.keep_when_never || rest.nice || rest.begin || rest.deadline || rest.dependency ||
         rest.time_limit;
}

Failure refused(const Job& job, const std::string& why) {
  return fail(Code::refused,
              job_text(job) + " is " + std::string(to_text(job_state(job))) + ": " + why);
}

Result<void> check_may_change(const Scene& scene, const UpdateJob& ask, const Job& job) {
  if (job.phase == JobPhase::ended) return refused(job, "it has ended");
  if (is_element(job)) {
    return fail(Code::refused, job_text(job) + " cannot be changed alone (cox update " +
                                   std::to_string(job.array.value) + " changes all that wait)");
  }
  if (ask.changes.at_once_max && !is_array(job)) {
    return fail(Code::refused, job_text(job) + " is no array: it has no limit of elements");
  }
  const ArrayMembers* members = scene.state.find_members(job.id);
  if (ask.changes.name && members != nullptr && members->live != 0) {
    return refused(job, "elements of it run under its name");
  }
  return {};
}

/// Only what changed is checked against the caller's rights: what an operator gave stays.
Result<JobRequest> checked(const Scene& scene, const UpdateJob& ask, const Job& job) {
  JobRequest request = changed(job.request, ask.changes);
  if (ask.changes.nice.value_or(0) < 0 && !is_operator(ask.caller)) {
    return fail(Code::not_permitted,
                "nice " + std::to_string(*ask.changes.nice) + ": only an operator may raise a job");
  }
  SubmitJob as_submit{ask.caller, {}, request};
  as_submit.caller.uid = request.common->user.uid;
  as_submit.caller.role = Role::administrator;
  auto made = settled(as_submit, scene.state, scene.now);
  if (!made.has_value() || made->terms.is_blank()) return made;
  if (ask.changes.dependency) {
    if (auto good = check_dependency(scene.state, *made->terms, made->common->array); !good) {
      return Failure(good.error());
    }
  }
  const bool is_about_time = ask.changes.deadline || ask.changes.time_limit || ask.changes.begin;
  if (is_about_time) {
    if (auto good = check_deadline(scene.now, *made); !good) return Failure(good.error());
  }
  if (ask.changes.dependency || ask.changes.name) {
    if (auto good = check_no_round(scene.state, job, *made); !good) return Failure(good.error());
  }
  return made;
}

/// error: what HoldJob or ReleaseJob say
Result<void> change_hold(const Scene& scene, const UpdateJob& ask, Facts* facts) {
  if (!ask.changes.held) return {};
  const auto more = *ask.changes.held ? decide_one(scene, HoldJob{ask.caller, ask.job})
                                      : decide_one(scene, ReleaseJob{ask.caller, ask.job});
  if (!more.has_value()) return Failure(more.error());
  facts->insert(facts->end(), more->begin(), more->end());
  return {};
}

Result<Facts> update_begun(const Scene& scene, const UpdateJob& ask, const Job& job) {
  if (is_for_waiting_only(ask.changes)) {
    return refused(job, "only its comment, labels and requeue can be changed");
  }
  JobRequest request = changed(job.request, ask.changes);
  if (request == job.request) return Facts{};
  return Facts{JobUpdated{job.id, scene.now, std::move(request), ask.caller.uid}};
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const UpdateJob& ask) {
  const auto found = controlled_job(scene.state, ask.caller, ask.job);
  if (!found.has_value()) return Failure(found.error());
  const Job& job = **found;
  if (auto may = check_may_change(scene, ask, job); !may) return Failure(may.error());
  if (is_live(job)) return update_begun(scene, ask, job);
  auto request = checked(scene, ask, job);
  if (!request.has_value()) return Failure(request.error());
  Facts facts;
  if (!(*request == job.request)) {
    facts.push_back(JobUpdated{job.id, scene.now, *request, ask.caller.uid});
  }
  if (const ArrayMembers* members = scene.state.find_members(job.id)) {
    bool is_any_waiting = job.phase == JobPhase::pending;
    for (const auto& [index, id] : members->elements) {
      const Job& element = *scene.state.find_job(id);
      if (element.phase != JobPhase::pending) continue;
      is_any_waiting = true;
      JobRequest same = *request;
      if (!(same == element.request)) {
        facts.push_back(JobUpdated{id, scene.now, std::move(same), ask.caller.uid});
      }
    }
    if (!is_any_waiting) return refused(job, "none of its elements waits");
  }
  if (auto held = change_hold(scene, ask, &facts); !held) return Failure(held.error());
  return facts;
}

}  // namespace cox::core
