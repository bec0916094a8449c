// evolve(): the only code that changes State, one function per fact.
#include <variant>

#include "core/core.h"
#include "core/fairshare/usage.h"
#include "core/fleet/evolve_node.h"
#include "core/job/evolve_job.h"
#include "core/job/step_queue.h"
#include "core/job/waits.h"

namespace cox::core {

void evolve(State& state, const Fact& fact) {
  const WaitKeeper keeper(state, fact);
  std::visit([&state](const auto& one) { evolve_one(state, one); }, fact);
  keeper.follow(state, fact);
  keep_steps_due(state, fact);
  // Where records are missing, what waits cannot be followed fact by fact.
  const bool is_damage =
      std::holds_alternative<JobQuarantined>(fact) || std::holds_alternative<RecordLost>(fact);
  const WaitIndex& waits = state.index.waits;
  const bool is_idle = waits.jobs.empty() && waits.singles.empty() && waits.deadlines.empty() &&
                       waits.for_leaves.empty();
  if (is_damage && !is_idle) rebuild_waits(state.index, state.record);
}

}  // namespace cox::core
