// What a user asks for, checked: the form in which a job lives in State, journal and messages.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/cow.h"
#include "model/array_spec.h"
#include "model/ids.h"
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
  friend auto operator<=>(const Component&, const Component&) = default;
};

enum class MpiKind : std::uint8_t { automatic = 0, none = 1, pmix = 2, pmi1 = 3, pmi2 = 4 };

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
  bool append_output = false;
  std::uint32_t umask = 022;
  std::vector<ResourceLimit> limits;
  std::string submit_host;
  std::string submit_directory;  // where the command ran; empty: `directory`

  std::vector<std::string> partitions;  // never empty once accepted
  std::string constraint;
  std::vector<std::string> nodes_wanted;  // all of these must be in the allocation
  std::vector<std::string> nodes_excluded;
  std::vector<Component> components;

  ArraySpec array;  // the elements of a job array, in it and in each of them; empty: no array

  std::int32_t nice = 0;
  bool requeue = true;
  bool has_initial_step = false;  // interactive: `initial_step` starts with the allocation
  StepRequest initial_step;
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
  Cow<JobCommon> common;
  friend bool operator==(const JobRequest&, const JobRequest&) = default;
};

}  // namespace cox
