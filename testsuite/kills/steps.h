// Trials of MPI steps over several nodes, one after the other on one cluster: in each, a rank or a
// supervisor is killed or a node is cut off in one phase of the step. Then it has to end as
// documented, and its nodes have to be clean.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "testsuite/kills/step_trial.h"

namespace cox::kills {

struct StepOptions {
  std::uint64_t trials = 10;
  std::uint64_t seed = 1;
  std::string keep{};  // where a failed run's logs are copied to; empty: nowhere
};

struct StepReport {
  std::map<std::string, std::uint64_t> ends;  // of trials, by what was struck, when, and the end
  std::vector<std::string> complaints;
  std::uint64_t trials = 0;
  double seconds = 0;
  std::string missing;  // what this machine lacks for trials; empty: nothing
};

StepReport try_steps(const StepOptions& options);

}  // namespace cox::kills
