// What a supervisor has to do, as checked values: the one place where StepStart becomes trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/ids.h"
#include "model/job_request.h"
#include "model/time.h"

namespace cox::wire {
class StepStart;
}

namespace cox::stepd {

struct PlanNode {
  std::string name;
  std::uint32_t tasks = 0;
  std::uint32_t first_task = 0;  // where ranks follow the nodes; else see StepPlan::ranks
  std::string address;           // empty: on this machine
};

/// Which element of which job array the job is, and what the array has. `array` 0: of none.
struct PlanElement {
  JobId array;
  std::uint32_t index = 0, count = 0, first = 0, last = 0, step = 1;
};

/// How the attempt before this one ended, when the job was requeued.
struct PlanBefore {
  EndCause cause = EndCause::none;  // none: this is the first that runs
  std::int32_t exit_code = 0;
  std::string why;
  std::uint32_t retries = 0;
};

struct StepPlan {
  StepKey key;
  bool is_batch = false;
  bool go_at_once = false;
  bool stands = false;  // it goes by order all the same
  JobRequest job;
  PlanElement element;
  PlanBefore before;

  std::vector<std::string> argv;  // batch with a script: its arguments only
  std::string script;             // batch: content
  std::string directory;
  std::string output, error, input;         // patterns
  bool client_io = false;                   // output goes to the client, input comes from it
  std::optional<std::uint32_t> input_task;  // the one that gets it; unset: all
  std::string environment;                  // NUL-separated NAME=VALUE, as the user exported it
  MpiKind mpi = MpiKind::none;
  bool kill_on_bad_exit = true;
  Duration time_left = duration_unlimited;  // of the job's limit, from Go
  Duration ran;                             // how long the job had run when so much was left
  Duration own_limit = duration_unlimited;  // the step's own
  bool wants_signal = false;                // the one before the job's limit is for this step
  Duration kill_wait;

  std::vector<PlanNode> nodes;  // of the step
  std::uint32_t fan_out = 0;    // as StepTree has it
  std::uint32_t node_index = 0;
  std::vector<std::string> job_nodes;
  std::uint32_t job_node_index = 0;
  std::uint32_t job_tasks = 0;
  std::vector<unsigned> node_tasks, node_cpus;  // of the job, per node; cpus empty: not said
  std::string partition;
  std::uint32_t tasks = 0;  // of the step, all nodes
  // Where ranks do not follow the nodes: those of each node, ascending, and the node of each.
  std::vector<std::vector<std::uint32_t>> ranks;
  std::vector<std::uint32_t> node_by_rank;
  std::uint32_t cpus_per_task = 1;
  bool cpus_per_task_given = false;
  std::uint32_t cores = 0;             // of the step on this node
  std::uint32_t cpus = 0;              // the same, in threads where the partition counts these
  std::int64_t memory_mib = 0;         // of the step on this node
  std::string distribution = "block";  // of its ranks over its nodes
  bool label_output = false;
  std::string nvidia_gpus, amd_gpus;      // of the step, "0,2" as their vendors number them
  bool hides_gpus = false;                // the job has some here, of which the step gets none
  std::vector<std::string> task_cpus;     // per local task: OS PU indices; empty: not bound
  std::vector<std::string> task_memory;   // per local task: OS NUMA nodes; empty: not bound
  std::string not_bound;                  // why no task is; empty: they are, or nobody says
  std::vector<std::string> binding_map;   // for people
  std::vector<std::uint32_t> task_cores;  // per local task: how many cores it is bound to
  std::vector<std::uint32_t> task_gpu;    // per local task: as wire/step.proto has it
  bool pty = false;

  std::string node_name, cluster, container, state_dir, controller, submit_dir, tmp_dir;
  std::string containment;  // description of the backend; cgroups, or process groups

  std::string access_key;  // 32 bytes
  std::string begin_mark;  // to be set before the first task; empty: none

  const PlanNode& here() const { return nodes[node_index]; }

  std::uint32_t rank_of(std::uint32_t local_task) const {
    return ranks.empty() ? here().first_task + local_task : ranks[node_index][local_task];
  }

  /// Of a rank that runs here.
  std::uint32_t local_of(std::uint32_t rank) const;
  std::uint32_t node_of(std::uint32_t rank) const;

  bool is_root() const { return node_index == 0; }
};

/// error: bad_usage names the field at fault
Result<StepPlan> check_plan(const wire::StepStart& start);

/// "12" or "7_4" for a batch step, "12.0" else: how messages name the step.
std::string step_text(const StepPlan& plan);

}  // namespace cox::stepd
