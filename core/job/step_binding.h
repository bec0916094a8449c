// How the tasks of a step are bound on its nodes, and which ranks stand where. All of it follows
// from the Record, by model/binding.h: nothing is kept, and nodes only carry it out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "core/state.h"
#include "model/binding.h"

namespace cox::core {

/// Of a step's own wish and its job's, the one that holds: never unset.
BindRequest bind_of(const JobRequest& job, const StepRequest& step);
Distribution distribution_of(const JobRequest& job, const StepRequest& step);

/// The ranks that the share at `index` has.
std::vector<std::uint32_t> ranks_of(const JobRequest& job,
                                    const StepRequest& step,
                                    const std::vector<StepShare>& shares,
                                    std::size_t index);

struct BoundShare {
  const NodeClass* node_class = nullptr;
  BindRoom room;
  NodeBinding plan;
  std::string not_bound;  // why the plan is not carried out, or there is none; empty: it is
};

/// Binds steps of one job, which has started or is about to.
class StepBinder {
 public:
  StepBinder(const Record& record,
             const JobRequest& job,
             const std::string& partition,
             const Allocation& allocation)
      : record_(record), job_(job), partition_(partition), allocation_(allocation) {}

  /// error: refused, where what was asked for by name cannot be on that node
  Result<BoundShare> bind(const StepRequest& step, const StepShare& share) const;
  /// The same of all its nodes.
  Result<void> check(const StepRequest& step, const std::vector<StepShare>& shares) const;

 private:
  std::uint32_t cores_per_task(const StepRequest& step, const NodeClass& node) const;

  const Record& record_;
  const JobRequest& job_;
  const std::string& partition_;
  const Allocation& allocation_;
};

}  // namespace cox::core
