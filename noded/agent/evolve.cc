// evolve(): the only code that changes the agent's state. One function per fact.
#include <algorithm>

#include "common/assert.h"
#include "noded/agent/rules.h"

namespace cox::agent {
namespace {

AgentAttempt& at(AgentState& state, AttemptKey key) {
  const auto it = state.attempts.find(key);
  ASSERT(it != state.attempts.end());
  return it->second;
}

AgentStep& at(AgentState& state, const StepKey& key) {
  return at(state, attempt_of(key)).steps[key.step];
}

void bury(AgentState& state, AttemptKey key) {
  const auto [it, is_new] = state.tombstones.try_emplace(key.job, key.attempt);
  if (!is_new) {
    it->second = std::max(it->second, key.attempt);
    return;
  }
  state.tombstone_order.push_back(key.job);
  if (state.tombstone_order.size() > tombstones_max) {
    state.tombstones.erase(state.tombstone_order.front());
    state.tombstone_order.pop_front();
  }
}

// Steps whose supervisor never was asked for end with the attempt.
void end_unspawned(AgentAttempt& attempt, EndCause cause) {
  for (auto& [id, step] : attempt.steps) {
    if (step.is_spawned || step.is_over()) continue;
    step.phase = StepPhase::ended;
    step.result.cause = cause;
  }
}

void evolve_one(AgentState& state, const SessionBegan& fact) {
  state.origin = fact.origin;
  state.in_session = true;
  state.kill_wait = fact.kill_wait;
  state.tombstones.clear();
  state.tombstone_order.clear();
  // Another controller may have another clock.
  for (auto& [key, attempt] : state.attempts) attempt.stands_as_of = Instant{};
}

void evolve_one(AgentState& state, const KillWaitChanged& fact) {
  state.kill_wait = fact.kill_wait;
}

void evolve_one(AgentState& state, const SessionEnded&) {
  state.in_session = false;
}

void evolve_one(AgentState& state, const AttemptAccepted& fact) {
  AgentAttempt& attempt = state.attempts[fact.attempt];
  attempt.initial = fact.initial;
  attempt.go_at_once = fact.go_at_once;
  attempt.has_epilog = fact.has_epilog;
  attempt.is_released = fact.go_at_once;
  attempt.stands = fact.stands;
  if (fact.initial) attempt.steps[*fact.initial].is_go_given = fact.go_at_once;
}

void evolve_one(AgentState& state, const PrepareBegan& fact) {
  AgentAttempt& attempt = at(state, fact.attempt);
  attempt.phase = AttemptPhase::preparing;
  attempt.container = ContainerPhase::asked;
}

void evolve_one(AgentState& state, const AttemptRestored& fact) {
  AgentAttempt& attempt = state.attempts[fact.attempt];
  attempt.initial = fact.initial;
  attempt.go_at_once = fact.go_at_once;
  attempt.has_epilog = fact.has_epilog;
  attempt.is_released = fact.released;
  attempt.is_restored = true;
  attempt.container = ContainerPhase::made;
  const bool is_prepared = fact.released || !fact.initial;
  attempt.phase = is_prepared ? AttemptPhase::prepared : AttemptPhase::preparing;
  for (const StepId id : fact.alive) attempt.steps[id].is_spawned = true;
  if (!fact.initial) return;
  AgentStep& initial = attempt.steps[*fact.initial];
  initial.is_spawned = true;
  initial.is_go_given = initial.knows_go = fact.go_at_once;
}

void evolve_one(AgentState& state, const AttemptContained& fact) {
  AgentAttempt& attempt = at(state, fact.attempt);
  attempt.container = ContainerPhase::made;
  if (attempt.phase != AttemptPhase::preparing) return;
  for (auto& [id, step] : attempt.steps) {
    step.is_spawned = !step.is_over();
    step.knows_go = attempt.go_at_once && attempt.initial == id && !attempt.stands;
  }
  const bool waits = attempt.initial && !attempt.steps[*attempt.initial].is_over();
  if (!waits) attempt.phase = AttemptPhase::prepared;
}

void evolve_one(AgentState& state, const PrepareFailed& fact) {
  AgentAttempt& attempt = at(state, fact.attempt);
  attempt.phase = AttemptPhase::failed;
  attempt.container = ContainerPhase::made;
  attempt.failure = fact.why;
  attempt.node_at_fault = fact.node_at_fault;
  attempt.sets_aside = fact.sets_aside;
  for (auto& [id, step] : attempt.steps) {
    if (step.is_over()) continue;
    step.phase = StepPhase::ended;
    step.refused = fact.why;
  }
}

void evolve_one(AgentState& state, const AttemptReleased& fact) {
  at(state, fact.attempt).is_released = true;
}

void evolve_one(AgentState& state, const StepAccepted& fact) {
  const bool is_contained = at(state, attempt_of(fact.step)).container == ContainerPhase::made;
  at(state, fact.step).is_spawned = is_contained;
}

void evolve_one(AgentState& state, const StepRefused& fact) {
  AgentStep& step = at(state, fact.step);
  step.phase = StepPhase::ended;
  step.refused = fact.why;
}

void evolve_one(AgentState& state, const StepReady& fact) {
  AgentAttempt& attempt = at(state, attempt_of(fact.step));
  AgentStep& step = at(state, fact.step);
  step.phase = StepPhase::prepared;
  step.endpoint = fact.endpoint;
  if (attempt.phase == AttemptPhase::preparing && attempt.initial == fact.step.step) {
    attempt.phase = AttemptPhase::prepared;
  }
}

void evolve_one(AgentState& state, const GoGiven& fact) {
  AgentStep& step = at(state, fact.step);
  step.is_go_given = true;
  step.go_endpoints = fact.endpoints;
}

void evolve_one(AgentState& state, const StepRan& fact) {
  AgentStep& step = at(state, fact.step);
  step.phase = StepPhase::running;
  step.is_go_given = true;
}

void evolve_one(AgentState& state, const StepEndWanted& fact) {
  at(state, fact.step).end_cause = fact.cause;
}

void evolve_one(AgentState& state, const StepFinished& fact) {
  AgentAttempt& attempt = at(state, attempt_of(fact.step));
  AgentStep& step = at(state, fact.step);
  step.phase = StepPhase::ended;
  step.result = fact.result;
  step.go_endpoints.clear();
  if (fact.step.step == step_batch && attempt.is_released) attempt.batch_result = fact.result;
  const bool is_awaited = attempt.phase == AttemptPhase::preparing &&
                          attempt.container == ContainerPhase::made &&
                          attempt.initial == fact.step.step;
  if (is_awaited) attempt.phase = AttemptPhase::prepared;
}

void evolve_one(AgentState& state, const SupervisorLost& fact) {
  at(state, fact.step).is_gone = true;
}

void evolve_one(AgentState& state, const StepForgotten& fact) {
  AgentAttempt& attempt = at(state, attempt_of(fact.step));
  if (const auto step = attempt.steps.find(fact.step.step); step != attempt.steps.end()) {
    attempt.forgotten_usage = combined(attempt.forgotten_usage, step->second.result.usage);
    attempt.steps.erase(step);
  }
  attempt.steps_forgotten.insert(fact.step.step);
}

void evolve_one(AgentState& state, const CloseBegan& fact) {
  AgentAttempt& attempt = at(state, fact.attempt);
  attempt.phase = AttemptPhase::closing;
  attempt.close_cause = fact.cause;
  end_unspawned(attempt, fact.cause);
}

void evolve_one(AgentState& state, const CloseAged& fact) {
  ++at(state, fact.attempt).close_seconds;
}

void evolve_one(AgentState& state, const RemovalStuck& fact) {
  AgentAttempt& attempt = at(state, fact.attempt);
  attempt.is_removal_stuck = true;
  attempt.stuck_processes = fact.processes;
  attempt.stuck_why = fact.why;
}

// Where the container counts nothing, the supervisors' sums are the better figure.
void evolve_one(AgentState& state, const AttemptClosed& fact) {
  AgentAttempt& attempt = at(state, fact.attempt);
  Usage sum = attempt.forgotten_usage;
  for (const auto& [id, step] : attempt.steps) sum = combined(sum, step.result.usage);
  attempt.usage = fact.usage;
  if (fact.usage.user_us + fact.usage.system_us < sum.user_us + sum.system_us) {
    attempt.usage.user_us = sum.user_us;
    attempt.usage.system_us = sum.system_us;
  }
  attempt.usage.memory_peak_bytes = std::max(fact.usage.memory_peak_bytes, sum.memory_peak_bytes);
  attempt.epilog_failure = fact.epilog_failure;
  attempt.phase = AttemptPhase::closed;
  attempt.container = ContainerPhase::none;
}

void evolve_one(AgentState& state, const AttemptForgotten& fact) {
  state.attempts.erase(fact.attempt);
  bury(state, fact.attempt);
}

void evolve_one(AgentState& state, const AttemptBarred& fact) {
  bury(state, fact.attempt);
}

/// A supervisor that was started meanwhile waits for its go, and so may one of before a restart.
void evolve_one(AgentState& state, const AttemptPaused& fact) {
  AgentAttempt& attempt = at(state, fact.attempt);
  attempt.stands = fact.stands;
  attempt.stands_as_of = fact.as_of;
  for (auto& [id, step] : attempt.steps) step.knows_go = step.knows_go && fact.stands;
}

void evolve_one(AgentState&, const LimitChanged&) {}

void evolve_one(AgentState&, const AttemptAskedAgain&) {}

void evolve_one(AgentState&, const StepAskedAgain&) {}

void evolve_one(AgentState&, const StrayFound&) {}

}  // namespace

void evolve(AgentState& state, const AgentFact& fact) {
  std::visit([&](const auto& one) { evolve_one(state, one); }, fact);
}

}  // namespace cox::agent
