// What every decision looks at, and the functions behind decide(): one per request, in the files of
// its family. Each returns facts or a refusal and changes nothing.
#pragma once

#include <string>

#include "core/contact.h"
#include "core/core.h"
#include "core/request.h"
#include "core/state.h"

namespace cox::core {

struct Scene {
  const State& state;
  const Contact& contact;
  Instant now;
};

Result<Facts> decide_one(const Scene& scene, const SubmitJob& ask);
Result<Facts> decide_one(const Scene& scene, const CancelJob& ask);
Result<Facts> decide_one(const Scene& scene, const FinishJob& ask);
Result<Facts> decide_one(const Scene& scene, const CancelStep& ask);
Result<Facts> decide_one(const Scene& scene, const SignalJob& ask);
Result<Facts> decide_one(const Scene& scene, const HoldJob& ask);
Result<Facts> decide_one(const Scene& scene, const ReleaseJob& ask);
Result<Facts> decide_one(const Scene& scene, const RequeueJob& ask);
Result<Facts> decide_one(const Scene& scene, const SuspendJob& ask);
Result<Facts> decide_one(const Scene& scene, const ResumeJob& ask);
Result<Facts> decide_one(const Scene& scene, const UpdateJob& ask);
Result<Facts> decide_one(const Scene& scene, const SettleWaits& ask);
Result<Facts> decide_one(const Scene& scene, const CreateStep& ask);
Result<Facts> decide_one(const Scene& scene, const RegisterNode& ask);
Result<Facts> decide_one(const Scene& scene, const NodeDisconnected& ask);
Result<Facts> decide_one(const Scene& scene, const Heartbeat& ask);
Result<Facts> decide_one(const Scene& scene, const ReportPrepared& ask);
Result<Facts> decide_one(const Scene& scene, const ReportStepPrepared& ask);
Result<Facts> decide_one(const Scene& scene, const ReportStepEnded& ask);
Result<Facts> decide_one(const Scene& scene, const ReportClosed& ask);
Result<Facts> decide_one(const Scene& scene, const ReportStuck& ask);
Result<Facts> decide_one(const Scene& scene, const ReportHealth& ask);
Result<Facts> decide_one(const Scene& scene, const SetNodeAside& ask);
Result<Facts> decide_one(const Scene& scene, const ResumeNode& ask);
Result<Facts> decide_one(const Scene& scene, const RebootNode& ask);
Result<Facts> decide_one(const Scene& scene, const BeginReboots& ask);
Result<Facts> decide_one(const Scene& scene, const ReportRebootFailed& ask);
Result<Facts> decide_one(const Scene& scene, const ReportProgram& ask);
Result<Facts> decide_one(const Scene& scene, const UseToken& ask);
Result<Facts> decide_one(const Scene& scene, const TakePartitionDown& ask);
Result<Facts> decide_one(const Scene& scene, const BringPartitionUp& ask);
Result<Facts> decide_one(const Scene& scene, const ApplySettings& ask);
Result<Facts> decide_one(const Scene& scene, const RollBackSettings& ask);
Result<Facts> decide_one(const Scene& scene, const BeginEpoch& ask);
Result<Facts> decide_one(const Scene& scene, const ForgetJobs& ask);
Result<Facts> decide_one(const Scene& scene, const Quarantine& ask);
Result<Facts> decide_one(const Scene& scene, const CheckTime& ask);

/// The message is of the node's present session.
bool is_current(const Contact& contact, NodeId node, Session session);
/// The attempt is the job's current one and `node` still holds its share; else null.
const Job* held_job(const State& state, JobId id, Attempt attempt, NodeId node);
const Answers* find_answers(const Contact& contact, AttemptKey key);
const Answers* find_answers(const Contact& contact, StepKey key);

inline AttemptKey key_of(const Job& job) {
  return AttemptKey{job.id, job.attempt};
}

inline StepKey key_of(const Job& job, StepId step) {
  return StepKey{job.id, job.attempt, step};
}

/// Whether a registration may be taken. error: refused for a contradictory inventory, and for a
/// second machine under the name of a node that is still heard (another boot id)
Result<void> check_registration(const State& state,
                                const Contact& contact,
                                Instant now,
                                const RegisterNode& ask);
/// The node comes back as what it was: same boot, same class, memory and pools. What it held may
/// still be there.
bool is_same_machine(const State& state, const Node& node, const NodeInventory& inventory);

}  // namespace cox::core
