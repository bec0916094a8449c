// See engine.h.
#include "sim/engine.h"

#include <utility>
#include <variant>

#include "core/fairshare/usage.h"

namespace cox::sim {
namespace {

constexpr std::size_t steps_at_once = 1024;

}  // namespace

/// When a job that takes turns ends would have to be reckoned from all turns to come.
Result<void> Engine::apply(const Settings& settings) {
  for (const PartitionSettings& partition : settings.partitions) {
    if (!partition.takes_turns()) continue;
    return fail(Code::refused, "partition " + partition.name +
                                   ": share = \"timeslice\" is not simulated (try \"nodes\")");
  }
  return ask(core::ApplySettings{Caller{0, 0, Role::administrator}, settings});
}

Result<void> Engine::add_node(NodeInventory node) {
  return ask(core::RegisterNode{Session{++sessions_}, std::move(node), {}});
}

Result<void> Engine::ask(const core::Request& request) {
  core::observe(contact_, state_, now_, request);
  const auto facts = core::decide(state_, contact_, now_, request);
  if (!facts) return Failure(facts.error());
  for (const core::Fact& fact : *facts) take(fact);
  return {};
}

void Engine::take(const core::Fact& fact) {
  core::evolve(state_, fact);
  plan_.observe(state_, fact);
  ++facts_;
}

void Engine::schedule(const std::function<void(const core::JobStarted&)>& started) {
  for (bool done = false; !done;) {
    for (const core::Fact& fact : plan_.step(state_, contact_, now_, steps_at_once, &done)) {
      take(fact);
      const auto* start = std::get_if<core::JobStarted>(&fact);
      if (start == nullptr) continue;
      if (start->allocation.nodes.size() > 1) {
        take(core::JobReleased{start->job, start->attempt, now_});
      }
      started(*start);
    }
  }
}

void Engine::end(JobId id) {
  const core::Job& job = *state_.find_job(id);
  const Attempt attempt = job.attempt;
  take(core::JobEnding{id, attempt, now_, EndCause::finished, 0, {}});
  const Cow<core::JobRun> run = job.run;
  for (const NodeShare& share : run->allocation.nodes) {
    take(core::NodeFreed{id, attempt, share.node, now_, Usage{}});
  }
  take(core::JobEnded{id, attempt, now_, JobState::completed, 0, 0, Usage{}, {}});
}

/// As the controller does when it looks at the clock.
void Engine::charge() {
  const bool has_shares = state_.record.settings.priority == "multifactor";
  if (has_shares && core::is_charge_due(state_, now_)) take(core::UsageCharged{now_});
}

}  // namespace cox::sim
