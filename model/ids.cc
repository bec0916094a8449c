// Names of jobs and steps.
#include "model/ids.h"

namespace cox {

std::string job_name(JobId job, std::optional<std::uint32_t> index) {
  return std::to_string(job.value) + (index ? "_" + std::to_string(*index) : std::string());
}

std::string step_name(StepId step) {
  if (step == step_batch) {
    return "batch";
  }
  if (step == step_alloc) {
    return "alloc";
  }
  return std::to_string(step.value);
}

}  // namespace cox
