// Questions about a job's life that decide, evolve and react all ask: its nodes, its steps, the
// final state that a cause leads to.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/state.h"

namespace cox::core {

/// Starts rolled back, or attempts lost, this many times hold the job.
inline constexpr std::uint32_t failed_starts_max = 5;

/// One node: JobStarted is its point of no return, no second message is needed.
inline bool is_single(const Job& job) {
  return job.run->allocation.nodes.size() == 1;
}

/// Every node of the current attempt holds nothing any more.
bool is_free(const Job& job);
/// Place of `node` in the allocation of the current attempt.
std::optional<std::size_t> node_position(const Job& job, NodeId node);
/// `node` holds a share of the current attempt.
bool holds_share(const Job& job, NodeId node);
bool is_live(const Job& job);
/// The partition of the current or last start; before it the first that was asked for.
const std::string& partition_of(const Job& job);

const Step* find_step(const Job& job, StepId id);
bool has_share(const Step& step, NodeId node);
/// The step that comes with the start: batch, or step 0 of an interactive job that has one.
std::optional<StepId> initial_step(const JobRequest& request);
/// Rule of requeueing: an attempt ended for `cause` goes back to the queue.
bool is_requeued_after(const JobRequest& request, EndCause cause);
/// Its user wants the job to run again when its script ends like this, and not yet too often.
bool is_retried_after(const Job& job, const StepResult& initial);
/// "exit code 75, retry 1 of 3".
std::string retry_text(const Job& job, const StepResult& initial);
/// What becomes of the job when its initial step ended like this.
EndCause job_cause(const StepResult& initial);
/// Final state for `cause`; `result` is the initial step's, when there is one.
JobState final_state(EndCause cause, const StepResult* result);
/// `b` beside `a`: highest exit status and weightiest cause win, usage adds up.
StepResult merged(const StepResult& a, const StepResult& b);

std::string job_text(JobId id);
/// "job 7_4" for an element of an array.
std::string job_text(const Job& job);
/// The same of a job that may have left memory.
std::string job_text(const State& state, JobId id);

}  // namespace cox::core
