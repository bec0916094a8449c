// Names of steps.
#include "model/ids.h"

namespace cox {

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
