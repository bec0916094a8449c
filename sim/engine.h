// The production core under a virtual clock: State, evolve() and the Plan as the controller has
// them, on nodes that do everything at once.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/result.h"
#include "core/core.h"
#include "core/schedule/plan.h"
#include "model/settings.h"
#include "model/topology.h"

namespace cox::sim {

class Engine {
 public:
  Engine(core::Policies policies, Instant now) : policies_(policies), plan_(policies), now_(now) {}

  /// Time only goes on.
  void advance(Instant now) { now_ = now; }

  /// error: what the core says of the settings
  Result<void> apply(const Settings& settings);
  /// error: what the core says of the node
  Result<void> add_node(NodeInventory node);
  Result<void> ask(const core::Request& request);
  void take(const core::Fact& fact);

  /// Starts all that can start now; every node of a gang is ready at once.
  void schedule(const std::function<void(const core::JobStarted&)>& started);
  /// The job ran well and is over, on all its nodes.
  void end(JobId id);
  /// Charges what was used, when the controller would.
  void charge();

  const core::State& state() const { return state_; }

  /// For what no fact says: usage of the past, before anything else.
  void set_usage(core::UsageRecord usage) { state_.record.usage = std::move(usage); }

  /// The next moment at which something may start by itself; unset: none.
  Instant next_wake() const { return plan_.next_wake(); }

  core::Verdict explain(JobId id) const {
    return core::explain(state_, contact_, now_, policies_, id);
  }

  Instant now() const { return now_; }

  /// Facts that the core took, as a measure of work.
  std::uint64_t facts() const { return facts_; }

 private:
  core::Policies policies_;
  core::State state_;
  core::Contact contact_;
  core::Plan plan_;
  Instant now_;
  std::uint64_t facts_ = 0;
  std::uint64_t sessions_ = 0;
};

}  // namespace cox::sim
