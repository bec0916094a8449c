// Answers that need history.db: its own queries, and questions about jobs that left memory.
#include <algorithm>
#include <utility>

#include "ctld/client_desk.h"
#include "ctld/translate/history_view.h"
#include "ctld/translate/replies.h"

namespace cox::ctld {

namespace {

constexpr std::size_t past_jobs_max = 10'000;  // named in one request
constexpr std::size_t reply_bytes = 8U << 20;
// Of one client at a time; nor do its waits grow without end.
constexpr std::ptrdiff_t listings_max = 64;
constexpr std::size_t watched_jobs_max = 200'000;

template <class Numbers>
std::vector<JobId> ids_of(const Numbers& numbers) {
  std::vector<JobId> ids;
  for (const std::uint64_t number : numbers) ids.emplace_back(number);
  return ids;
}

std::vector<JobId> once(std::vector<JobId> ids) {
  std::ranges::sort(ids);
  const auto repeats = std::ranges::unique(ids);
  ids.erase(repeats.begin(), repeats.end());
  return ids;
}

std::string no_job(JobId id) {
  return "no job " + std::to_string(id.value);
}

}  // namespace

void ClientDesk::history(const Conversation& to, const wire::HistoryQuery& query) {
  auto filter = translate_history_query(query);
  if (!filter) return refuse(to, filter.error());
  history_.query(std::move(*filter), [this, to](const Result<HistoryPage>& page) {
    if (!clients_.contains(to.client)) return;
    if (!page) return refuse(to, page.error());
    wire::ClientReply answer;
    put_history(*page, reply_bytes, answer.mutable_history());
    reply(to, std::move(answer), true, true);
  });
}

std::vector<JobId> ClientDesk::not_in_state(const std::vector<JobId>& jobs) const {
  std::vector<JobId> missing;
  std::ranges::copy_if(jobs, std::back_inserter(missing),
                       [this](JobId id) { return state().find_job(id) == nullptr; });
  return once(std::move(missing));
}

void ClientDesk::find_past(const Conversation& to,
                           const std::vector<JobId>& jobs,
                           bool full,
                           const std::function<void(const PastJobs&)>& then) {
  HistoryFilter filter;
  filter.jobs = not_in_state(jobs);
  if (filter.jobs.empty()) return then({});
  if (filter.jobs.size() > past_jobs_max) {
    return refuse(to, {Code::bad_usage, std::to_string(filter.jobs.size()) +
                                            " jobs that ended long ago are over the limit of " +
                                            std::to_string(past_jobs_max)});
  }
  filter.with_steps = full;
  filter.limit = filter.jobs.size();
  const std::size_t asked = filter.jobs.size();
  history_.query(std::move(filter), [=, this](const Result<HistoryPage>& page) {
    if (!clients_.contains(to.client)) return;
    if (!page) return refuse(to, page.error());
    // A job that left memory meanwhile is asked for as well.
    if (not_in_state(jobs).size() > asked) return find_past(to, jobs, full, then);
    PastJobs past;
    for (const AttemptRow& row : page->attempts)
      put_past_job(row, page->steps, full, &past[row.job]);
    then(past);
  });
}

void ClientDesk::list_jobs(const Conversation& to, const wire::ListJobs& request) {
  const auto open = std::ranges::count_if(listings_, [&](const Listing& listing) {
    return listing.conversation().client == to.client;
  });
  if (open >= listings_max) {
    return refuse(to, {Code::refused,
                       std::to_string(open) + " lists are on their way to this client already"});
  }
  find_past(to, ids_of(request.jobs()), request.full(), [=, this](const PastJobs& past) {
    wire::ClientReply answer;
    for (const auto& [id, view] : past) {
      if (!request.user().empty() && request.user() != view.user()) continue;
      *answer.mutable_jobs()->add_jobs() = view;
    }
    if (answer.has_jobs()) reply(to, std::move(answer), false, true);
    listings_.emplace_back(to, request);
  });
}

void ClientDesk::explain_past(const Conversation& to, JobId id) {
  find_past(to, {id}, false, [=, this](const PastJobs& past) {
    const auto found = past.find(id);
    if (found == past.end()) return refuse(to, {Code::not_found, no_job(id)});
    const wire::JobView& job = found->second;
    wire::ClientReply answer;
    answer.mutable_explanation()->set_job(id.value);
    answer.mutable_explanation()->set_state(job.state());
    answer.mutable_explanation()->set_summary(job.why().empty() ? "it has ended"
                                                                : "it has ended: " + job.why());
    reply(to, std::move(answer), true, true);
  });
}

void ClientDesk::wait(const Conversation& to, const wire::WaitJobs& request) {
  find_past(to, ids_of(request.jobs()), false,
            [=, this](const PastJobs& past) { wait_knowing(to, request, past); });
}

void ClientDesk::wait_knowing(const Conversation& to,
                              const wire::WaitJobs& request,
                              const PastJobs& past) {
  std::vector<wire::JobView> ended;
  std::vector<JobId> live;
  for (const JobId id : once(ids_of(request.jobs()))) {
    const core::Job* job = state().find_job(id);
    const auto found = past.find(id);
    if (job == nullptr && found == past.end()) return refuse(to, {Code::not_found, no_job(id)});
    if (job != nullptr && job->phase != JobPhase::ended) {
      live.push_back(id);
    } else if (job != nullptr) {
      put_job(state(), machine_.plan(), *job, true, &ended.emplace_back());
    } else {
      ended.push_back(found->second);
    }
  }
  if (watches_.count(to.client) + live.size() > watched_jobs_max) {
    return refuse(to, {Code::refused, "this client waits for more than " +
                                          std::to_string(watched_jobs_max) + " jobs"});
  }
  if (ended.empty() && live.empty()) return refuse(to, {Code::bad_usage, "no job to wait for"});
  for (wire::JobView& view : ended) {
    const bool is_last = live.empty() && &view == &ended.back();
    wire::ClientReply answer;
    *answer.mutable_event()->mutable_job() = std::move(view);
    reply(to, std::move(answer), is_last, false);
  }
  for (const JobId id : live) watches_.add(id, {to, WatchKind::end_of_job, {}, {}, false});
}

}  // namespace cox::ctld
