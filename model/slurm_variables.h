// The variables SLURM_... that describe a job, one table for batch scripts, tasks and `cox alloc`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/job_request.h"

namespace cox {

/// A job as its variables tell it. Lists are in node order.
struct SlurmJob {
  JobId job;
  const JobRequest* request = nullptr;
  std::string partition, cluster, submit_directory;
  std::vector<std::string> nodes;
  std::vector<unsigned> tasks;  // per node
  std::vector<unsigned> cpus;   // per node; empty: not known
  std::int64_t memory_mib = 0;  // of one node; 0: not known
  std::uint32_t restarts = 0;
};

/// NAME=VALUE of what is known of the job; what it did not ask for is not set, as scripts expect.
std::vector<std::string> slurm_job_variables(const SlurmJob& job);

/// "0xf,0xf0": lists of processors "0-3" as the masks that SLURM_CPU_BIND_LIST has. What is no list
/// gives "0x0".
std::string cpu_masks(const std::vector<std::string>& lists);

}  // namespace cox
