// Events for those who wait.
#include <algorithm>
#include <utility>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/step_queue.h"
#include "ctld/client_desk.h"
#include "ctld/translate/controller_message.h"
#include "ctld/translate/replies.h"

namespace cox::ctld {

namespace {

constexpr Duration wait_untold = seconds(3);

}  // namespace

void ClientDesk::attach(const Conversation& to, JobId job) {
  if (state().find_job(job) == nullptr) {
    const std::string id = std::to_string(job.value);
    return refuse(
        to, {Code::not_found,
             "job " + id + " of this submit ended and left memory: see " + "cox history " + id});
  }
  watches_.add(job, {to, WatchKind::attached, {}, {}, false});
  tell(job, true);
}

void ClientDesk::notify(const Changes& changes) {
  if (shutdown_) finish_shutdown();
  note_watched(changes);
  if (watches_.empty()) return;
  const auto unique = [](std::vector<JobId> jobs) {
    std::ranges::sort(jobs);
    const auto repeats = std::ranges::unique(jobs);
    jobs.erase(repeats.begin(), repeats.end());
    return jobs;
  };
  for (const JobId job : unique(changes.jobs)) tell(job, true);
  for (const JobId job : unique(changes.heard)) tell(job, false);
}

/// `changed`: a fact; else a node only said where a supervisor listens.
void ClientDesk::tell(JobId id, bool changed) {
  const std::vector<Watch>* watches = watches_.find(id);
  const core::Job* job = state().find_job(id);
  if (watches == nullptr || job == nullptr) return;
  std::vector<Conversation> conversations;
  for (const Watch& watch : *watches) conversations.push_back(watch.conversation);
  for (const Conversation& conversation : conversations) {
    std::vector<Watch>* left = watches_.find(id);  // telling may end watches
    if (left == nullptr) return;
    const auto watch = std::ranges::find(*left, conversation, &Watch::conversation);
    if (watch != left->end()) tell(*job, *watch, changed);
  }
}

void ClientDesk::tell(const core::Job& job, Watch& watch, bool changed) {
  if (watch.kind == WatchKind::step) return tell_step(job, watch);
  if (watch.kind == WatchKind::elements) return tell_elements(job, watch);
  const Conversation to = watch.conversation;
  const bool is_attached = watch.kind == WatchKind::attached;
  if (is_attached && job.request.common->has_initial_step && watch.ready_sent != job.attempt) {
    const StepKey step{job.id, job.attempt, initial_step(job)};
    if (tell_ready(step, to)) watch.ready_sent = job.attempt;
  }
  if (job.phase == JobPhase::ended) {
    send_event(job, to, watches_.end(job.id, to));
  } else if (is_attached && changed && !waits_untold(job)) {
    send_event(job, to, false);
  }
}

/// Who waits for moments only is not told why.
bool ClientDesk::waits_untold(const core::Job& job) const {
  return job.phase == JobPhase::pending && machine_.now() < job.submitted + wait_untold;
}

/// Those that have become jobs are watched as such; those that were cancelled before are told.
void ClientDesk::tell_elements(const core::Job& array, Watch& watch) {
  const Conversation to = watch.conversation;
  const ArraySpec gone = elements_without(watch.elements, core::remainder(array));
  if (gone.empty()) return;
  watch.elements = elements_without(watch.elements, gone);
  const bool is_last_of_array = watch.elements.empty();
  const auto named = find_elements(state(), array.id, gone);
  if (!named) return;
  std::vector<wire::JobView> ended;
  for (const JobId id : named->jobs) {
    const core::Job& job = *state().find_job(id);
    if (job.phase != JobPhase::ended) {
      watches_.add(id, {to, WatchKind::end_of_job, {}, {}, false});
    } else {
      put_job(state(), machine_.plan(), job, Detail::full, &ended.emplace_back());
    }
  }
  if (!named->cancelled.empty()) {
    put_elements(state(), machine_.plan(), array, named->cancelled, true, Detail::full,
                 &ended.emplace_back());
  }
  const bool is_last = is_last_of_array && watches_.end(array.id, to);
  for (wire::JobView& view : ended) {
    wire::ClientReply answer;
    const bool is_very_last = is_last && &view == &ended.back();
    *answer.mutable_event()->mutable_job() = std::move(view);
    reply(to, std::move(answer), is_very_last, false);
  }
}

/// A reason is the Plan's and comes without a fact; what waits for a moment only needs none.
void ClientDesk::tell_reasons() {
  const bool has_none = watches_.empty() && queue_watches_.empty();
  if (has_none || machine_.now() < reasons_told_ + seconds(1)) return;
  reasons_told_ = machine_.now();
  for (QueueWatch& watch : queue_watches_.all()) watch.look_at_reasons(state(), machine_.plan());
  watches_.for_each([this](JobId id, Watch& watch) {
    if (watch.kind != WatchKind::attached) return;
    const core::Job* job = state().find_job(id);
    if (job == nullptr || job->phase != JobPhase::pending || waits_untold(*job)) return;
    const Reason reason = machine_.plan().blocked(state(), id).code;
    if (std::exchange(watch.reason_told, reason) == reason || reason == Reason::none) return;
    send_event(*job, watch.conversation, false);
  });
}

void ClientDesk::tell_step(const core::Job& job, Watch& watch) {
  const Conversation to = watch.conversation;
  const bool is_over = job.attempt != watch.step.attempt || job.phase == JobPhase::ended ||
                       job.phase == JobPhase::pending;
  const core::Step* step = is_over ? nullptr : core::find_step(job, watch.step.step);
  if (step != nullptr) tell_taken(job, *step, watch);
  if (!watch.is_ready_sent) watch.is_ready_sent = tell_ready(watch.step, to);
  if (is_over || (step != nullptr && step->is_ended())) {
    watches_.end(job.id, to);
    // Of its steps the one that was asked for: a job may have had thousands.
    wire::ClientReply answer;
    wire::JobView* view = answer.mutable_event()->mutable_job();
    put_job(state(), machine_.plan(), job, Detail::usual, view);
    if (step != nullptr) put_step(state(), *step, view->add_steps());
    reply(to, std::move(answer), true, false);
  }
}

/// That the step was taken up, and what it waits for. Once: there may be thousands of them.
void ClientDesk::tell_taken(const core::Job& job, const core::Step& step, Watch& watch) {
  if (std::exchange(watch.is_taken_told, true)) return;
  wire::ClientReply answer;
  wire::StepTaken* taken = answer.mutable_step_taken();
  taken->set_job(job.id.value);
  taken->set_job_name(core::job_name(job));
  taken->set_step(step.id.value);
  if (step.is_waiting()) taken->set_waits(core::step_wait_text(state().record, job, step));
  reply(watch.conversation, std::move(answer), false, false);
}

/// Nobody is there any more for whom its steps that wait should begin.
void ClientDesk::leave_steps(ClientId client) {
  for (const StepKey& key : watches_.steps_of(client)) {
    const core::Job* job = state().find_job(key.job);
    if (job == nullptr || job->attempt != key.attempt) continue;
    const core::Step* step = core::find_step(*job, key.step);
    if (step == nullptr || !step->is_waiting()) continue;
    const UserIdentity& user = job->request.common->user;
    machine_.ask(core::CancelStep{Caller{user.uid, user.gid, Role::user, false, user.name}, key.job,
                                  key.step});
  }
}

/// True when the step is released and its root's address is known: then it was sent. The root of
/// one that has ended waits for a client that is late.
bool ClientDesk::tell_ready(const StepKey& key, const Conversation& to, bool last) {
  const StepAddress* late = machine_.late_steps().find(key, machine_.now());
  const StepAddress now = find_address(state(), machine_.contact(), key);
  const StepAddress& address = late != nullptr ? *late : now;
  if (address.endpoint.empty()) return false;
  wire::ClientReply answer;
  wire::StepReady* ready = answer.mutable_step_ready();
  ready->set_job(key.job.value);
  ready->set_attempt(key.attempt.value);
  ready->set_step(key.step.value);
  ready->set_endpoint(address.endpoint);
  ready->set_key(step_key(cluster_key_, key));
  ready->set_tasks(address.tasks);
  ready->set_node_list(address.node_list);
  const core::Job* job = state().find_job(key.job);
  ready->set_job_name(job == nullptr ? job_name(key.job) : core::job_name(*job));
  const core::Step* step = job == nullptr ? nullptr : core::find_step(*job, key.step);
  ready->set_has_terminal(step != nullptr && step->request.pty);
  reply(to, std::move(answer), last, false);
  return true;
}

void ClientDesk::send_event(const core::Job& job, const Conversation& to, bool last) {
  wire::ClientReply answer;
  put_job(state(), machine_.plan(), job, Detail::full, answer.mutable_event()->mutable_job());
  reply(to, std::move(answer), last, false);
}

}  // namespace cox::ctld
