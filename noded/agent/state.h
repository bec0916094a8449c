// What a node holds: attempts, their steps, and tombstones of attempts that must not start again.
// Only evolve() changes it.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/job_state.h"
#include "model/outcome.h"
#include "model/time.h"
#include "noded/agent/request.h"

namespace cox::agent {

struct AgentStep {
  StepPhase phase = StepPhase::preparing;
  std::string endpoint;
  StepResult result;
  bool is_spawned = false;   // a supervisor was asked for
  bool is_gone = false;      // and its process is gone
  bool is_go_given = false;  // kept while the step prepares
  bool knows_go = false;     // it was started so as not to wait for it
  std::vector<std::string> go_endpoints;
  EndCause end_cause = EndCause::none;  // what the supervisor was told, once
  std::optional<std::string> refused;   // could not prepare: phase is ended, nothing ran

  bool is_over() const { return phase == StepPhase::ended; }

  friend bool operator==(const AgentStep&, const AgentStep&) = default;
};

enum class AttemptPhase : std::uint8_t {
  waiting = 0,    // an older attempt of the same job is still being closed here
  preparing = 1,  // container and supervisor are being made
  prepared = 2,
  failed = 3,  // could not prepare; waits for Close
  closing = 4,
  closed = 5,  // nothing is left; kept until acknowledged
};

enum class ContainerPhase : std::uint8_t { none = 0, asked = 1, made = 2 };

struct AgentAttempt {
  AttemptPhase phase = AttemptPhase::waiting;
  ContainerPhase container = ContainerPhase::none;
  std::optional<StepId> initial;
  bool go_at_once = false;
  bool has_epilog = false;  // its batch step's end is told before its own
  bool is_released = false;
  bool stands = false;       // its tasks stand still, and none begins
  Instant stands_as_of;      // of the last Pause of this session
  bool is_restored = false;  // of before a restart: whether they stand still is not known
  std::optional<std::string> failure;
  bool node_at_fault = true;
  bool sets_aside = false;     // its prolog failed
  std::string epilog_failure;  // empty: none
  EndCause close_cause = EndCause::none;
  std::uint32_t close_seconds = 0;
  bool is_removal_stuck = false;
  std::uint32_t stuck_processes = 0;
  std::string stuck_why;
  Usage usage;
  std::optional<StepResult> batch_result;
  std::map<StepId, AgentStep> steps;
  std::set<StepId> steps_forgotten;  // acknowledged: must not start again
  Usage forgotten_usage;             // of those

  /// The container is, or may be, there.
  bool holds_container() const { return container != ContainerPhase::none; }

  bool is_closing() const { return phase >= AttemptPhase::closing; }

  friend bool operator==(const AgentAttempt&, const AgentAttempt&) = default;
};

/// A message that is doubled or late arrives within this many closed jobs.
inline constexpr std::size_t tombstones_max = 65'536;

struct AgentState {
  Origin origin;  // of the current or last session
  bool in_session = false;
  Duration kill_wait = seconds(30);
  std::map<AttemptKey, AgentAttempt> attempts;
  std::map<JobId, Attempt> tombstones;  // highest attempt per job that is over, this session
  std::deque<JobId> tombstone_order;

  const AgentAttempt* find(AttemptKey key) const;
  const AgentStep* find(const StepKey& key) const;
  friend bool operator==(const AgentState&, const AgentState&) = default;
};

}  // namespace cox::agent
