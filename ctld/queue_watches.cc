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
                       WatchedNames names,
                       bool with_ended,
                       Detail detail)
    : to_(to),
      users_(users),
      selector_(std::move(selector)),
      names_(std::move(names)),
      with_ended_(with_ended),
      detail_(detail) {}

bool QueueWatch::wants(const core::Job& job) const {
  return asks_for(job) && (selector_.empty() || selector_.matches(job.request.common->labels));
}

/// Whatever its labels, which an update may change.
bool QueueWatch::asks_for(const core::Job& job) const {
  if (!users_.takes(job.request.common->user.name)) return false;
  if (names_.empty() || names_.jobs.contains(job.id) || names_.jobs.contains(job.array))
    return true;
  if (core::is_array(job)) return elements_of(job.id) != nullptr;
  const std::vector<ArraySpec>* some = elements_of(job.array);
  return some != nullptr && std::ranges::any_of(*some, [&job](const ArraySpec& elements) {
           return elements.contains(job.index);
         });
}

const std::vector<ArraySpec>* QueueWatch::elements_of(JobId array) const {
  const auto found = names_.elements.find(array);
  const bool is_whole = names_.empty() || names_.jobs.contains(array);
  return is_whole || found == names_.elements.end() ? nullptr : &found->second;
}

void QueueWatch::note(const core::State& state, JobId id) {
  const core::Job* job = state.find_job(id);
  // One that has left memory leaves the list of ended ones, too.
  const bool is_gone =
      job == nullptr && with_ended_ && (names_.empty() || names_.jobs.contains(id));
  if (is_gone || (job != nullptr && asks_for(*job))) changed_.insert(id);
}

/// As Listing::add_any has them.
void QueueWatch::put_rows(const core::State& state,
                          const core::Plan& plan,
                          const core::Job& job,
                          wire::JobList* told) const {
  if (const std::vector<ArraySpec>* some = elements_of(job.id)) {
    for (const ArraySpec& elements : *some) put_parts(state, plan, job, elements, told);
    return;
  }
  if (!with_ended_ || !core::is_array(job)) {
    if (with_ended_ || !is_off_list(job)) put_job(state, plan, job, detail_, told->add_jobs());
    return;
  }
  const ArraySpec& cancelled = job.run->array->cancelled;
  if (!cancelled.empty()) {
    put_elements(state, plan, job, cancelled, true, detail_, told->add_jobs());
  }
  if (job.phase == JobPhase::pending) put_job(state, plan, job, detail_, told->add_jobs());
}

void QueueWatch::put_parts(const core::State& state,
                           const core::Plan& plan,
                           const core::Job& array,
                           const ArraySpec& elements,
                           wire::JobList* told) const {
  const ArraySpec cancelled = common_elements(elements, array.run->array->cancelled);
  if (with_ended_ && !cancelled.empty()) {
    put_elements(state, plan, array, cancelled, true, detail_, told->add_jobs());
  }
  const ArraySpec waiting = common_elements(core::remainder(array), elements);
  if (!waiting.empty()) {
    put_elements(state, plan, array, waiting, false, detail_, told->add_jobs());
  }
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
