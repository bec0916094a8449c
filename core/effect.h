// What must be done outside. Idempotent: may be sent twice or late, the node ignores what it has
// done or what is older. ctld builds the message from State when the effect leaves.
#pragma once

#include <cstdint>
#include <variant>

#include "model/ids.h"
#include "model/job_state.h"

namespace cox::core {

/// Make the job's container on `node` and, where the node takes part in it, the supervisor of the
/// initial step (batch or step 0). `go_at_once`: single-node job, do not wait for SendGo.
struct SendPrepare {
  NodeId node;
  JobId job;
  Attempt attempt;
  bool go_at_once;
};

/// JobReleased is committed: run the initial step.
struct SendGo {
  NodeId node;
  JobId job;
  Attempt attempt;
};

struct SendPrepareStep {
  NodeId node;
  StepKey step;
};

struct SendGoStep {
  NodeId node;
  StepKey step;
};

struct SendEndStep {
  NodeId node;
  StepKey step;
  EndCause cause;
};

/// End every process of the attempt on `node`, remove its container, answer ReportClosed. Also the
/// roll-back of a start, and the answer to an attempt the controller does not know.
struct SendClose {
  NodeId node;
  JobId job;
  Attempt attempt;
  EndCause cause;
};

/// To what runs of the step on `node`; a supervisor that has had `key` already does nothing.
/// `first_only`: to the shell of a batch script alone.
struct SendSignal {
  NodeId node;
  StepKey step;
  std::int32_t signal;
  bool first_only;
  ClientKey key;
};

/// The result is committed: the node may forget this step.
struct SendStepAck {
  NodeId node;
  StepKey step;
};

/// The closing is committed: the node may forget this attempt.
struct SendClosedAck {
  NodeId node;
  JobId job;
  Attempt attempt;
};

/// Start the machine anew: nothing of ours runs there.
struct SendReboot {
  NodeId node;
};

/// The attempt's time limit was changed after its start.
struct SendLimit {
  NodeId node;
  JobId job;
  Attempt attempt;
};

/// Whether the attempt's tasks stand still, as State has it when the message leaves.
struct SendPause {
  NodeId node;
  JobId job;
  Attempt attempt;
};

using Effect = std::variant<SendPrepare,
                            SendGo,
                            SendPrepareStep,
                            SendGoStep,
                            SendEndStep,
                            SendSignal,
                            SendClose,
                            SendStepAck,
                            SendClosedAck,
                            SendReboot,
                            SendLimit,
                            SendPause>;

/// What the controller's own host has to run, or need not run any more: its prolog or epilog for an
/// attempt. Answered by ReportProgram. Safe to repeat as well.
struct Errand {
  JobId job;
  Attempt attempt;
  enum class Kind : std::uint8_t { prolog, epilog, end_prolog } kind = Kind::prolog;
};

}  // namespace cox::core
