// Requests that name jobs which may have left memory: those are looked up in the history. Most
// requests name none, and are served in the same turn.
#include <algorithm>
#include <utility>

#include "ctld/client_desk.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

void add_dependency(const wire::JobRequest& request, std::vector<AskedDependency>* to) {
  if (request.dependency().empty()) return;
  const auto array = wire::take(request.array());
  add_dependency(request.dependency(), array ? *array : ArraySpec{}, to);
}

std::string ended_text(const AttemptRow& row) {
  return "job " + std::to_string(row.job.value) + " is " + row.state + ": it has ended";
}

/// Of "job 7_3" or "job 7_[1-5,7]".
ArraySpec elements_in(const std::string& name) {
  std::string text = name.substr(name.rfind('_') + 1);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const auto elements = parse_array(text);
  return elements ? *elements : ArraySpec{};
}

/// The array has some of the elements; a job that is none has no element.
bool has_elements(const HistoryPage& page, JobId array, const ArraySpec& wanted) {
  return std::ranges::any_of(page.attempts, [&](const AttemptRow& row) {
    if (row.job != array || row.kind != "array") return false;
    const auto all = parse_array(row.elements);
    return all && !common_elements(wanted, *all).empty();
  });
}

/// Refusals about jobs of the page: they are not unknown, they have ended.
void tell_ended(const HistoryPage& page, wire::Done* done) {
  for (wire::ActionError& refusal : *done->mutable_errors()) {
    const auto row = std::ranges::find(page.attempts, JobId(refusal.job()), &AttemptRow::job);
    if (row == page.attempts.end()) continue;
    Error error{Code::refused, ended_text(*row)};
    if (!refusal.name().empty()) {
      const bool is_there = has_elements(page, row->job, elements_in(refusal.name()));
      error = is_there ? Error{Code::refused, refusal.name() + " has ended"}
                       : Error{Code::not_found, "no " + refusal.name()};
    }
    wire::put(error, refusal.mutable_error());
  }
}

}  // namespace

void ClientDesk::with_past(const Conversation& to,
                           const wire::Submit& submit,
                           const std::function<void(const std::vector<PastJob>&)>& then) {
  std::vector<AskedDependency> asked;
  add_dependency(submit.request(), &asked);
  find_past_jobs(to, asked, {}, then);
}

void ClientDesk::with_past(const Conversation& to,
                           const wire::SubmitMany& many,
                           const std::function<void(const std::vector<PastJob>&)>& then) {
  std::vector<AskedDependency> asked;
  for (const wire::Submit& one : many.jobs()) add_dependency(one.request(), &asked);
  add_dependency(many.base().request(), &asked);
  find_past_jobs(to, asked, {}, then);
}

void ClientDesk::with_past(const Conversation& to,
                           const wire::JobAction& action,
                           const std::vector<JobId>& jobs,
                           const std::function<void(const std::vector<PastJob>&)>& then) {
  std::vector<AskedDependency> asked;
  if (action.changes().has_dependency()) {
    for (const JobId id : jobs) {
      const core::Job* job = state().find_job(id);
      if (job == nullptr) continue;
      ctld::add_dependency(action.changes().dependency(), job->request.common->array, &asked);
    }
  }
  find_past_jobs(to, asked, {}, then);
}

void ClientDesk::find_past_jobs(const Conversation& to,
                                const std::vector<AskedDependency>& asked,
                                const std::vector<PastJob>& past,
                                const std::function<void(const std::vector<PastJob>&)>& then) {
  const auto keys = unknown_past(state(), asked, past);
  if (keys.empty()) return then(past);
  if (keys.size() > past_jobs_max) {
    return refuse(to, {Code::bad_usage, "dependencies on " + std::to_string(keys.size()) +
                                            " jobs that ended long ago are over the limit of " +
                                            std::to_string(past_jobs_max)});
  }
  HistoryFilter filter = past_filter(keys);
  // An array has rows of its own beside its last.
  filter.limit = 2 * keys.size() + past_jobs_max;
  history_.query(std::move(filter), [=, this](const Result<HistoryPage>& page) {
    if (!clients_.contains(to.client)) return;
    if (!page) return refuse(to, page.error());
    std::vector<PastJob> known = past;
    const std::vector<PastJob> found = past_jobs(*page, keys);
    known.insert(known.end(), found.begin(), found.end());
    // What left memory meanwhile, or elements of an array, are asked for in another round; what
    // was asked for and not found is not there.
    for (const core::WaitKey& key : unknown_past(state(), asked, known)) {
      if (std::ranges::find(keys, key) == keys.end()) continue;
      const bool is_to_come = key.first >= state().record.next_job;
      const char* why = is_to_come ? ": there is no such job yet" : ": no such job is known";
      return refuse(to, {Code::not_found, "dependency on job " + core::name_of(key) + why});
    }
    find_past_jobs(to, asked, known, then);
  });
}

void ClientDesk::reply_knowing_past(const Conversation& to, wire::ClientReply answer) {
  HistoryFilter filter;
  for (const wire::ActionError& refusal : answer.done().errors()) {
    const JobId id(refusal.job());
    if (state().find_job(id) == nullptr) filter.jobs.push_back(id);
  }
  if (filter.jobs.empty() || filter.jobs.size() > past_jobs_max) {
    return reply(to, std::move(answer), true, false);
  }
  filter.with_arrays = true;
  filter.limit = 2 * filter.jobs.size() + past_jobs_max;
  history_.query(std::move(filter), [=, this](const Result<HistoryPage>& page) {
    if (!clients_.contains(to.client)) return;
    wire::ClientReply told = answer;
    // Where the history cannot be read it is said that they are not known, which is true.
    if (page) tell_ended(*page, told.mutable_done());
    reply(to, std::move(told), true, false);
  });
}

void ClientDesk::refuse_knowing_past(const Conversation& to, JobId job, const Error& error) {
  if (error.code != Code::not_found || state().find_job(job) != nullptr) return refuse(to, error);
  HistoryFilter filter;
  filter.jobs = {job};
  filter.with_arrays = true;
  filter.limit = 1;
  history_.query(std::move(filter), [=, this](const Result<HistoryPage>& page) {
    if (!clients_.contains(to.client)) return;
    if (!page || page->attempts.empty()) return refuse(to, error);
    refuse(to, {Code::refused, ended_text(page->attempts.front())});
  });
}

}  // namespace cox::ctld
