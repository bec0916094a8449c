// State = Record (what the journal rebuilds) + Index (a function of Record). Only evolve() changes
// it; the loop thread alone touches it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/bitset.h"
#include "common/cow.h"
#include "core/common_table.h"
#include "core/fact.h"
#include "core/job_set.h"
#include "core/job_table.h"
#include "core/key_table.h"
#include "core/slice/matrix.h"
#include "model/allocation.h"
#include "model/ids.h"
#include "model/job_request.h"
#include "model/job_state.h"
#include "model/outcome.h"
#include "model/settings.h"
#include "model/topology.h"

namespace cox::core {

struct Step {
  StepId id;
  StepRequest request;
  ClientKey key;  // of the client that asked for it
  std::vector<StepShare> shares;
  Instant started, released, ended;
  StepResult result;
  Instant
      queued;  // since when it waits, or waited, for other steps of the job; unset: it never did

  bool is_ended() const { return ended.is_set(); }

  bool is_waiting() const { return !started.is_set() && !is_ended(); }

  friend bool operator==(const Step&, const Step&) = default;
};

/// How something ended.
struct Outcome {
  JobState state = JobState::completed;
  std::int32_t exit_code = 0, signal = 0;

  /// As a shell would show it: 0 only for COMPLETED.
  int status() const;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// What became of an array's elements, in the array's own job. Blank: nothing yet.
struct ArrayRun {
  ArraySpec remainder;                      // without a job of their own yet
  ArraySpec cancelled;                      // ended without one
  std::uint32_t cancels = 0;                // how many times some did
  std::map<JobState, std::uint32_t> ended;  // with a job of their own, by their final state
  Outcome worst;                            // of all that ended: of the highest status
  friend bool operator==(const ArrayRun&, const ArrayRun&) = default;
};

/// What became of a job: costs nothing while it only waits.
struct JobRun {
  Instant started, released, ended;
  EndCause cause = EndCause::none;  // while ending or ended
  std::uint16_t partition = 0;      // place in request.partitions of the last start's
  Uid ended_by = 0;
  std::string why;  // for people: the last reason of an end, hold or roll-back
  std::uint32_t starts_undone = 0;
  std::uint32_t attempts_run = 0;          // attempts that passed JobReleased (or ran on one node)
  Instant begun;                           // when the first of them did
  std::uint32_t retries = 0;               // attempts that were requeued for their exit code
  EndCause before_cause = EndCause::none;  // of the attempt before, which was requeued
  std::int32_t before_exit_code = 0;
  std::string before_why;
  bool is_limit_changed = false;  // of the current attempt, since it began: its nodes may not know
  bool awaits_program = false;    // the controller's prolog
  bool owes_epilog = false;       // the controller's, when the attempt is over
  Instant cleared;                // when that prolog had ended well
  Allocation allocation;          // of the current attempt; kept after the end, for the record
  Instant suspended;              // since when by an operator; unset: it is not
  Uid suspended_by = 0;
  Instant stands;  // since when its tasks stand still, for whatever reason; unset: they may run
  Duration stood;  // how long they did before, since the release
  bool has_stood = false;  // its nodes may have been told to
  Bitset freed;            // per allocation.nodes: holds nothing any more
  StepId next_step;
  std::vector<Step> steps;  // of the current attempt
  JobState final_state = JobState::pending;
  std::int32_t exit_code = 0, signal = 0;
  Usage usage;
  Cow<ArrayRun> array;  // of an array
  friend bool operator==(const JobRun&, const JobRun&) = default;
};

struct Job {
  JobId id;
  JobRequest request;
  ClientKey key;
  Instant submitted;
  JobPhase phase = JobPhase::pending;
  Hold hold = Hold::none;
  Attempt attempt;          // of the current or last start
  std::uint32_t index = 0;  // of an element, in its array
  JobId array;              // an element's; 0: a job of its own, or an array
  Cow<JobRun> run;
  friend bool operator==(const Job&, const Job&) = default;
};

/// A submit with the key of one that is younger than this, or among the last so many, is a resend
/// of it. Not by the time alone: a clock set forward must not make two jobs of one submit.
inline constexpr Duration resend_window = minutes(60);
inline constexpr std::uint64_t resend_jobs = 16'384;

/// The state people see.
JobState job_state(const Job& job);

/// An attempt whose processes survive SIGKILL on a node.
struct StuckAttempt {
  JobId job;
  Attempt attempt;
  Instant since;
  std::uint32_t processes = 0;
  std::string why;
  friend bool operator==(const StuckAttempt&, const StuckAttempt&) = default;
};

/// What is to become of a node that shall start anew.
struct Reboot {
  Instant asked;  // unset: nobody wants it
  Instant begun;  // unset: jobs run there, or it is away
  bool asap = false;
  std::string why;
  Uid by = 0;
  std::string who;
  friend bool operator==(const Reboot&, const Reboot&) = default;
};

struct Node {
  NodeId id;
  std::string name, boot_id, address, containment, version;
  ClassId node_class;
  std::vector<std::int64_t> memory_mib;
  std::vector<Pool> pools;
  bool is_thissystem = true;
  bool shares_machine = false;
  Aside aside = Aside::none;
  std::string why;
  Instant aside_at;  // by whom, and when, it was set aside
  Uid aside_by = 0;
  std::string aside_who;
  bool is_lost = false;
  Instant registered;
  std::uint32_t score = 0;   // of failed starts, in thousandths, as of scored
  Instant scored;            // of the last change of the score
  Instant backed_off_until;  // unset: takes work
  JobId failed_job;          // whose start failed here last; 0: none, or trusted again
  std::vector<StuckAttempt> stuck;
  Reboot reboot;
  friend bool operator==(const Node&, const Node&) = default;
};

/// A job of which a restart could not understand everything. core/job/quarantine.h
struct Quarantined {
  Instant at;
  std::uint64_t sequence = 0;  // of the first record that was put aside; 0: of a checkpoint
  std::string why;
  Attempt attempt;                 // no later start may have this number, or a lower one
  std::vector<std::string> aside;  // the records, in order
  friend bool operator==(const Quarantined&, const Quarantined&) = default;
};

/// What is left of a job that was forgotten while its submit may still be sent again.
struct ForgottenSubmit {
  ClientKey key;
  Instant submitted;
  Uid uid = 0;
  friend bool operator==(const ForgottenSubmit&, const ForgottenSubmit&) = default;
};

/// A record that could not be read, of nobody knows whom.
struct LostRecord {
  Instant at;
  std::uint64_t sequence = 0;
  std::string why;
  friend bool operator==(const LostRecord&, const LostRecord&) = default;
};

/// A configuration that was, or is, in force.
struct AppliedSettings {
  std::uint32_t revision = 0;
  Instant at;
  Uid by = 0;
  std::string who, why;
  Settings settings;
  friend bool operator==(const AppliedSettings&, const AppliedSettings&) = default;
};

/// So many of them are kept.
inline constexpr std::size_t revisions_max = 20;

struct PartitionDown {
  Instant at;
  Uid by = 0;
  std::string who, why;
  friend bool operator==(const PartitionDown&, const PartitionDown&) = default;
};

/// A user in an account: whose usage is counted together.
struct Association {
  std::string account;  // empty: in none
  Uid uid = 0;
  friend auto operator<=>(const Association&, const Association&) = default;
};

struct AssociationUsage {
  std::string user;  // the name of the uid at the first submit
  std::uint64_t charged =
      0;  // decayed up to the last charge: 1/64 of a core's thousandth for a second
  std::uint64_t counted =
      0;  // since then, of shares given back: a core's thousandth for a millisecond
  friend bool operator==(const AssociationUsage&, const AssociationUsage&) = default;
};

struct UsageRecord {
  Instant charged_at;  // unset: nothing ever was
  bool has_counted = false;
  std::map<Association, AssociationUsage> of;  // everybody who ever submitted
  friend bool operator==(const UsageRecord&, const UsageRecord&) = default;
};

/// Which row of a partition runs.
struct RowTurn {
  std::uint32_t row = 1;
  Instant since;  // unset: there was no other turn yet
  friend bool operator==(const RowTurn&, const RowTurn&) = default;
};

/// What the journal rebuilds. `replay(journal) == record` is checked after every simulated turn.
struct Record {
  Epoch epoch;
  Settings settings;
  std::uint32_t revision = 0;              // of the settings; 0: none were ever applied
  std::vector<AppliedSettings> revisions;  // the last of them, in order
  std::map<std::string, PartitionDown> partitions_down;  // by name
  JobId next_job{1};
  Instant last_submit;  // the latest of all submits, whatever became of the jobs
  JobTable jobs;
  JobId keys_from{1};  // a resend of the submit of this job and of later ones is known as one
  std::map<JobId, ForgottenSubmit> forgotten;  // none is older than keys_from
  std::vector<Node> nodes;                     // by NodeId
  std::vector<NodeClass> classes;              // by ClassId
  std::map<JobId, Quarantined> quarantined;
  std::vector<LostRecord> lost;  // the first of them
  UsageRecord usage;
  std::set<AttemptKey> epilogs_owed;           // by the controller, of attempts that are over
  std::map<std::string, Instant> tokens_used;  // until when they would be good
  std::map<std::string, RowTurn> turns;        // by partition, of those that ever had two
  friend bool operator==(const Record&, const Record&) = default;
};

/// What of a node is free, exactly. Cores that jobs use in turns are free as long as no other job
/// has them: core/slice/matrix.h says which row they are taken in.
struct NodeFree {
  Bitset cores;
  std::vector<std::int64_t> memory_mib;
  Bitset devices;
  std::vector<std::int64_t> pools;
  std::uint32_t jobs = 0;  // attempts that hold a share here, and take no turns
  friend bool operator==(const NodeFree&, const NodeFree&) = default;
};

/// Elements of one array that have jobs of their own.
struct ArrayMembers {
  std::map<std::uint32_t, JobId> elements;  // in State, ended ones too
  std::uint32_t unended = 0;
  std::uint32_t live = 0;  // begun and not ended
  friend bool operator==(const ArrayMembers&, const ArrayMembers&) = default;
};

/// What is known of one thing that a job waits for.
enum class Met : std::uint8_t { not_yet = 0, met = 1, never = 2 };

struct Answer {
  Met met = Met::not_yet;
  Instant from{};  // met: not before this, by a delay
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// A job with a dependency: the answer to each reference, over all terms in order.
struct Waits {
  Cow<JobTerms> terms;
  std::vector<Answer> answers;
  Answer all;                              // to the whole, but for singletons
  std::vector<std::uint32_t> open, never;  // references of each term that are so
  friend bool operator==(const Waits&, const Waits&) = default;
};

/// A job, or with an index an element of it, that others wait for.
using WaitKey = std::pair<JobId, std::optional<std::uint32_t>>;
/// Who waits, and by which reference of its dependency.
using Waiter = std::pair<JobId, std::uint32_t>;
using SingleName = std::pair<Uid, std::string>;

/// Jobs of one user and name, while one of them waits as a singleton.
struct Singles {
  std::map<JobId, std::uint32_t> waiting;  // records that do, by job; an array is one
  std::size_t live = 0;                    // jobs of that name that have begun and not ended
  friend bool operator==(const Singles&, const Singles&) = default;
};

/// What waits for other jobs, or against time. core/job/waits.h
struct WaitIndex {
  std::map<JobId, Waits> jobs;                    // that have a dependency and have not begun
  std::map<WaitKey, std::set<Waiter>> waiters;    // by what they wait for
  std::map<SingleName, Singles> singles;          // by user and name
  JobSet doomed;                                  // can never begin, and are to end
  std::set<std::pair<JobId, std::uint32_t>> due;  // elements that part from their array
  std::map<JobId, Instant> deadline_of;           // the last moment to start, or to run
  std::set<std::pair<Instant, JobId>> deadlines;  // the same in order
  std::set<JobId> for_leaves;                     // pending, with a limit of switches that ends
  friend bool operator==(const WaitIndex&, const WaitIndex&) = default;
};

/// Where a step that waits may run, as it asks for it. Those of one lane may run on the same nodes,
/// so that one which does not fit keeps all behind it.
struct StepLane {
  std::vector<std::string> wanted, excluded;
  std::uint32_t nodes = 0;
  friend auto operator<=>(const StepLane&, const StepLane&) = default;
};

/// Of a running job with steps that wait. core/job/step_queue.h
struct StepQueue {
  std::map<StepLane, std::set<StepId>> lanes;  // those that wait; none is empty
  std::vector<NodeFree> room;                  // what the steps that have begun leave
  friend bool operator==(const StepQueue&, const StepQueue&) = default;
};

/// The jobs of one partition that take turns.
struct SlicedJobs {
  SliceMatrix matrix;                             // of the nodes that they hold
  std::map<std::uint32_t, std::set<JobId>> rows;  // none is empty
  friend bool operator==(const SlicedJobs&, const SlicedJobs&) = default;
};

/// Of a node that no table of the settings names.
inline constexpr std::uint32_t no_table = ~std::uint32_t{0};

/// Of a node that no switch of the settings has.
inline constexpr std::uint32_t no_leaf = ~std::uint32_t{0};

/// Derived from Record, kept up to date inside evolve(), rebuilt at load.
struct Index {
  std::vector<NodeFree> free;  // by NodeId
  std::unordered_map<std::string, NodeId> node_by_name;
  std::map<Hash, ClassId> class_by_hash;
  KeyTable job_by_key;  // of jobs from Record::keys_from on, forgotten ones included
  std::map<std::string, Bitset> partition_nodes;                    // by partition name
  std::unordered_map<std::string, std::uint32_t> settings_of_node;  // place in settings.nodes
  std::vector<std::uint32_t> table_of_node;                     // the same by NodeId, or no_table
  std::unordered_map<std::string, std::uint32_t> leaf_of_name;  // place in settings.switches
  std::vector<std::uint32_t> leaf_of_node;                      // the same by NodeId, or no_leaf
  Bitset usable;                                                // takes_work() and not is_short()
  std::set<std::pair<JobId, NodeId>> avoided;    // nodes where a job's last start failed
  std::vector<std::vector<JobId>> jobs_on_node;  // unfreed shares, ascending
  JobSet unended;                                // every job that is not ended
  std::map<Uid, std::size_t> unended_of_user;    // an array is one; no zeros
  std::size_t pending = 0;               // jobs that wait for a start; of an array each element
  std::size_t live = 0;                  // jobs that have begun and not ended
  std::map<JobId, ArrayMembers> arrays;  // of those with an element in State
  std::unordered_map<std::string, std::vector<std::uint32_t>> partitions_by_node_name;  // listed
  WaitIndex waits;
  std::set<NodeId> reboots;  // of nodes where one is asked for and not begun
  std::map<JobId, StepQueue> step_queues;
  std::set<JobId> steps_due;                      // jobs of which a step that waits may begin
  std::map<std::string, SlicedJobs> sliced;       // by partition; none is empty
  std::map<NodeId, std::uint32_t> apart_on_node;  // jobs there that keep other users out; no zeros
  std::map<std::string, std::uint64_t> licenses_used;  // by jobs that have begun; no zeros
  friend bool operator==(const Index&, const Index&) = default;
};

/// The index that `record` implies; equal to State::index at any moment, whatever `key_seed`, which
/// only says where keys of clients stand in their table.
Index rebuild_index(const Record& record, std::uint64_t key_seed = KeyTable::seed_known);

struct State {
  Record record;
  Index index = rebuild_index(Record{});
  CommonTable commons;  // shared by the jobs of `record`

  const Job* find_job(JobId id) const;
  /// Null when no element of the array has a job in State.
  const ArrayMembers* find_members(JobId array) const;
  const Node* find_node(NodeId id) const;
  std::optional<NodeId> node_named(const std::string& name) const;
  const NodeClass& class_of(const Node& node) const;
};

/// Every broken rule of the ledger as a sentence; empty when free + used = total everywhere and no
/// core, MiB or device is given twice.
std::vector<std::string> ledger_faults(const State& state);

}  // namespace cox::core
