// What happened. Facts are journaled, never refused, and the only input of evolve().
// Fields are only ever added; the codec is ctld/store/fact_codec.h, golden files in
// testsuite/golden.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/allocation.h"
#include "model/array_spec.h"
#include "model/ids.h"
#include "model/job_request.h"
#include "model/job_state.h"
#include "model/outcome.h"
#include "model/settings.h"
#include "model/time.h"
#include "model/topology.h"

namespace cox::core {

/// A controller began; its epoch voids messages of earlier ones.
struct EpochStarted {
  Epoch epoch;
  Instant at;
};

/// The configuration changed. The first time, and where a start had to, `by` is the controller.
struct SettingsApplied {
  Instant at;
  Settings settings;
  std::uint32_t revision = 0;  // 0: of old journals, the next one
  Uid by = 0;
  std::string who{};  // the name of `by` then
  std::string why{};
};

struct JobSubmitted {
  JobId job;
  ClientKey key;
  Instant at;
  JobRequest request;
};

/// An element of a pending array first differs from the others: it becomes a job of its own.
struct ElementSplit {
  JobId job;  // the element's
  Instant at;
  JobId array;
  std::uint32_t index;
};

/// Elements of a pending array that had no job of their own yet, and never will.
struct ElementsCancelled {
  JobId job;  // the array's
  Instant at;
  ArraySpec elements;
  Uid by;
  std::string why;
  bool by_controller = false;  // by nobody: what they waited for can never come true
};

struct JobHeld {
  JobId job;
  Instant at;
  Hold hold;
  std::string why;
};

struct JobUnheld {
  JobId job;
  Instant at;
};

/// The job asks for something else from here on; who it is of and what it runs stays as it was.
struct JobUpdated {
  JobId job;
  Instant at;
  JobRequest request;
  Uid by = 0;
};

/// Resources are taken. For a gang nothing runs yet; for one node this is the point of no return.
struct JobStarted {
  JobId job;
  Attempt attempt;
  Instant at;
  Allocation allocation;
  std::string partition{};      // of the request's, the one it started from; empty: of old journals
  bool awaits_program = false;  // the controller's prolog: until StartCleared no node is told
  bool owes_epilog = false;     // the controller's, when the attempt is over
};

/// The controller's prolog ended well: the nodes may prepare.
struct StartCleared {
  JobId job;
  Attempt attempt;
  Instant at;
};

/// The controller's epilog of an attempt that is over has ended; `why`: how it failed, if it did.
struct EpilogEnded {
  JobId job;
  Attempt attempt;
  Instant at;
  std::string why;
};

/// Every node of the gang prepared: the attempt counts as run from here.
struct JobReleased {
  JobId job;
  Attempt attempt;
  Instant at;
};

/// Rolled back before any task ran: the job is pending again and keeps its place.
struct StartUndone {
  JobId job;
  Attempt attempt;
  Instant at;
  std::string why;
};

/// The attempt is to end for `cause`; nodes are told. First cause wins.
struct JobEnding {
  JobId job;
  Attempt attempt;
  Instant at;
  EndCause cause;
  Uid by;
  std::string why;
};

/// This node holds nothing of the attempt any more: its share is free.
struct NodeFreed {
  JobId job;
  Attempt attempt;
  NodeId node;
  Instant at;
  Usage usage;
};

/// An operator makes what runs of the job stand still, whatever row has its turn.
struct JobSuspended {
  JobId job;
  Attempt attempt;
  Instant at;
  Uid by = 0;
  std::string who{};
};

struct JobResumed {
  JobId job;
  Attempt attempt;
  Instant at;
  Uid by = 0;
  std::string who{};
};

/// In another row of its partition all of its nodes were free.
struct RowChanged {
  JobId job;
  Attempt attempt;
  Instant at;
  std::uint32_t row = 0;
};

/// From here on the jobs of this row run, and those of the partition's other rows stand still.
struct RowTurned {
  std::string partition;
  Instant at;
  std::uint32_t row = 0;
};

struct JobRequeued {
  JobId job;
  Attempt attempt;
  Instant at;
  std::string why;
};

/// Final. Follows the last NodeFreed of the attempt (or a cancel of a pending job).
struct JobEnded {
  JobId job;
  Attempt attempt;
  Instant at;
  JobState state;
  std::int32_t exit_code;
  std::int32_t signal;
  Usage usage;
  std::string why;
  std::optional<Uid> by{};  // who cancelled it while it waited; else JobEnding says who
};

/// A part of one node given to a step.
struct StepShare {
  NodeId node;
  std::uint32_t tasks = 0;
  std::uint32_t first_task = 0;
  NodeShare part{};  // what of the job's share there it may use; blank: all of it
  friend bool operator==(const StepShare&, const StepShare&) = default;
};

/// A step was asked for that does not fit beside the job's other steps yet.
struct StepQueued {
  JobId job;
  Attempt attempt;
  StepId step;
  Instant at;
  StepRequest request;
  ClientKey key{};
};

/// Of a step that was queued: the same request and key as then.
struct StepStarted {
  JobId job;
  Attempt attempt;
  StepId step;
  Instant at;
  StepRequest request;
  std::vector<StepShare> shares;
  ClientKey key{};  // of the client that asked for a later step
};

struct StepReleased {
  JobId job;
  Attempt attempt;
  StepId step;
  Instant at;
};

struct StepEnded {
  JobId job;
  Attempt attempt;
  StepId step;
  Instant at;
  StepResult result;
};

struct ClassLearned {
  ClassId id;
  NodeClass node_class;
};

/// A node registered for the first time, or with another inventory or boot id.
struct NodeRegistered {
  NodeId node;
  Instant at;
  ClassId node_class;
  std::string name, boot_id, address, containment, version;
  std::vector<std::int64_t> memory_mib;
  std::vector<Pool> pools;
  bool is_thissystem = true;
  bool shares_machine = false;
};

struct NodeLost {
  NodeId node;
  Instant at;
  std::string why;
};
enum class Aside : std::uint8_t { none = 0, drained = 1, down = 2, failed = 3, unhealthy = 4 };

/// No new work here. `failed` is set by the controller itself, the others by people.
struct NodeSetAside {
  NodeId node;
  Instant at;
  Aside aside;
  std::string why;
  Uid by;
  std::string who{};  // the name of `by` then; empty: of old journals, and the controller's own
};

struct NodeResumed {
  NodeId node;
  Instant at;
  Uid by;
  std::string why{}, who{};
};

/// Somebody wants it started anew when nothing runs there; `asap`: no new work until then.
struct NodeRebootAsked {
  NodeId node;
  Instant at;
  bool asap = false;
  std::string why;
  Uid by = 0;
  std::string who{};
};

/// Nothing runs there: it is told to. NodeRegistered with another boot id says that it did.
struct NodeRebootBegun {
  NodeId node;
  Instant at;
};

/// A token let a host have the cluster's key, and is good for nothing any more.
struct TokenUsed {
  std::string token;  // what of it is no secret
  Instant at;
  Instant until;     // not good afterwards anyway
  std::string host;  // the name of the node it was for
};

/// A start failed by this node's fault: no new work before `until`.
struct NodeBackedOff {
  NodeId node;
  Instant at;
  JobId job;            // which will rather go elsewhere
  std::uint32_t score;  // of failed starts, in thousandths, at `at`
  Instant until;
  std::string why;
};

/// The time to back off is over.
struct NodeTriedAgain {
  NodeId node;
  Instant at;
};

/// Processes of an attempt survive SIGKILL here: no new work until they are gone. Told again when
/// they change.
struct NodeStuck {
  NodeId node;
  Instant at;
  JobId job;
  Attempt attempt;
  std::uint32_t processes;
  std::string why;  // which, and where they wait
};

struct NodeUnstuck {
  NodeId node;
  Instant at;
  JobId job;
  Attempt attempt;
};

/// No starts from this partition until it is brought up. What runs goes on, what waits stays.
struct PartitionTakenDown {
  std::string partition;
  Instant at;
  std::string why;
  Uid by = 0;
  std::string who{};
};

struct PartitionBroughtUp {
  std::string partition;
  Instant at;
  Uid by = 0;
  std::string why{}, who{};
};

/// Ended jobs leave State; the history has them.
struct JobsForgotten {
  Instant at;
  std::vector<JobId> jobs;
};

/// A restart could not understand this job's past: it is kept as it was before that, and aside from
/// the queue until an operator releases it.
struct JobQuarantined {
  JobId job;
  Instant at;
  std::uint64_t sequence;  // of the first record that was put aside; 0: of a checkpoint
  std::string why;
  Attempt attempt;                 // the highest that what was put aside names
  std::vector<std::string> aside;  // journal records from there on, in order
};

/// Records of the journal that cannot be read, and say no more whose they were.
struct RecordLost {
  Instant at;
  std::uint64_t sequence;  // of the first
  std::string why;
  std::uint64_t records = 1;  // at most
};

/// What ran up to now is charged to its users, and what they had used before decays.
struct UsageCharged {
  Instant at;
};

using Fact = std::variant<EpochStarted,
                          SettingsApplied,
                          JobSubmitted,
                          JobHeld,
                          JobUnheld,
                          JobStarted,
                          JobReleased,
                          StartUndone,
                          JobEnding,
                          NodeFreed,
                          JobRequeued,
                          JobEnded,
                          StepStarted,
                          StepReleased,
                          StepEnded,
                          ClassLearned,
                          NodeRegistered,
                          NodeLost,
                          NodeSetAside,
                          NodeResumed,
                          NodeBackedOff,
                          NodeTriedAgain,
                          NodeStuck,
                          NodeUnstuck,
                          JobsForgotten,
                          JobQuarantined,
                          RecordLost,
                          PartitionTakenDown,
                          PartitionBroughtUp,
                          ElementSplit,
                          ElementsCancelled,
                          UsageCharged,
                          JobUpdated,
                          StartCleared,
                          EpilogEnded,
                          NodeRebootAsked,
                          NodeRebootBegun,
                          TokenUsed,
                          StepQueued,
                          JobSuspended,
                          JobResumed,
                          RowChanged,
                          RowTurned>;

}  // namespace cox::core
