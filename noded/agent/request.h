// What the agent of a node is told: messages of the controller (checked by noded/translate), news
// of its supervisors and containers, what a restart found, and the passing of time.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/ids.h"
#include "model/job_state.h"
#include "model/outcome.h"
#include "model/time.h"

namespace cox::agent {

/// Which controller and which connection a message came from. Others than the current are void.
struct Origin {
  Epoch epoch;
  Session session;
  friend auto operator<=>(const Origin&, const Origin&) = default;
};

/// Same numbers as in messages and in the controller's core.
enum class StepPhase : std::uint8_t { preparing = 0, prepared = 1, running = 2, ended = 3 };

// From the controller.

/// The registration was accepted: a session begins, whatever came under an older one is void.
struct Registered {
  Origin origin;
  Duration kill_wait = seconds(30);
};

/// The configuration changed within the session.
struct ChangeTerms {
  Origin origin;
  Duration kill_wait;
};

/// The connection ended. Messages are void until the next Registered.
struct Disconnected {};

struct Prepare {
  Origin origin;
  AttemptKey attempt;
  std::optional<StepId> initial;  // where this node takes part in the initial step
  bool go_at_once = false;
  bool has_epilog = false;  // between the end of its steps and that of the attempt time may pass
  bool stands = false;      // no task of it begins before Pause says that it goes on
};

/// Run a step: the initial one after the release, or a later one. A step that is not here only
/// marks the attempt as released.
struct Go {
  Origin origin;
  StepKey step;
  std::vector<std::string> endpoints;
};

struct PrepareStep {
  Origin origin;
  StepKey step;
};

struct EndStep {
  Origin origin;
  StepKey step;
  EndCause cause = EndCause::cancelled;
};

struct Close {
  Origin origin;
  AttemptKey attempt;
  EndCause cause = EndCause::cancelled;
};

/// The attempt may run so long in all, counted as its supervisors do.
struct ChangeLimit {
  Origin origin;
  AttemptKey attempt;
  Duration limit = duration_unlimited;
};

/// The attempt's tasks stand still, or go on.
struct Pause {
  Origin origin;
  AttemptKey attempt;
  bool stands = false;
  Instant as_of{};  // of an earlier instant than what was told last, it is void; unset: it is not
};

struct StepAck {
  Origin origin;
  StepKey step;
};

struct ClosedAck {
  Origin origin;
  AttemptKey attempt;
};

// From this machine.

struct ContainerMade {
  AttemptKey attempt;
  std::optional<std::string> failure;
  bool node_at_fault = true;
  bool sets_aside = false;  // the prolog failed
};

/// No process is left, the container is removed and the epilog has ended.
struct ContainerRemoved {
  AttemptKey attempt;
  Usage usage;
  std::string epilog_failure{};  // empty: none
};

/// Processes survive SIGKILL (uninterruptible sleep, say): tried again each second.
struct ContainerBusy {
  AttemptKey attempt;
  std::uint32_t processes = 0;
  std::string why{};  // which they are, and where they wait
};

/// A supervisor tells its state: at each change, and when it is adopted. `failure`: it could not
/// prepare, for the job's own fault (directory, output file) or the node's (its socket).
struct SupervisorStatus {
  StepKey step;
  StepPhase phase = StepPhase::preparing;
  std::string endpoint;
  std::optional<std::string> failure;
  StepResult result;
  bool node_at_fault = false;  // of the failure
};

/// The supervisor's process is gone. `started` is false when there never was one.
struct SupervisorGone {
  StepKey step;
  std::string why;
  bool started = true;
};

/// A remembered attempt, at start, before any session. `alive`: steps whose supervisor answered.
/// `is_stray`: its container alone was found, or the word that RememberEnded left; nobody knows
/// what ran in it, so it is ended.
struct RecoverAttempt {
  AttemptKey attempt;
  std::optional<StepId> initial;
  bool go_at_once = false;
  bool released = false;
  std::vector<StepId> alive;
  bool is_stray = false;
  bool never_began = false;  // for certain: no task ran, and none will
  bool has_epilog = false;
};

/// Asked once a second while anything is closing; counts the patience with supervisors.
struct SecondPassed {};

using AgentRequest = std::variant<Registered,
                                  ChangeTerms,
                                  Disconnected,
                                  Prepare,
                                  Go,
                                  PrepareStep,
                                  EndStep,
                                  Close,
                                  ChangeLimit,
                                  Pause,
                                  StepAck,
                                  ClosedAck,
                                  ContainerMade,
                                  ContainerRemoved,
                                  ContainerBusy,
                                  SupervisorStatus,
                                  SupervisorGone,
                                  RecoverAttempt,
                                  SecondPassed>;

}  // namespace cox::agent
