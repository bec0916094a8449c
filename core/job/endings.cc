// How attempts end: the order of facts is StepEnded, JobEnding, NodeFreed, JobRequeued or JobEnded.
#include "core/job/endings.h"

#include <algorithm>
#include <utility>

#include "core/job/array.h"
#include "core/job/lifecycle.h"

namespace cox::core {

Usage usage_of_steps(const Job& job) {
  Usage sum;
  for (const Step& step : job.run->steps) {
    if (step.is_ended()) sum = combined(sum, step.result.usage);
  }
  return sum;
}

Usage counted_usage(const Usage& by_nodes, const Usage& by_steps) {
  const bool is_less =
      by_nodes.user_us + by_nodes.system_us < by_steps.user_us + by_steps.system_us;
  Usage counted = is_less ? by_steps : by_nodes;
  counted.memory_peak_bytes = std::max(by_nodes.memory_peak_bytes, by_steps.memory_peak_bytes);
  return counted;
}

Endings::Draft& Endings::draft(const Job& job) {
  const auto found = drafts_.find(job.id);
  if (found != drafts_.end()) return found->second;
  Draft fresh{job.phase,      job.run->cause,      job.run->why, job.run->freed,
              job.run->usage, usage_of_steps(job), {},           std::nullopt};
  const auto initial = initial_step(job.request);
  for (const Step& step : job.run->steps) {
    if (!step.is_ended()) continue;
    fresh.steps_ended.insert(step.id);
    if (initial == step.id) fresh.initial = step.result;
  }
  return drafts_.emplace(job.id, std::move(fresh)).first->second;
}

void Endings::end_step(const Job& job, StepId step, const StepResult& result) {
  Draft& now = draft(job);
  if (find_step(job, step) == nullptr || !now.steps_ended.insert(step).second) return;
  now.usage_of_steps = combined(now.usage_of_steps, result.usage);
  if (initial_step(job.request) == step) now.initial = result;
  add(StepEnded{job.id, job.attempt, step, now_, result});
}

void Endings::end_job(const Job& job, EndCause cause, Uid by, const std::string& why) {
  Draft& now = draft(job);
  const bool is_first = now.phase == JobPhase::starting || now.phase == JobPhase::running;
  const bool overrides = now.phase == JobPhase::ending && cause == EndCause::cancelled &&
                         is_requeued_after(job.request, now.cause);
  if (!is_first && !overrides) return;
  now.phase = JobPhase::ending;
  now.cause = cause;
  now.why = why;
  add(JobEnding{job.id, job.attempt, now_, cause, by, why});
}

void Endings::free_node(const Job& job, NodeId node, const Usage& usage) {
  Draft& now = draft(job);
  const auto position = node_position(job, node);
  if (now.phase != JobPhase::ending || !position.has_value() || now.freed.test(*position)) return;
  now.freed.set(*position);
  now.usage = combined(now.usage, usage);
  add(NodeFreed{job.id, job.attempt, node, now_, usage});
  if (now.freed.count() == job.run->allocation.nodes.size()) finish(job, now);
}

void Endings::finish(const Job& job, Draft& now) {
  StepResult cut_short, never_began;
  cut_short.cause = now.cause;
  never_began.cause = EndCause::cancelled;
  never_began.detail = job_text(job) + " ended before it could begin";
  for (const Step& step : job.run->steps) {
    if (now.steps_ended.insert(step.id).second) {
      add(StepEnded{job.id, job.attempt, step.id, now_,
                    step.is_waiting() ? never_began : cut_short});
    }
  }
  const StepResult* initial = now.initial.has_value() ? &*now.initial : nullptr;
  const bool is_retried =
      now.cause == EndCause::finished && initial != nullptr && is_retried_after(job, *initial);
  if (is_retried) {
    now.why = retry_text(job, *initial);
  }
  if (is_retried || is_requeued_after(job.request, now.cause)) {
    now.phase = JobPhase::pending;
    requeue(job, now);
    return;
  }
  now.phase = JobPhase::ended;
  const std::string& why = now.why.empty() && initial != nullptr ? initial->detail : now.why;
  add_end(job, JobEnded{job.id, job.attempt, now_, final_state(now.cause, initial),
                        initial != nullptr ? initial->exit_code : 0,
                        initial != nullptr ? initial->signal : 0,
                        counted_usage(now.usage, now.usage_of_steps), why});
}

void Endings::end_waiting(const Job& job,
                          JobState state,
                          std::optional<Uid> by,
                          const std::string& why) {
  add_end(job, JobEnded{job.id, job.attempt, now_, state, 0, 0, job.run->usage, why, by});
}

void Endings::add_end(const Job& job, const JobEnded& fact) {
  add(fact);
  const Job* array = is_element(job) ? state_.find_job(job.array) : nullptr;
  if (array != nullptr) count_ends(*array, 1, Outcome{fact.state, fact.exit_code, fact.signal});
}

Endings::ArrayDraft& Endings::array_draft(const Job& array) {
  const ArrayMembers* members = state_.find_members(array.id);
  const std::uint32_t unended = members == nullptr ? 0 : members->unended;
  const ArrayDraft fresh{remainder(array).count() + unended, array.run->array->worst};
  return array_drafts_.try_emplace(array.id, fresh).first->second;
}

void Endings::count_ends(const Job& array,
                         std::uint32_t count,
                         const Outcome& outcome,
                         const std::string& why) {
  if (array.phase == JobPhase::ended) return;
  ArrayDraft& now = array_draft(array);
  now.worst = worse(now.worst, outcome);
  now.left -= count;
  if (now.left != 0) return;
  add(JobEnded{array.id, array.attempt, now_, now.worst.state, now.worst.exit_code,
               now.worst.signal, Usage{}, why});
}

Job Endings::split(const Job& array, std::uint32_t index) {
  array_draft(array);  // counts the element wherever it is
  add(ElementSplit{next_job_, now_, array.id, index});
  Job element = element_of(array, next_job_, index);
  ++next_job_.value;
  return element;
}

void Endings::cancel_elements(const Job& array,
                              const ArraySpec& elements,
                              std::optional<Uid> by,
                              const std::string& why) {
  add(ElementsCancelled{array.id, now_, elements, by.value_or(0), why, !by.has_value()});
  count_ends(array, elements.count(), Outcome{JobState::cancelled}, why);
}

void Endings::requeue(const Job& job, const Draft& now) {
  add(JobRequeued{job.id, job.attempt, now_, now.why});
  // By request it may go on for ever; a job that keeps losing its supervisors may not.
  const bool is_asked = now.cause == EndCause::requeued || now.cause == EndCause::finished;
  if (is_asked || job.run->attempts_run < failed_starts_max) return;
  add(JobHeld{job.id, now_, Hold::by_system,
              "lost " + std::to_string(job.run->attempts_run) + " attempts, the last: " + now.why});
}

void Endings::undo_start(const Job& job, const std::string& why) {
  Draft& now = draft(job);
  if (now.phase != JobPhase::starting && now.phase != JobPhase::running) return;
  now.phase = JobPhase::pending;
  add(StartUndone{job.id, job.attempt, now_, why});
  const std::uint32_t undone = job.run->starts_undone + 1;
  if (undone < failed_starts_max) return;
  add(JobHeld{job.id, now_, Hold::by_system,
              "could not be started " + std::to_string(undone) + " times, the last: " + why});
}

void Endings::lose_node(const Node& node, const std::string& why) {
  add(NodeLost{node.id, now_, why});
  const std::string reason = "node " + node.name + ": " + why;
  for (const JobId id : state_.index.jobs_on_node[node.id.value]) {
    const Job& job = *state_.find_job(id);
    if (job.phase == JobPhase::starting) {
      undo_start(job, reason);
    } else {
      end_job(job, EndCause::node_lost, 0, reason);
      free_node(job, node.id, Usage{});
    }
  }
}

}  // namespace cox::core
