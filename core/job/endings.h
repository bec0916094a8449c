// Collects the facts that end steps, attempts and jobs. Remembers what its own facts will change,
// so that several nodes of one job, or several jobs of one node, can go in a single decision.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/core.h"
#include "core/state.h"

namespace cox::core {

/// Of the steps of the current attempt that have ended.
Usage usage_of_steps(const Job& job);
/// What an attempt used: the nodes' containers count most, but where there are none, a node daemon
/// that was restarted knows nothing of steps that it has told us of before.
Usage counted_usage(const Usage& by_nodes, const Usage& by_steps);

class Endings {
 public:
  Endings(const State& state, Instant now)
      : state_(state), now_(now), next_job_(state.record.next_job) {}

  /// Ends a step unless it has ended. The initial step's result decides the job's final state.
  void end_step(const Job& job, StepId step, const StepResult& result);
  /// Ends the attempt unless a cause is committed: the first wins. A cancel overrides a requeue.
  void end_job(const Job& job, EndCause cause, Uid by, const std::string& why);
  /// Frees one node; with the last one the job is requeued or ended. The attempt must be ending.
  void free_node(const Job& job, NodeId node, const Usage& usage);
  /// Rolls a start back; the job waits at its place, or is held when that happened too often.
  void undo_start(const Job& job, const std::string& why);
  /// A job that waits ends without a start.
  void end_waiting(const Job& job, JobState state, std::optional<Uid> by, const std::string& why);
  /// An element of the remainder becomes a job of its own.
  Job split(const Job& array, std::uint32_t index);
  /// `elements` of the remainder end without jobs of their own.
  /// `by`: nobody where the controller does it.
  void cancel_elements(const Job& array,
                       const ArraySpec& elements,
                       std::optional<Uid> by,
                       const std::string& why);
  /// The node is gone: its shares are free at once, attempts on it end or are rolled back.
  void lose_node(const Node& node, const std::string& why);

  /// After the facts so far: the attempt still runs, the step is still open.
  bool is_running(const Job& job) { return draft(job).phase == JobPhase::running; }

  bool is_open(const Job& job, StepId step) { return !draft(job).steps_ended.contains(step); }

  void add(Fact fact) { facts_.push_back(std::move(fact)); }

  Facts take() { return std::move(facts_); }

 private:
  /// A job as it will be after the facts so far.
  struct Draft {
    JobPhase phase;
    EndCause cause;
    std::string why;
    Bitset freed;
    Usage usage, usage_of_steps;
    std::set<StepId> steps_ended;
    std::optional<StepResult> initial;  // how the initial step ended, when these facts say so
  };

  /// An array as it will be after the facts so far.
  struct ArrayDraft {
    std::uint32_t left;  // elements that have not ended
    Outcome worst;
  };

  Draft& draft(const Job& job);
  ArrayDraft& array_draft(const Job& array);
  /// `count` elements of `array` ended; with the last one the array does.
  void count_ends(const Job& array,
                  std::uint32_t count,
                  const Outcome& outcome,
                  const std::string& why = {});
  void add_end(const Job& job, const JobEnded& fact);
  void finish(const Job& job, Draft& draft);
  void requeue(const Job& job, const Draft& draft);

  const State& state_;
  Instant now_;
  Facts facts_;
  std::map<JobId, Draft> drafts_;
  std::map<JobId, ArrayDraft> array_drafts_;
  JobId next_job_;
};

}  // namespace cox::core
