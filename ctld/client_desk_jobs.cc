// Actions on jobs that are there: by name, by user and by label.
#include <string>
#include <utility>
#include <vector>

#include "common/text.h"
#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "ctld/client_desk.h"
#include "ctld/name_list.h"
#include "model/selector.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

constexpr std::size_t names_told = 10;  // in a line of the log

void add_error(JobId job, const std::string& name, const Error& error, wire::ActionError* to) {
  to->set_job(job.value);
  to->set_name(name);
  wire::put(error, to->mutable_error());
}

std::string word_of(const wire::JobAction& action) {
  switch (action.kind()) {
    case wire::JobAction::CANCEL:
      return action.has_step() ? "cancel of step " + step_name(StepId{action.step()}) : "cancel";
    case wire::JobAction::HOLD:
      return "hold";
    case wire::JobAction::RELEASE:
      return "release";
    case wire::JobAction::REQUEUE:
      return "requeue";
    case wire::JobAction::UPDATE:
      return "update";
    case wire::JobAction::FINISH:
      return "end of the allocation";
    case wire::JobAction::SIGNAL:
      return "signal " + std::to_string(action.signal());
    case wire::JobAction::SUSPEND:
      return "suspend";
    case wire::JobAction::RESUME:
      return "resume";
    default:
      return "action " + std::to_string(action.kind());
  }
}

}  // namespace

void ClientDesk::act_on_jobs(const Conversation& to,
                             const Caller& caller,
                             const wire::JobAction& action) {
  const auto jobs = jobs_meant(caller, action);
  if (!jobs) return refuse(to, jobs.error());
  if (!action.changes().has_dependency()) {
    return act_on_jobs_knowing(to, caller, action, *jobs, {});
  }
  with_past(to, action, *jobs, [=, this, jobs = *jobs](const std::vector<PastJob>& past) {
    act_on_jobs_knowing(to, caller, action, jobs, past);
  });
}

Result<std::vector<JobId>> ClientDesk::jobs_meant(const Caller& caller,
                                                  const wire::JobAction& action) const {
  const auto selector = Selector::parse(action.selector());
  if (!selector) return tl::unexpected(selector.error());
  std::vector<JobId> jobs(action.jobs().begin(), action.jobs().end());
  const bool is_named = action.jobs_size() + action.elements_size() != 0;
  if (action.user().empty() && (selector->empty() || is_named)) {
    // Labels choose among the jobs named; of one that is not there it is said so.
    if (selector->empty()) return jobs;
    std::erase_if(jobs, [&](JobId id) {
      const core::Job* job = state().find_job(id);
      return job != nullptr && !selector->matches(job->request.common->labels);
    });
    return jobs;
  }
  jobs.clear();
  const NameList users(action.user());
  for (const JobId id : state().index.unended) {
    const core::Job& job = *state().find_job(id);
    if (core::is_element(job)) continue;  // an array stands for its elements
    const UserIdentity& user = job.request.common->user;
    const bool is_of_user = users.empty() ? user.uid == caller.uid : users.has(user.name);
    if (is_of_user && selector->matches(job.request.common->labels)) jobs.push_back(id);
  }
  return jobs;
}

void ClientDesk::act_on_jobs_knowing(const Conversation& to,
                                     const Caller& caller,
                                     const wire::JobAction& action,
                                     const std::vector<JobId>& jobs,
                                     const std::vector<PastJob>& past) {
  const auto elements = take_elements(action.elements());
  if (!elements) return refuse(to, elements.error());
  const auto contents = environment_of(action);
  if (!contents) return refuse(to, contents.error());
  const auto selector = Selector::parse(action.selector());
  if (!selector) return refuse(to, selector.error());
  wire::ClientReply answer;
  wire::Done* done = answer.mutable_done();
  for (const JobId job : jobs) {
    if (const auto asked = act_on_job(caller, action, job, {}, past, *contents)) {
      done->set_count(done->count() + 1);
    } else {
      const core::Job* known = state().find_job(job);
      const bool is_element = known != nullptr && core::is_element(*known);
      add_error(job, is_element ? core::job_text(*known) : "", asked.error(), done->add_errors());
    }
  }
  for (const auto& [array, some] : *elements) {
    const core::Job* known = state().find_job(array);
    if (known != nullptr && !selector->matches(known->request.common->labels)) continue;
    if (const auto asked = act_on_job(caller, action, array, some, {}, *contents)) {
      done->set_count(done->count() + 1);
    } else {
      add_error(array, "job " + elements_name(array, some), asked.error(), done->add_errors());
    }
  }
  note_action(caller, action, jobs, *elements, *done);
  reply_knowing_past(to, std::move(answer));
}

/// One line of the log for a request, whatever it means of jobs.
void ClientDesk::note_action(const Caller& caller,
                             const wire::JobAction& action,
                             const std::vector<JobId>& jobs,
                             const std::vector<std::pair<JobId, ArraySpec>>& elements,
                             const wire::Done& done) const {
  if (done.count() == 0) return;
  std::vector<std::string> names;
  for (const JobId id : jobs) {
    if (names.size() == names_told) break;
    const core::Job* job = state().find_job(id);
    names.push_back(job == nullptr ? job_name(id) : core::job_name(*job));
  }
  for (const auto& [array, some] : elements) {
    if (names.size() < names_told) names.push_back(elements_name(array, some));
  }
  const std::size_t more = jobs.size() + elements.size() - names.size();
  log_.info(
      caller_text(caller) + ": " + word_of(action) + " of job " + join(names, ", ") +
      (more == 0 ? "" : " and " + std::to_string(more) + " more") +
      (done.errors_size() == 0 ? "" : ", " + std::to_string(done.errors_size()) + " refused"));
}

Result<void> ClientDesk::act_on_job(const Caller& caller,
                                    const wire::JobAction& action,
                                    JobId job,
                                    const ArraySpec& elements,
                                    const std::vector<PastJob>& past,
                                    const std::vector<Blob>& contents) {
  auto made = translate_action(state(), action, caller, job, elements, past);
  if (!made) return Failure(made.error());
  auto* update = std::get_if<core::UpdateJob>(&*made);
  if (update != nullptr && !contents.empty()) update->changes.environment = contents.front().hash;
  return machine_.ask(*made, contents);
}

}  // namespace cox::ctld
