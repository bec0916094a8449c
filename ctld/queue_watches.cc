// What changed, as views of now: several changes of a job between two replies are one.
#include "ctld/queue_watches.h"

#include <algorithm>
#include <utility>

#include "core/job/array.h"
#include "ctld/translate/replies.h"

namespace cox::ctld {

namespace {

constexpr std::size_t reply_jobs = 1000;   // in one reply, as of lists
constexpr std::size_t reasons_max = 1000;  // more fit no screen

/// Not on a list of what waits or runs: ended, or an array that its elements stand for.
bool is_off_list(const core::Job& job) {
  return job.phase == JobPhase::ended || job.phase == JobPhase::split;
}

}  // namespace

QueueWatch::QueueWatch(Conversation to,
                       const std::string& users,
                       Selector selector,
                       std::set<JobId> named,
                       bool is_named,
                       bool with_ended)
    : to_(to),
      users_(users),
      selector_(std::move(selector)),
      named_(std::move(named)),
      is_named_(is_named),
      with_ended_(with_ended) {}

bool QueueWatch::wants(const core::Job& job) const {
  return asks_for(job) && (selector_.empty() || selector_.matches(job.request.common->labels));
}

/// Whatever its labels, which an update may change.
bool QueueWatch::asks_for(const core::Job& job) const {
  if (!users_.takes(job.request.common->user.name)) return false;
  return !is_named_ || named_.contains(job.id) || named_.contains(job.array);
}

void QueueWatch::note(const core::State& state, JobId id) {
  const core::Job* job = state.find_job(id);
  // One that has left memory leaves the list of ended ones, too.
  const bool is_gone = job == nullptr && with_ended_ && (!is_named_ || named_.contains(id));
  if (is_gone || (job != nullptr && asks_for(*job))) changed_.insert(id);
}

/// As Listing::add_any has them.
void QueueWatch::put_rows(const core::State& state,
                          const core::Plan& plan,
                          const core::Job& job,
                          wire::JobList* told) const {
  if (!with_ended_ || !core::is_array(job)) {
    if (with_ended_ || !is_off_list(job))
      put_job(state, plan, job, Detail::usual, told->add_jobs());
    return;
  }
  const ArraySpec& cancelled = job.run->array->cancelled;
  if (!cancelled.empty()) {
    put_elements(state, plan, job, cancelled, true, Detail::usual, told->add_jobs());
  }
  if (job.phase == JobPhase::pending) put_job(state, plan, job, Detail::usual, told->add_jobs());
}

bool QueueWatch::is_due(Instant now) const {
  return is_listed_ && !changed_.empty() && now >= told_ + watch_pause;
}

void QueueWatch::next(const core::State& state,
                      const core::Plan& plan,
                      Instant now,
                      wire::JobList* to) {
  wire::JobList told;
  for (std::size_t n = 0; n < reply_jobs && !changed_.empty(); ++n) {
    const JobId id = *changed_.begin();
    changed_.erase(changed_.begin());
    const core::Job* job = state.find_job(id);
    const int before = told.jobs_size();
    if (job != nullptr && wants(*job)) put_rows(state, plan, *job, &told);
    if (told.jobs_size() != before) continue;
    told.add_gone(id.value);
    reasons_.erase(id);
  }
  remember(state, plan, told);
  if (changed_.empty()) told_ = now;
  *to = std::move(told);
}

void QueueWatch::remember(const core::State& state,
                          const core::Plan& plan,
                          const wire::JobList& told) {
  for (const wire::JobView& view : told.jobs()) {
    const JobId id(view.job());
    const core::Job* job = state.find_job(id);
    if (job == nullptr || job->phase != JobPhase::pending) {
      reasons_.erase(id);
    } else if (reasons_.size() < reasons_max || reasons_.contains(id)) {
      reasons_[id] = plan.blocked(state, id).code;
    }
  }
}

void QueueWatch::look_at_reasons(const core::State& state, const core::Plan& plan) {
  if (!is_listed_) return;
  for (const auto& [id, reason] : reasons_) {
    const core::Job* job = state.find_job(id);
    if (job == nullptr || job->phase != JobPhase::pending) continue;
    // None: the plan has yet to look at it.
    const Reason now = plan.blocked(state, id).code;
    if (now != reason && now != Reason::none) changed_.insert(id);
  }
}

std::size_t QueueWatches::count(ClientId client) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      watches_,
      [client](const QueueWatch& watch) { return watch.conversation().client == client; }));
}

void QueueWatches::drop(ClientId client) {
  watches_.remove_if(
      [client](const QueueWatch& watch) { return watch.conversation().client == client; });
}

QueueWatch* QueueWatches::find(const Conversation& conversation) {
  const auto found = std::ranges::find(watches_, conversation, &QueueWatch::conversation);
  return found == watches_.end() ? nullptr : &*found;
}

}  // namespace cox::ctld
