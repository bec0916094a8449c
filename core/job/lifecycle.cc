// The rules behind lifecycle.h. docs/job-states.md lists causes and final states.
#include "core/job/lifecycle.h"

#include <algorithm>

#include "core/job/array.h"

namespace cox::core {
namespace {

/// Exit status as a shell shows it.
int shell_status(const StepResult& result) {
  return result.signal != 0 ? 128 + result.signal : result.exit_code;
}

/// Which cause explains a step best when its nodes differ: larger weighs more.
int weight(EndCause cause) {
  switch (cause) {
    case EndCause::none:
    case EndCause::finished:
      return 0;
    case EndCause::bad_exit:
      return 1;
    case EndCause::client_gone:
      return 2;
    case EndCause::cancelled:
    case EndCause::requeued:
      return 3;
    case EndCause::time_limit:
    case EndCause::deadline:
      return 4;
    case EndCause::supervisor_lost:
    case EndCause::node_lost:
      return 5;
    case EndCause::out_of_memory:
      return 6;
    case EndCause::launch_failed:
      return 7;
  }
  return 0;
}

}  // namespace

const std::string& partition_of(const Job& job) {
  static const std::string none;
  const auto& names = job.request.common->partitions;
  const std::uint16_t place = job.run->partition;
  return place < names.size() ? names[place] : none;
}

bool is_free(const Job& job) {
  return job.run->freed.count() == job.run->allocation.nodes.size();
}

std::optional<std::size_t> node_position(const Job& job, NodeId node) {
  const auto& nodes = job.run->allocation.nodes;
  const auto found = std::ranges::lower_bound(nodes, node, {}, &NodeShare::node);
  if (found == nodes.end() || found->node != node) return std::nullopt;
  return static_cast<std::size_t>(found - nodes.begin());
}

bool is_live(const Job& job) {
  return job.phase == JobPhase::starting || job.phase == JobPhase::running ||
         job.phase == JobPhase::ending;
}

bool holds_share(const Job& job, NodeId node) {
  if (!is_live(job)) return false;
  const auto position = node_position(job, node);
  return position.has_value() && !job.run->freed.test(*position);
}

const Step* find_step(const Job& job, StepId id) {
  const std::vector<Step>& steps = job.run->steps;
  // They stand in the order of their numbers, behind the batch script where there is one.
  for (const std::size_t at : {std::size_t{id.value}, std::size_t{id.value} + 1}) {
    if (at < steps.size() && steps[at].id == id) return &steps[at];
  }
  const auto found = std::ranges::find(steps, id, &Step::id);
  return found == steps.end() ? nullptr : &*found;
}

bool has_share(const Step& step, NodeId node) {
  return std::ranges::any_of(step.shares,
                             [node](const StepShare& share) { return share.node == node; });
}

std::optional<StepId> initial_step(const JobRequest& request) {
  if (request.common->kind == JobKind::batch) return step_batch;
  if (request.common->has_initial_step) return StepId{0};
  return std::nullopt;
}

bool is_requeued_after(const JobRequest& request, EndCause cause) {
  if (!request.common->requeue || request.common->kind == JobKind::interactive) return false;
  return cause == EndCause::requeued || cause == EndCause::node_lost ||
         cause == EndCause::supervisor_lost;
}

bool is_retried_after(const Job& job, const StepResult& initial) {
  if (job.request.common->kind == JobKind::interactive || initial.signal != 0) return false;
  const Retry& retry = job.request.common->retry;
  return job.run->retries < retry.times && retry.covers(initial.exit_code);
}

std::string retry_text(const Job& job, const StepResult& initial) {
  return "exit code " + std::to_string(initial.exit_code) + ", retry " +
         std::to_string(job.run->retries + 1) + " of " +
         std::to_string(job.request.common->retry.times);
}

EndCause job_cause(const StepResult& initial) {
  if (initial.cause == EndCause::none || initial.cause == EndCause::bad_exit) {
    return EndCause::finished;
  }
  return initial.cause;
}

JobState final_state(EndCause cause, const StepResult* result) {
  switch (cause) {
    case EndCause::cancelled:
    case EndCause::client_gone:
    case EndCause::requeued:
      return JobState::cancelled;
    case EndCause::time_limit:
      return JobState::timeout;
    case EndCause::deadline:
      return JobState::deadline;
    case EndCause::out_of_memory:
      return JobState::out_of_memory;
    case EndCause::node_lost:
    case EndCause::supervisor_lost:
      return JobState::node_fail;
    case EndCause::launch_failed:
    case EndCause::bad_exit:
      return JobState::failed;
    case EndCause::none:
    case EndCause::finished:
      break;
  }
  return result != nullptr && shell_status(*result) != 0 ? JobState::failed : JobState::completed;
}

StepResult merged(const StepResult& a, const StepResult& b) {
  const StepResult& worse = shell_status(b) > shell_status(a) ? b : a;
  StepResult both = worse;
  both.cause = weight(b.cause) > weight(a.cause) ? b.cause : a.cause;
  both.tasks_failed = a.tasks_failed + b.tasks_failed;
  both.usage = combined(a.usage, b.usage);
  if (both.detail.empty()) both.detail = a.detail.empty() ? b.detail : a.detail;
  return both;
}

std::string job_text(JobId id) {
  return "job " + std::to_string(id.value);
}

std::string job_text(const Job& job) {
  return "job " + job_name(job);
}

std::string job_text(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  return job == nullptr ? job_text(id) : job_text(*job);
}

}  // namespace cox::core
