// The tasks of a job's steps as its nodes see them now: what sstat and sattach --layout show.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cmds/client/job_ids.h"
#include "cmds/client/session.h"
#include "common/result.h"

namespace cox::cmds::slurm {

/// A task with all of its processes.
struct TaskUse {
  std::uint32_t task = 0;
  std::string node;
  std::vector<std::int64_t> pids;
  std::int64_t cpu_us = 0, memory_bytes = 0;
};

struct StepUse {
  StepId step;
  std::vector<TaskUse> tasks;  // by rank

  /// The nodes that have tasks, in the order of the first rank on each.
  std::vector<std::string> nodes() const;
};

/// Steps that run, the script before those with numbers. `silent`: nodes that did not answer.
/// error: refused, or not_found, as `cox ps`
Result<std::vector<StepUse>> ask_step_uses(Session& session,
                                           const JobName& name,
                                           std::vector<std::string>* silent);

}  // namespace cox::cmds::slurm
