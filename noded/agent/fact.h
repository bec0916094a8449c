// What happened on a node. The only input of evolve(); nothing of it is journaled, since a restart
// asks the supervisors and the attempt files instead.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/ids.h"
#include "model/job_state.h"
#include "model/outcome.h"
#include "model/time.h"
#include "noded/agent/request.h"

namespace cox::agent {

struct SessionBegan {
  Origin origin;
  Duration kill_wait;
};

/// The configuration changed within the session.
struct KillWaitChanged {
  Duration kill_wait;
};

struct SessionEnded {};

struct AttemptAccepted {
  AttemptKey attempt;
  std::optional<StepId> initial;
  bool go_at_once = false;
  bool has_epilog = false;
  bool stands = false;
};

/// No older attempt of the job holds anything here: the container is being made.
struct PrepareBegan {
  AttemptKey attempt;
};

struct AttemptRestored {
  AttemptKey attempt;
  std::optional<StepId> initial;
  bool go_at_once = false;
  bool released = false;
  std::vector<StepId> alive;
  bool has_epilog = false;
  bool is_stray = false;
};

struct AttemptContained {
  AttemptKey attempt;
};

struct PrepareFailed {
  AttemptKey attempt;
  std::string why;
  bool node_at_fault = true;
  bool sets_aside = false;
};

struct AttemptReleased {
  AttemptKey attempt;
};

struct StepAccepted {
  StepKey step;
};

/// A later step cannot start; the answer stays in memory.
struct StepRefused {
  StepKey step;
  std::string why;
};

struct StepReady {
  StepKey step;
  std::string endpoint;
};

struct GoGiven {
  StepKey step;
  std::vector<std::string> endpoints;
};

struct StepRan {
  StepKey step;
};

struct StepEndWanted {
  StepKey step;
  EndCause cause;
};

struct StepFinished {
  StepKey step;
  StepResult result;
};

/// The supervisor's process ended; before StepFinished when it took the result with it.
struct SupervisorLost {
  StepKey step;
};

/// Acknowledged by the controller.
struct StepForgotten {
  StepKey step;
};

struct LimitChanged {
  AttemptKey attempt;
  Duration limit;
};

/// Told again, it is done again: what a restart left as it was is put right.
struct AttemptPaused {
  AttemptKey attempt;
  bool stands = false;
  Instant as_of{};
};

struct CloseBegan {
  AttemptKey attempt;
  EndCause cause;
};

/// A second more of closing.
struct CloseAged {
  AttemptKey attempt;
};

struct RemovalStuck {
  AttemptKey attempt;
  std::uint32_t processes;
  std::string why;
};

struct AttemptClosed {
  AttemptKey attempt;
  Usage usage;
  std::string epilog_failure{};
};

/// Acknowledged by the controller; a tombstone stays for the session.
struct AttemptForgotten {
  AttemptKey attempt;
};

/// Closed before it was ever prepared: a late Prepare must not start it.
struct AttemptBarred {
  AttemptKey attempt;
};

/// Asked for what it knows already.
struct AttemptAskedAgain {
  AttemptKey attempt;
};

struct StepAskedAgain {
  StepKey step;
};

/// A supervisor of which the agent remembers nothing.
struct StrayFound {
  StepKey step;
  bool ended = false;
};

using AgentFact = std::variant<SessionBegan,
                               KillWaitChanged,
                               SessionEnded,
                               AttemptAccepted,
                               PrepareBegan,
                               AttemptRestored,
                               AttemptContained,
                               PrepareFailed,
                               AttemptReleased,
                               StepAccepted,
                               StepRefused,
                               StepReady,
                               GoGiven,
                               StepRan,
                               StepEndWanted,
                               StepFinished,
                               SupervisorLost,
                               StepForgotten,
                               LimitChanged,
                               AttemptPaused,
                               CloseBegan,
                               CloseAged,
                               RemovalStuck,
                               AttemptClosed,
                               AttemptForgotten,
                               AttemptBarred,
                               AttemptAskedAgain,
                               StepAskedAgain,
                               StrayFound>;

}  // namespace cox::agent
