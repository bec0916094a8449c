// UpdateJob: all of the changes or none. A job that waits may ask for anything else that a submit
// might; of one that has begun only what does not touch what it was given, and for less time, or by
// an operator's word for more. Elements that are to differ from their array get jobs of their own.
#include <algorithm>
#include <string>
#include <utility>

#include "core/job/array.h"
#include "core/job/changes.h"
#include "core/job/dependency_check.h"
#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/job/settled.h"
#include "core/job/targets.h"
#include "core/scene.h"

namespace cox::core {
namespace {

Failure refused(const Job& job, const std::string& why) {
  return fail(Code::refused,
              job_text(job) + " is " + std::string(to_text(job_state(job))) + ": " + why);
}

/// What is wrong with the changes whatever they come to.
Result<void> check_keys(const Scene& scene, const UpdateJob& ask, const Job& named) {
  const bool is_about_elements = !ask.elements.empty() || is_element(named);
  if (const char* key = key_of_whole_array(ask.changes); key != nullptr && is_about_elements) {
    const JobId array = is_element(named) ? named.array : named.id;
    return fail(Code::refused, std::string(key) + " is of a whole array, not of its elements (" +
                                   "cox update " + std::to_string(array.value) + ")");
  }
  if (ask.changes.at_once_max && !is_array(named)) {
    return fail(Code::refused, job_text(named) + " is no array: it has no limit of elements");
  }
  if (named.request.common->kind != JobKind::batch && is_for_scripts_only(ask.changes)) {
    return fail(Code::refused, job_text(named) +
                                   " has no script: output, error, input, open-mode, retry and "
                                   "export are of scripts");
  }
  const ArrayMembers* members = scene.state.find_members(named.id);
  if (ask.changes.name && members != nullptr && members->live != 0) {
    return refused(named, "elements of it run under its name");
  }
  return {};
}

/// Of a job that has begun. Who asks for more time asks for what others were promised.
Result<void> check_new_limit(const Scene& scene, const UpdateJob& ask, const Job& job) {
  const Duration from = job.request.time_limit;
  const Duration to = ask.changes.time_limit.value_or(from);
  if (to == from) return {};
  if (job.phase == JobPhase::ending) return refused(job, "it ends already");
  if (to > from && !is_operator(ask.caller)) {
    return fail(Code::not_permitted, job_text(job) +
                                         " has begun: only an operator may lengthen its limit of " +
                                         to_text(from) + " to " + to_text(to));
  }
  if (!job.run->released.is_set()) return {};
  const Duration ran = scene.now - job.run->released;
  if (to > ran) return {};
  return refused(job, "it has run longer than " + to_text(to) + " already (cox cancel ends it)");
}

/// A submit may ask for more nodes than it has tasks and gets one for each; who changes the number
/// of nodes means it.
Result<void> check_nodes_kept(const JobChanges& changes, const JobRequest& made) {
  const std::uint32_t wanted = changes.nodes_min.value_or(0);
  const Component& part = made.common->components.front();
  if (part.nodes_max >= wanted) return {};
  return fail(Code::bad_usage, "ntasks=" + std::to_string(part.tasks) + ": fewer than the " +
                                   std::to_string(wanted) + " nodes asked for");
}

/// What is changed by one request, job by job.
class Updating {
 public:
  Updating(const Scene& scene, const UpdateJob& ask)
      : scene_(scene), ask_(ask), endings(scene.state, scene.now) {}

  Result<void> change_waiting(const Job& job);
  Result<void> change_begun(const Job& job);
  /// An array of which nothing waits in one record: what it stands for when elements come back.
  Result<void> change_record(const Job& array);
  /// Elements of the remainder, or all of it.
  Result<void> change_together(const Targets& targets);

 private:
  Result<JobRequest> checked(const Job& job);
  Result<JobRequest> checked_anew(const Job& job) const;
  Result<void> change_hold(const Job& job);
  bool changes_hold(const Job& job) const;

  const Scene& scene_;
  const UpdateJob& ask_;
  // Elements mostly ask for the same.
  std::optional<std::pair<JobRequest, JobRequest>> last_;

 public:
  Endings endings;
};

struct OfUser {
  const char* key;
  const char* what;
};

/// Who chooses these chooses what runs as the job's user, and what that user's rights open: the
/// first of them that changes.
std::optional<OfUser> of_user_alone(const JobChanges& changes) {
  if (changes.environment) return OfUser{"export", "environment"};
  if (changes.directory) return OfUser{"chdir", "directory"};
  if (changes.input) return OfUser{"input", "files"};
  if (changes.output) return OfUser{"output", "files"};
  if (changes.error) return OfUser{"error", "files"};
  if (changes.append_output) return OfUser{"open-mode", "files"};
  return std::nullopt;
}

/// Only what changed is checked against the caller's rights: what an operator gave stays.
Result<JobRequest> Updating::checked_anew(const Job& job) const {
  const JobChanges& changes = ask_.changes;
  if (changes.nice.value_or(0) < 0 && !is_operator(ask_.caller)) {
    return fail(Code::not_permitted,
                "nice " + std::to_string(*changes.nice) + ": only an operator may raise a job");
  }
  const UserIdentity& user = job.request.common->user;
  const bool may_choose = ask_.caller.uid == user.uid || ask_.caller.role >= Role::administrator;
  if (const auto theirs = of_user_alone(changes); theirs && !may_choose) {
    return fail(Code::not_permitted, std::string(theirs->key) + ": only " +
                                         user_text(user.uid, user.name) + " may change the " +
                                         theirs->what + " of " + job_text(job));
  }
  if (auto good = check_division(job.request, changes); !good) return Failure(good.error());
  SubmitJob as_submit{ask_.caller, {}, changed(job.request, changes)};
  as_submit.caller.uid = job.request.common->user.uid;
  as_submit.caller.role = Role::administrator;
  auto made = settled(as_submit, scene_.state, scene_.now);
  if (!made.has_value()) return made;
  if (auto kept = check_nodes_kept(changes, *made); !kept) return Failure(kept.error());
  if (made->terms.is_blank()) return made;
  if (changes.dependency) {
    if (auto good = check_dependency(scene_.state, *made->terms, made->common->array); !good) {
      return Failure(good.error());
    }
  }
  if (changes.deadline || changes.time_limit || changes.begin) {
    if (auto good = check_deadline(scene_.now, *made); !good) return Failure(good.error());
  }
  if (changes.dependency || changes.name) {
    if (auto good = check_no_round(scene_.state, job, *made); !good) return Failure(good.error());
  }
  return made;
}

Result<JobRequest> Updating::checked(const Job& job) {
  if (last_ && last_->first == job.request) return last_->second;
  auto made = checked_anew(job);
  if (made) last_.emplace(job.request, *made);
  return made;
}

bool Updating::changes_hold(const Job& job) const {
  return ask_.changes.held && *ask_.changes.held != (job.hold != Hold::none);
}

Result<void> Updating::change_hold(const Job& job) {
  if (!ask_.changes.held) return {};
  if (!*ask_.changes.held) return release_job(scene_, ask_.caller, job, endings);
  hold_job(scene_, ask_.caller, job, endings);
  return {};
}

Result<void> Updating::change_record(const Job& job) {
  auto request = checked(job);
  if (!request.has_value()) return Failure(request.error());
  if (!(*request == job.request)) {
    endings.add(JobUpdated{job.id, scene_.now, std::move(*request), ask_.caller.uid});
  }
  return {};
}

Result<void> Updating::change_waiting(const Job& job) {
  if (auto done = change_record(job); !done) return done;
  return change_hold(job);
}

Result<void> Updating::change_begun(const Job& job) {
  if (auto may = check_new_limit(scene_, ask_, job); !may) return may;
  JobRequest request = changed(job.request, ask_.changes);
  if (!(request == job.request)) {
    endings.add(JobUpdated{job.id, scene_.now, std::move(request), ask_.caller.uid});
  }
  return {};
}

Result<void> Updating::change_together(const Targets& targets) {
  if (targets.is_whole_remainder()) return change_waiting(*targets.array);
  const auto request = checked(*targets.array);
  if (!request.has_value()) return Failure(request.error());
  const bool is_same = *request == targets.array->request && !changes_hold(*targets.array);
  if (is_same) return {};
  const auto elements = split_off(targets, endings);
  if (!elements.has_value()) return Failure(elements.error());
  for (const Job& element : *elements) {
    if (auto done = change_waiting(element); !done) return done;
  }
  return {};
}

/// Meant as a whole, and of its elements those that wait have jobs of their own.
bool is_spent_array(const UpdateJob& ask, const Targets& targets) {
  return targets.array != nullptr && ask.elements.empty() && targets.together.empty();
}

/// The range or the array that is named, or the job.
Failure nothing_waits(const Targets& targets) {
  const Job& first = targets.jobs.empty() ? *targets.array : *targets.jobs.front();
  if (first.phase == JobPhase::ended) return refused(first, "it has ended");
  if (targets.array != nullptr) return refused(*targets.array, "none of its elements waits");
  return refused(first, "only its comment, labels, requeue and time can be changed");
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const UpdateJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  if (auto good = check_keys(scene, ask, *scene.state.find_job(ask.job)); !good) {
    return Failure(good.error());
  }
  Updating updating(scene, ask);
  Result<void> done;
  bool is_any = !targets->together.empty();
  if (is_any) done = updating.change_together(*targets);
  // Of an array that is named as a whole only what waits is meant.
  const bool is_whole_array = targets->array != nullptr && ask.elements.empty();
  const bool may_have_begun = !is_whole_array && !is_for_waiting_only(ask.changes);
  for (const Job* job : targets->jobs) {
    if (!done || job->phase == JobPhase::ended || (is_live(*job) && !may_have_begun)) continue;
    done = is_live(*job) ? updating.change_begun(*job) : updating.change_waiting(*job);
    is_any = true;
  }
  if (!done) return Failure(done.error());
  if (!is_any) return nothing_waits(*targets);
  if (is_spent_array(ask, *targets)) done = updating.change_record(*targets->array);
  if (!done) return Failure(done.error());
  return updating.endings.take();
}

}  // namespace cox::core
