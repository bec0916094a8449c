// RegisterNode: who it is, whether it is what it was, and what became of the attempts it held.
#include <algorithm>
#include <string>

#include "common/text.h"
#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/progress.h"
#include "core/scene.h"

namespace cox::core {
namespace {

const HeldAttempt* find_held(const std::vector<HeldAttempt>& held, const Job& job) {
  for (const HeldAttempt& attempt : held) {
    if (attempt.job == job.id && attempt.attempt == job.attempt) return &attempt;
  }
  return nullptr;
}

const HeldStep* find_held(const HeldAttempt& held, StepId id) {
  for (const HeldStep& step : held.steps) {
    if (step.step == id) return &step;
  }
  return nullptr;
}

void append(Endings& endings, Facts facts) {
  for (Fact& fact : facts) endings.add(std::move(fact));
}

/// The node confirmed this start once, so that it cannot simply never have heard of it.
bool was_confirmed(const Contact& contact, const Job& job, NodeId node) {
  const Answers* answers = find_answers(contact, key_of(job));
  return !is_single(job) || (answers != nullptr && answers->prepared.contains(node));
}

void not_held(const Scene& scene, Endings& endings, const Job& job, const Node& node) {
  const std::string at = "node " + node.name;
  if (job.phase == JobPhase::ending) {
    endings.free_node(job, node.id, Usage{});
  } else if (job.phase == JobPhase::running && !was_confirmed(scene.contact, job, node.id)) {
    endings.undo_start(job, at + " never heard of the start");
  } else if (job.phase == JobPhase::running) {
    endings.end_job(job, EndCause::supervisor_lost, 0, at + " no longer holds the attempt");
    endings.free_node(job, node.id, Usage{});
  }
}

/// A released step that the node does not have any more has ended there.
void check_steps(const Scene& scene,
                 Endings& endings,
                 const Job& job,
                 const Node& node,
                 const HeldAttempt& held) {
  for (const Step& step : job.run->steps) {
    if (step.is_ended() || !has_share(step, node.id)) continue;
    end_step_when_reported(scene, endings, job, step);
    if (!endings.is_running(job) || !endings.is_open(job, step.id)) continue;
    append(endings, release_step_when_prepared(scene, job, step));
    const bool is_gone = step.released.is_set() && held.prepared && !held.closing &&
                         find_held(held, step.id) == nullptr;
    if (!is_gone) continue;
    StepResult lost;
    lost.cause = EndCause::supervisor_lost;
    lost.exit_code = 1;
    lost.detail = "node " + node.name + " no longer holds the step";
    endings.end_step(job, step.id, lost);
    if (initial_step(job.request) == step.id) {
      endings.end_job(job, EndCause::supervisor_lost, 0, lost.detail);
    }
  }
}

void check_held(const Scene& scene, Endings& endings, const Node& node, const RegisterNode& ask) {
  for (const JobId id : scene.state.index.jobs_on_node[node.id.value]) {
    const Job& job = *scene.state.find_job(id);
    const HeldAttempt* held = find_held(ask.held, job);
    if (held == nullptr) {
      not_held(scene, endings, job, node);
    } else {
      append(endings, release_when_prepared(scene, job));
      check_steps(scene, endings, job, node, *held);
    }
  }
}

/// Attempts that were stuck and are not held any more have ended unseen.
void check_stuck(const Scene& scene,
                 Endings& endings,
                 const Node& node,
                 const std::vector<HeldAttempt>& held) {
  for (const StuckAttempt& stuck : node.stuck) {
    const bool is_held = std::ranges::any_of(held, [&stuck](const HeldAttempt& one) {
      return one.job == stuck.job && one.attempt == stuck.attempt;
    });
    if (is_held) continue;
    endings.add(NodeUnstuck{node.id, scene.now, stuck.job, stuck.attempt});
  }
}

bool is_described(const Node& node, const NodeInventory& now) {
  return !node.is_lost && node.boot_id == now.boot_id && node.address == now.address &&
         node.containment == now.containment && node.version == now.version &&
         node.is_thissystem == now.is_thissystem && node.shares_machine == now.shares_machine;
}

NodeRegistered registered(const NodeInventory& from, NodeId node, ClassId node_class, Instant now) {
  return NodeRegistered{node,
                        now,
                        node_class,
                        from.name,
                        from.boot_id,
                        from.address,
                        from.containment,
                        from.version,
                        from.memory_mib,
                        from.pools,
                        from.is_thissystem,
                        from.shares_machine};
}

Result<void> check_inventory(const NodeInventory& inventory) {
  const NodeClass& c = inventory.node_class;
  const std::string name = "node " + quoted(inventory.name);
  if (inventory.name.empty()) return fail(Code::bad_usage, "a node without a name");
  if (c.cores.empty()) return fail(Code::bad_usage, name + " reports no cores");
  if (c.numa_nodes == 0 || inventory.memory_mib.size() != c.numa_nodes) {
    return fail(Code::bad_usage, name + " reports memory of " +
                                     std::to_string(inventory.memory_mib.size()) +
                                     " NUMA nodes for " + std::to_string(c.numa_nodes));
  }
  const auto is_outside = [&](const CoreInfo& core) {
    return core.numa >= c.numa_nodes || core.pus == 0;
  };
  if (std::ranges::any_of(c.cores, is_outside)) {
    return fail(Code::bad_usage, name + " reports a core outside its NUMA nodes");
  }
  const auto is_negative = [](std::int64_t mib) { return mib < 0; };
  const auto is_owed = [](const Pool& pool) { return pool.total < 0; };
  if (std::ranges::any_of(inventory.memory_mib, is_negative) ||
      std::ranges::any_of(inventory.pools, is_owed)) {
    return fail(Code::bad_usage, name + " reports a negative amount");
  }
  return {};
}

}  // namespace

bool is_same_machine(const State& state, const Node& node, const NodeInventory& inventory) {
  return !node.is_lost && node.boot_id == inventory.boot_id &&
         state.class_of(node).hash == inventory.node_class.hash &&
         node.memory_mib == inventory.memory_mib && node.pools == inventory.pools;
}

Result<void> check_registration(const State& state,
                                const Contact& contact,
                                Instant now,
                                const RegisterNode& ask) {
  if (auto sound = check_inventory(ask.inventory); !sound.has_value()) return sound;
  const auto known = state.node_named(ask.inventory.name);
  if (!known.has_value() || !contact.is_connected(*known)) return {};
  const Node& node = state.record.nodes[known->value];
  const bool is_other = !is_current(contact, *known, ask.session) &&
                        node.boot_id != ask.inventory.boot_id &&
                        contact.is_heard(*known, now, state.record.settings.silent_after);
  if (!is_other) return {};
  return fail(Code::refused, "node " + node.name + " is connected from another machine (boot id " +
                                 quoted(node.boot_id) + "): two nodes have the same name");
}

Result<Facts> decide_one(const Scene& scene, const RegisterNode& ask) {
  const State& state = scene.state;
  if (auto sound = check_registration(state, scene.contact, scene.now, ask); !sound.has_value()) {
    return Failure(sound.error());
  }
  Endings endings(state, scene.now);
  const NodeInventory& inventory = ask.inventory;
  const auto learned = state.index.class_by_hash.find(inventory.node_class.hash);
  const bool is_new_class = learned == state.index.class_by_hash.end();
  const ClassId node_class = is_new_class
                                 ? ClassId{static_cast<std::uint32_t>(state.record.classes.size())}
                                 : learned->second;
  if (is_new_class) endings.add(ClassLearned{node_class, inventory.node_class});

  const auto known = state.node_named(inventory.name);
  if (!known.has_value()) {
    const NodeId next{static_cast<std::uint32_t>(state.record.nodes.size())};
    endings.add(registered(inventory, next, node_class, scene.now));
    return endings.take();
  }
  const Node& node = state.record.nodes[known->value];
  const bool is_same = is_same_machine(state, node, inventory);
  if (node.boot_id == inventory.boot_id) check_stuck(scene, endings, node, ask.held);
  if (!is_same && !node.is_lost) {
    endings.lose_node(node, node.boot_id != inventory.boot_id
                                ? "it was booted anew"
                                : "it came back with other resources");
  }
  if (!is_same || !is_described(node, inventory)) {
    endings.add(registered(inventory, node.id, node_class, scene.now));
  }
  if (is_same) check_held(scene, endings, node, ask);
  return endings.take();
}

}  // namespace cox::core
