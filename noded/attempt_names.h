// How the log calls attempts and steps: by the job as people write it, "7_4.1" for the first
// attempt of element 4 of array 7. Files and containers are named by ids alone (paths.h).
#pragma once

#include <map>
#include <string>

#include "model/ids.h"
#include "noded/plans.h"

namespace cox::noded {

class AttemptNames {
 public:
  /// `plans` outlives this.
  explicit AttemptNames(const std::map<AttemptKey, AttemptPlan>& plans) : plans_(plans) {}

  /// An attempt without a plan here is called by its id.
  std::string text(AttemptKey key) const;
  std::string text(const StepKey& key) const;

 private:
  const std::map<AttemptKey, AttemptPlan>& plans_;
};

}  // namespace cox::noded
