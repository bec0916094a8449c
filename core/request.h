// What is asked of the controller, already checked by ctld/translate. May be refused.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/fact.h"
#include "model/array_spec.h"
#include "model/ids.h"
#include "model/job_request.h"
#include "model/job_state.h"
#include "model/outcome.h"
#include "model/settings.h"
#include "model/topology.h"
#include "model/user.h"

namespace cox::core {

struct SubmitJob {
  Caller caller;
  ClientKey key;
  JobRequest request;
};

/// `elements`, here and below: of an array, only these; empty: all of the job.
struct CancelJob {
  Caller caller;
  JobId job;
  ArraySpec elements{};
};

/// The user of an allocation is done with it; or, `client_gone`, the command that had asked for it
/// is.
struct FinishJob {
  Caller caller;
  JobId job;
  bool client_gone = false;
};

struct CancelStep {
  Caller caller;
  JobId job;
  StepId step;
};

enum class SignalScope : std::uint8_t {
  steps = 0,  // all that runs of its steps, but not the batch script
  batch = 1,  // the shell of the batch script alone
  all = 2,    // all that runs of its steps, the batch script and what it has started
};

/// A signal that by itself ends nothing. `step`: to all that runs of this one only. `key`: of a
/// resend the same.
struct SignalJob {
  Caller caller;
  JobId job;
  std::int32_t signal = 0;
  SignalScope scope = SignalScope::steps;
  std::optional<StepId> step{};
  ClientKey key{};
  ArraySpec elements{};
};

struct HoldJob {
  Caller caller;
  JobId job;
  ArraySpec elements{};
};

struct ReleaseJob {
  Caller caller;
  JobId job;
  ArraySpec elements{};
};

struct RequeueJob {
  Caller caller;
  JobId job;
  ArraySpec elements{};
  bool hold = false;  // there it does not begin before somebody releases it
};

/// What runs of the job shall stand still, and keep what it holds, until ResumeJob.
struct SuspendJob {
  Caller caller;
  JobId job;
  ArraySpec elements{};
};

struct ResumeJob {
  Caller caller;
  JobId job;
  ArraySpec elements{};
};

/// What a job shall ask for instead. Unset: as it is.
struct JobChanges {
  std::optional<std::string> name{}, comment{}, account{}, qos{}, prefer{};
  std::optional<Constraint> constraint{};
  std::optional<std::vector<LicenseRequest>> licenses{};
  std::optional<LeafLimit> switches{};
  std::optional<std::vector<std::string>> partitions{}, nodes_wanted{}, nodes_excluded{};
  std::optional<std::uint32_t> nodes_min{}, nodes_max{}, tasks{}, tasks_per_node{};
  std::optional<std::uint32_t> cpus_per_task{}, at_once_max{};
  std::optional<std::int64_t> memory_per_node_mib{}, memory_per_cpu_mib{};
  std::optional<bool> exclusive{}, exclusive_user{}, requeue{}, held{}, keep_when_never{};
  std::optional<std::int32_t> nice{};
  std::optional<Duration> time_limit{};
  std::optional<Instant> begin{}, deadline{};
  std::optional<Dependency> dependency{};
  std::vector<PastJob> past{};  // of jobs that it names and State does not know
  std::vector<std::pair<std::string, std::optional<std::string>>> labels{};  // unset: taken away
  std::optional<std::string> directory{}, output{}, error{}, input{};
  std::optional<bool> append_output{};
  std::optional<std::vector<DeviceRequest>> devices{};  // on each node, all of them
  std::optional<std::vector<DeviceRequest>> gpus{};     // those named gpu; others stay
  std::optional<DeviceRequest> gpus_in_all{};           // the same, over all nodes together
  std::optional<BindRequest> bind{};                    // of its steps
  std::optional<Distribution> distribution{};
  std::optional<Hash> environment{};
  std::optional<Retry> retry{};
  std::optional<EarlySignal> early_signal{};
};

struct UpdateJob {
  Caller caller;
  JobId job;
  JobChanges changes;
  ArraySpec elements{};
};

/// Starts steps that waited for others of their job, ends jobs that wait for what can never be, and
/// parts elements whose own turn has come. Asked after every change, until nothing is left to do.
struct SettleWaits {};

struct CreateStep {
  Caller caller;
  JobId job;
  StepRequest request;
  ClientKey key{};            // a resend with the same key is the same step; empty: never the same
  bool is_immediate = false;  // it is refused where it would have to wait
};

/// A node's view of one step, in registration and in reports.
enum class StepPhase : std::uint8_t { preparing = 0, prepared = 1, running = 2, ended = 3 };

struct HeldStep {
  StepId step;
  StepPhase phase;
  std::string endpoint;
  StepResult result;
};

/// `closing`: the node already ends it. `prepared` is false while the container is being made.
struct HeldAttempt {
  JobId job;
  Attempt attempt;
  bool prepared = false;
  bool closing = false;
  std::vector<HeldStep> steps;
};

/// A connection authenticated as this node. `session` is chosen by ctld, growing.
struct RegisterNode {
  Session session;
  NodeInventory inventory;
  std::vector<HeldAttempt> held;
};

/// The connection of `session` ended. Running jobs do not notice.
struct NodeDisconnected {
  NodeId node;
  Session session;
};

struct Heartbeat {
  NodeId node;
  Session session;
};

struct ReportPrepared {
  NodeId node;
  Session session;
  JobId job;
  Attempt attempt;
  std::string endpoint;                // of the initial step's supervisor, when there is one
  std::optional<std::string> failure;  // why it could not prepare
  bool node_at_fault = true;           // false: the job's own fault (directory, output file)
  bool sets_aside = false;             // the prolog failed: the node gets no more work
};

struct ReportStepPrepared {
  NodeId node;
  Session session;
  StepKey step;
  std::string endpoint;
  std::optional<std::string> failure;
};

struct ReportStepEnded {
  NodeId node;
  Session session;
  StepKey step;
  StepResult result;
};

/// Every process of the attempt on this node is gone, its container removed.
struct ReportClosed {
  NodeId node;
  Session session;
  JobId job;
  Attempt attempt;
  Usage usage;
  std::optional<StepResult> batch_result;  // when the close followed from the batch step's end
  std::string epilog_failure{};            // empty: none; else the node gets no more work
};

/// Processes of a closing attempt survive SIGKILL. Repeated while they change, and at each session.
struct ReportStuck {
  NodeId node;
  Session session;
  JobId job;
  Attempt attempt;
  std::uint32_t processes = 0;
  std::string why;
};

/// What the health check of a node found.
struct ReportHealth {
  NodeId node;
  Session session;
  bool is_well = true;
  std::string why{};
};

struct SetNodeAside {
  Caller caller;
  std::string node;
  bool down = false;
  std::string why;
  std::string who{};  // the caller's name
};

struct ResumeNode {
  Caller caller;
  std::string node;
  std::string why{}, who{};
};

struct RebootNode {
  Caller caller;
  std::string node;
  bool asap = false;  // no new work until then
  std::string why;
  std::string who{};
};

/// Starts nodes anew that shall be and where nothing runs. Asked after every change, until nothing
/// is left to do.
struct BeginReboots {};

struct ReportRebootFailed {
  NodeId node;
  Session session;
  std::string why;
};

/// A program that the controller runs for an attempt has ended.
struct ReportProgram {
  JobId job;
  Attempt attempt;
  bool is_epilog = false;
  std::optional<std::string> failure{};
};

/// A host shows a token and wants to become `node`.
struct UseToken {
  std::string token;
  Instant until;
  std::string node;
};

struct TakePartitionDown {
  Caller caller;
  std::string partition;
  std::string why;
  std::string who{};
};

struct BringPartitionUp {
  Caller caller;
  std::string partition;
  std::string why{}, who{};
};

/// The whole configuration, checked and resolved: all of it or nothing.
struct ApplySettings {
  Caller caller;
  Settings settings;
  std::string who{};
  std::string why{};
};

/// A configuration of before. What only a start can change stays as it is.
struct RollBackSettings {
  Caller caller;
  std::uint32_t revision = 0;  // 0: the one before the last
  std::string who{};
  std::string why{};
};

struct BeginEpoch {};

/// Ended jobs that need not be remembered any longer; what must be is left out.
struct ForgetJobs {
  std::vector<JobId> jobs;
};

/// What a restart could not understand. The instants are those of the decision.
struct Quarantine {
  std::vector<JobQuarantined> jobs;
  std::vector<RecordLost> lost;
};

/// Time passed: lost nodes, overdue limits, begin times. Asked about once a second.
struct CheckTime {};

using Request = std::variant<SubmitJob,
                             CancelJob,
                             FinishJob,
                             CancelStep,
                             SignalJob,
                             HoldJob,
                             ReleaseJob,
                             RequeueJob,
                             SuspendJob,
                             ResumeJob,
                             UpdateJob,
                             SettleWaits,
                             CreateStep,
                             RegisterNode,
                             NodeDisconnected,
                             Heartbeat,
                             ReportPrepared,
                             ReportStepPrepared,
                             ReportStepEnded,
                             ReportClosed,
                             ReportStuck,
                             ReportHealth,
                             SetNodeAside,
                             ResumeNode,
                             RebootNode,
                             BeginReboots,
                             ReportRebootFailed,
                             ReportProgram,
                             UseToken,
                             TakePartitionDown,
                             BringPartitionUp,
                             ApplySettings,
                             RollBackSettings,
                             BeginEpoch,
                             ForgetJobs,
                             Quarantine,
                             CheckTime>;

}  // namespace cox::core
