// What the node daemon must do for its agent, in the order given. Each is safe to repeat. Reports
// that find no connection may be dropped: the next Registered brings them all again.
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

/// Container and files of the attempt, then the prolog; answered by ContainerMade.
struct MakeContainer {
  AttemptKey attempt;
};

/// Start the supervisor of a step in its own container, with its plan. Answered by SupervisorStatus
/// or SupervisorGone. `go_at_once`: it need not wait for TellGo.
struct SpawnSupervisor {
  StepKey step;
  bool go_at_once = false;
  bool stands = false;  // it goes by TellGo all the same, when the attempt goes on
};

struct TellGo {
  StepKey step;
  std::vector<std::string> endpoints;
};

/// The supervisor sends TERM, after kill_wait KILL, and then tells its result.
struct TellEnd {
  StepKey step;
  EndCause cause;
};

/// To all supervisors of the attempt, those to come included.
struct TellLimit {
  AttemptKey attempt;
  Duration limit;
};

/// Everything in the attempt's container stands still, or goes on; its supervisors are told, whose
/// clocks stand still as well.
struct PauseAttempt {
  AttemptKey attempt;
  bool stands = false;
};

/// The result is committed: the supervisor may exit.
struct TellForget {
  StepKey step;
};

/// SIGKILL to every process of the step's container; its supervisor is not in it.
struct KillStep {
  StepKey step;
};

/// What survives is told by ContainerBusy.
struct KillAttempt {
  AttemptKey attempt;
};

/// The supervisor itself does not answer any more; SupervisorGone follows.
struct KillSupervisor {
  StepKey step;
};

/// Kill what is left, read the usage, remove container and files, then run the epilog. Answered by
/// ContainerRemoved or ContainerBusy.
struct RemoveContainer {
  AttemptKey attempt;
};

/// Write the attempt's file, so that a later daemon knows it.
struct Remember {
  AttemptKey attempt;
  bool released = false;
};

/// Write into the attempt's file that it is over here, whatever it was: with its container gone a
/// later daemon would know nothing of it, and the controller would take it for one that never came.
struct RememberEnded {
  AttemptKey attempt;
};

/// Remove the attempt's file.
struct Forget {
  AttemptKey attempt;
};

struct ReportPrepared {
  AttemptKey attempt;
  std::string endpoint;
  std::optional<std::string> failure;
  bool node_at_fault = true;
  bool sets_aside = false;
};

struct ReportStepPrepared {
  StepKey step;
  std::string endpoint;
  std::optional<std::string> failure;
};

struct ReportStepEnded {
  StepKey step;
  StepResult result;
};

struct ReportClosed {
  AttemptKey attempt;
  Usage usage;
  std::optional<StepResult> batch_result;
  std::string epilog_failure{};
};

/// Processes of a closing attempt survive SIGKILL; told again when they change.
struct ReportStuck {
  AttemptKey attempt;
  std::uint32_t processes = 0;
  std::string why;
};

using AgentEffect = std::variant<MakeContainer,
                                 SpawnSupervisor,
                                 TellGo,
                                 TellEnd,
                                 TellLimit,
                                 PauseAttempt,
                                 TellForget,
                                 KillStep,
                                 KillAttempt,
                                 KillSupervisor,
                                 RemoveContainer,
                                 Remember,
                                 RememberEnded,
                                 Forget,
                                 ReportPrepared,
                                 ReportStepPrepared,
                                 ReportStepEnded,
                                 ReportClosed,
                                 ReportStuck>;

}  // namespace cox::agent
