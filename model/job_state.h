// Phases of a job inside the controller, the states people see, and why an attempt ends.
// The full table of phase x fact is docs/job-states.md; a test reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cox {

enum class JobPhase : std::uint8_t {
  pending = 0,   // waits in the queue (perhaps held)
  starting = 1,  // JobStarted: the gang prepares; for one node this is the point of no return
  running = 2,   // JobReleased, or the single node reported tasks
  ending = 3,    // a cause is known; nodes end tasks and clean up
  ended = 4,     // final
  split = 5,     // an array of which every element has a job of its own, or ended without one
};

enum class JobState : std::uint8_t {
  pending = 0,
  configuring = 1,
  running = 2,
  completing = 3,
  completed = 4,
  failed = 5,
  cancelled = 6,
  timeout = 7,
  out_of_memory = 8,
  node_fail = 9,
  deadline = 10,   // could not end before the deadline that its user gave
  suspended = 11,  // runs, but was told to stand still
};

/// Why a job or step is being ended. The first cause committed wins.
enum class EndCause : std::uint8_t {
  none = 0,
  finished = 1,   // the script or the tasks ended by themselves
  cancelled = 2,  // by its user or an operator
  time_limit = 3,
  out_of_memory = 4,
  node_lost = 5,        // silent for lost_after, or a new boot id
  supervisor_lost = 6,  // coxstepd died; its tasks were killed
  launch_failed = 7,    // could not be started: directory, output file, program
  requeued = 8,         // by request: ends this attempt only
  bad_exit = 9,         // one task failed and the step ends by rule
  client_gone = 10,     // the `cox run` that owned it vanished
  deadline = 11,        // it would have gone on beyond its deadline
};

enum class Hold : std::uint8_t { none = 0, by_user = 1, by_admin = 2, by_system = 3 };

/// What keeps a pending job from starting: one code per class, with one number.
enum class Reason : std::uint8_t {
  none = 0,
  priority = 1,   // behind another job of its partition (amount: jobs ahead)
  resources = 2,  // not enough free (amount: nodes missing)
  held_by_user = 3,
  held_by_admin = 4,
  begin_time = 5,         // amount: seconds left
  nodes_unavailable = 6,  // would fit if set-aside, silent or lost nodes were back (amount: those)
  never_fits = 7,         // no state of this fleet fits it (amount: nodes short)
  partition_unknown = 8,
  held_by_system = 9,  // started and failed too often
  partition_down = 10,
  partition_time_limit = 11,  // asks for more time than its partition now grants
  partition_node_limit = 12,  // asks for more nodes than its partition now grants (amount: those)
  array_limit = 13,           // as many elements of its array run as may at once (amount: those)
  dependency = 14,            // other jobs must begin or end first (amount: those)
  dependency_never = 15,      // what it waits for can never come true, and it was told to wait
  licenses = 16,              // jobs hold the licences it asks for (amount: those missing)
};

std::string_view to_text(JobPhase phase);
std::string_view to_text(JobState state);    // "PENDING"
std::string_view state_letters(JobState s);  // "PD"
std::string_view to_text(EndCause cause);
std::string_view to_text(Reason reason);  // the contract's word: "Resources"
std::optional<JobState> parse_job_state(std::string_view text);

constexpr bool is_final(JobState s) {
  return s >= JobState::completed && s != JobState::suspended;
}

}  // namespace cox
