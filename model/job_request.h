// What a user asks for, checked: the form in which a job lives in State, journal and messages.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/cow.h"
#include "model/array_spec.h"
#include "model/bind_request.h"
#include "model/constraint.h"
#include "model/dependency.h"
#include "model/ids.h"
#include "model/job_state.h"
#include "model/leaf_limit.h"
#include "model/license.h"
#include "model/time.h"
#include "model/user.h"

namespace cox {

struct DeviceRequest {
  std::string name;
  std::string type;         // empty: any
  std::uint32_t count = 0;  // per node
  friend auto operator<=>(const DeviceRequest&, const DeviceRequest&) = default;
};

/// How much. A job has one or more components; only one is accepted as yet.
struct Component {
  std::uint32_t nodes_min = 1;
  std::uint32_t nodes_max = 1;
  std::uint32_t tasks = 0;                // 0: not given
  std::uint32_t tasks_per_node = 0;       // 0: not given
  std::uint32_t cpus_per_task = 0;        // 0: not given, counts as 1
  std::int64_t memory_per_node_mib = -1;  // -1: not given; 0: the node's whole memory
  std::int64_t memory_per_cpu_mib = -1;
  std::vector<DeviceRequest> devices;
  bool exclusive = false;
  bool exclusive_user = false;  // its nodes run jobs of the same user at most
  friend auto operator<=>(const Component&, const Component&) = default;
};

enum class MpiKind : std::uint8_t { automatic = 0, none = 1, pmix = 2, pmi1 = 3, pmi2 = 4 };

/// How a step shares what its job holds with the job's other steps.
enum class StepSharing : std::uint8_t {
  whole = 0,    // all of the job on its nodes, and no other step there but those that overlap
  exact = 1,    // what it asks for, beside others of its kind
  overlap = 2,  // what others hold as well; holds nothing itself
};

/// A launch of tasks inside an allocation.
struct StepRequest {
  std::vector<std::string> argv;
  std::string name;
  std::uint32_t nodes = 0;  // 0: all nodes of the allocation
  std::uint32_t tasks = 0;  // 0: the job's task shape
  std::uint32_t tasks_per_node = 0;
  std::uint32_t cpus_per_task = 0;
  Hash environment;
  std::string directory;
  std::string output, error, input;  // patterns; empty: to the client
  MpiKind mpi = MpiKind::automatic;
  bool label_output = false;
  bool kill_on_bad_exit = true;
  Duration time_limit = duration_unlimited;
  StepSharing sharing = StepSharing::whole;
  std::int64_t memory_per_node_mib =
      -1;  // -1: not given, all of the job's; 0: that too, for itself
  std::int64_t memory_per_cpu_mib = -1;
  std::vector<DeviceRequest> devices;     // on each of its nodes
  std::vector<std::string> nodes_wanted;  // only these of the job's; empty: any
  std::vector<std::string> nodes_excluded;
  std::optional<std::uint32_t> input_task;  // the one that gets the client's input; unset: all
  BindRequest bind;
  Distribution distribution;
  bool pty = false;  // the first task has a terminal, which is the client's
  friend bool operator==(const StepRequest&, const StepRequest&) = default;
};

/// One resource limit as setrlimit takes it.
struct ResourceLimit {
  std::int32_t resource = 0;
  std::uint64_t soft = 0, hard = 0;
  friend auto operator<=>(const ResourceLimit&, const ResourceLimit&) = default;
};

enum class JobKind : std::uint8_t {
  batch = 0,        // a script or argv on the first node
  interactive = 1,  // an allocation for `cox run` or `cox alloc`; step 0 may come with it
};

/// A signal before the time limit: `--signal`.
struct EarlySignal {
  std::int32_t signal = 0;  // 0: none
  Duration before;          // of the limit
  bool batch_only = false;  // to the script itself, else to the tasks of steps
  friend bool operator==(const EarlySignal&, const EarlySignal&) = default;
};

/// Exit codes from `first` to `last`.
struct ExitRange {
  std::uint32_t first = 0, last = 0;
  friend bool operator==(const ExitRange&, const ExitRange&) = default;
};

/// The job runs again, so many times at most, when it ends with one of these codes.
struct Retry {
  std::uint32_t times = 0;
  std::vector<ExitRange> codes;  // empty: every code but 0
  bool covers(std::int32_t exit_code) const;
  friend bool operator==(const Retry&, const Retry&) = default;
};

/// What became of a job that had left memory when one was submitted that waits for it.
struct PastJob {
  JobId job;
  std::optional<std::uint32_t> index;  // of an element, whose array is `job`
  Instant begun, ended;                // begun: unset when it never did
  JobState state = JobState::completed;
  std::int32_t exit_code = 0, signal = 0;
  std::string why{};  // that it could not begin, because of which others; else empty
  friend bool operator==(const PastJob&, const PastJob&) = default;
};

/// What has to be so before a job begins, or while it may: most jobs have nothing here.
struct JobTerms {
  Dependency dependency;
  bool keep_when_never = false;  // a dependency that cannot come true leaves it waiting
  Instant deadline;              // it must have ended by then
  std::vector<PastJob> past;     // of jobs that `dependency` names
  friend bool operator==(const JobTerms&, const JobTerms&) = default;
};

/// What it asks of its nodes by their labels, and of the cluster: most jobs have nothing here.
struct JobWishes {
  Constraint constraint;
  std::string prefer;                    // a selector: such nodes where that is possible now
  std::vector<LicenseRequest> licenses;  // by name; held from a start to its end
  LeafLimit switches;
  friend bool operator==(const JobWishes&, const JobWishes&) = default;
};

/// What jobs of one user mostly have in common. Equal ones are kept once, however many jobs there
/// are; what differs from job to job is in JobRequest.
struct JobCommon {
  JobKind kind = JobKind::batch;
  UserIdentity user;
  std::string account, qos;
  std::string comment;
  std::map<std::string, std::string> labels;

  std::string directory;
  std::string output, error, input;  // patterns; empty: the default
  // Neither: the first attempt begins its files anew, and each later one follows in them.
  bool append_output = false, truncate_output = false;
  std::uint32_t umask = 022;
  std::vector<ResourceLimit> limits;
  std::string submit_host;
  std::string submit_directory;  // where the command ran; empty: `directory`

  std::vector<std::string> partitions;  // never empty once accepted
  Cow<JobWishes> wishes;
  std::vector<std::string> nodes_wanted;  // all of these must be in the allocation
  std::vector<std::string> nodes_excluded;
  std::vector<Component> components;

  ArraySpec array;  // the elements of a job array, in it and in each of them; empty: no array

  std::int32_t nice = 0;
  bool requeue = true;
  Retry retry;
  EarlySignal early_signal;
  bool has_initial_step = false;  // interactive: `initial_step` starts with the allocation
  bool ends_with_client = false;  // interactive, without one: its command is gone, so is the job
  StepRequest initial_step;
  BindRequest bind;  // of its steps that ask for nothing else; so is `distribution`
  Distribution distribution;
  friend bool operator==(const JobCommon&, const JobCommon&) = default;
};

struct JobRequest {
  std::string name;
  Hash script;                    // batch: content in the blob store; empty when argv is used
  std::vector<std::string> argv;  // batch: arguments of the script, or the command itself
  Hash environment;               // NUL-separated NAME=VALUE in the blob store
  Duration time_limit = duration_unlimited;
  Instant begin;
  bool held = false;
  Cow<JobTerms> terms;
  Cow<JobCommon> common;
  friend bool operator==(const JobRequest&, const JobRequest&) = default;
};

}  // namespace cox
