// Facts about nodes and node classes.
#include "core/fleet/evolve_node.h"

#include <utility>

#include "common/assert.h"
#include "core/fleet/ledger.h"
#include "core/fleet/trouble.h"
#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

Node& known_node(State& state, NodeId id) {
  ASSERT(id.value < state.record.nodes.size());
  return state.record.nodes[id.value];
}

void describe(State& state, Node& node, const NodeRegistered& fact) {
  if (node.boot_id != fact.boot_id) {
    // What was wrong with it, and whatever was stuck, ended with the last boot.
    forgive_node(state, node);
    node.stuck.clear();
    node.reboot = Reboot{};
  }
  node.boot_id = fact.boot_id;
  node.address = fact.address;
  node.containment = fact.containment;
  node.version = fact.version;
  node.node_class = fact.node_class;
  node.memory_mib = fact.memory_mib;
  node.pools = fact.pools;
  node.is_thissystem = fact.is_thissystem;
  node.shares_machine = fact.shares_machine;
  node.is_lost = false;
  node.registered = fact.at;
  if (node.aside == Aside::none && !node.backed_off_until.is_set()) node.why.clear();
}

}  // namespace

void evolve_one(State& state, const EpochStarted& fact) {
  state.record.epoch = fact.epoch;
}

void evolve_one(State& state, const ClassLearned& fact) {
  ASSERT(fact.id.value == state.record.classes.size());
  state.record.classes.push_back(fact.node_class);
  state.index.class_by_hash[fact.node_class.hash] = fact.id;
}

void evolve_one(State& state, const NodeRegistered& fact) {
  ASSERT(fact.node_class.value < state.record.classes.size());
  const bool is_new = fact.node.value == state.record.nodes.size();
  if (is_new) {
    Node& node = state.record.nodes.emplace_back();
    node.id = fact.node;
    node.name = fact.name;
  }
  Node& node = known_node(state, fact.node);
  ASSERT(node.name == fact.name);
  describe(state, node, fact);
  if (is_new) {
    index_node(state.index, state.record, node);
    return;
  }
  // Another class or memory comes only after NodeLost, when no job holds anything here.
  if (state.index.jobs_on_node[node.id.value].empty()) {
    state.index.free[node.id.value] = whole_node(node, state.class_of(node));
  }
  index_usable(state.index, state.record, node);
}

void evolve_one(State& state, const NodeLost& fact) {
  Node& node = known_node(state, fact.node);
  node.is_lost = true;
  if (node.aside == Aside::none) node.why = fact.why;
  index_usable(state.index, state.record, node);
}

void evolve_one(State& state, const NodeSetAside& fact) {
  Node& node = known_node(state, fact.node);
  ASSERT(fact.aside != Aside::none);
  node.aside = fact.aside;
  node.aside_at = fact.at;
  node.aside_by = fact.by;
  node.aside_who = fact.who;
  node.why = fact.why;
  node.backed_off_until = Instant{};
  // Who drains a node that is to start anew wants both.
  if (fact.aside == Aside::down || fact.aside == Aside::failed) node.reboot = Reboot{};
  index_usable(state.index, state.record, node);
}

void evolve_one(State& state, const NodeRebootAsked& fact) {
  Node& node = known_node(state, fact.node);
  ASSERT(!node.reboot.begun.is_set());
  node.reboot = Reboot{fact.at, Instant{}, fact.asap, fact.why, fact.by, fact.who};
  index_usable(state.index, state.record, node);
}

void evolve_one(State& state, const NodeRebootBegun& fact) {
  Node& node = known_node(state, fact.node);
  ASSERT(node.reboot.asked.is_set());
  node.reboot.begun = fact.at;
  index_usable(state.index, state.record, node);
}

/// Those that nobody could use any more need not be remembered.
void evolve_one(State& state, const TokenUsed& fact) {
  auto& used = state.record.tokens_used;
  std::erase_if(used, [&fact](const auto& one) { return one.second < fact.at; });
  used[fact.token] = fact.until;
}

void evolve_one(State& state, const NodeResumed& fact) {
  Node& node = known_node(state, fact.node);
  // What is said of a node that is aside is said of that alone.
  if (node.aside == Aside::none && !node.reboot.begun.is_set()) node.reboot = Reboot{};
  node.aside = Aside::none;
  node.aside_at = Instant{};
  node.aside_by = 0;
  node.aside_who.clear();
  node.why.clear();
  forgive_node(state, node);
  index_usable(state.index, state.record, node);
}

void evolve_one(State& state, const NodeBackedOff& fact) {
  Node& node = known_node(state, fact.node);
  state.index.avoided.erase({node.failed_job, node.id});
  node.score = fact.score;
  node.scored = fact.at;
  node.backed_off_until = fact.until;
  node.failed_job = fact.job;
  node.why = fact.why;
  state.index.avoided.emplace(node.failed_job, node.id);
  index_usable(state.index, state.record, node);
}

void evolve_one(State& state, const NodeTriedAgain& fact) {
  Node& node = known_node(state, fact.node);
  node.backed_off_until = Instant{};
  if (node.aside == Aside::none && !node.is_lost) node.why.clear();
  index_usable(state.index, state.record, node);
}

void evolve_one(State& state, const NodeStuck& fact) {
  Node& node = known_node(state, fact.node);
  const AttemptKey key{fact.job, fact.attempt};
  const StuckAttempt* known = find_stuck(node, key);
  const Instant since = known == nullptr ? fact.at : known->since;
  std::erase_if(node.stuck, [&](const StuckAttempt& one) { return &one == known; });
  node.stuck.push_back(StuckAttempt{fact.job, fact.attempt, since, fact.processes, fact.why});
  index_usable(state.index, state.record, node);
}

void evolve_one(State& state, const NodeUnstuck& fact) {
  Node& node = known_node(state, fact.node);
  std::erase_if(node.stuck, [&fact](const StuckAttempt& one) {
    return one.job == fact.job && one.attempt == fact.attempt;
  });
  index_usable(state.index, state.record, node);
}

}  // namespace cox::core
