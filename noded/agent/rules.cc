// Rules that several requests share, and the entry points of the machine.
#include "noded/agent/rules.h"

#include <utility>

namespace cox::agent {

bool is_current(const AgentState& state, const Origin& origin) {
  return state.in_session && origin == state.origin;
}

bool is_barred(const AgentState& state, AttemptKey key) {
  const auto over = state.tombstones.find(key.job);
  if (over != state.tombstones.end() && key.attempt <= over->second) return true;
  const auto higher = state.attempts.upper_bound(key);
  return higher != state.attempts.end() && higher->first.job == key.job;
}

bool is_ready_to_remove(const AgentAttempt& attempt) {
  if (attempt.phase != AttemptPhase::closing) return false;
  if (attempt.container == ContainerPhase::asked) return false;
  for (const auto& [id, step] : attempt.steps) {
    if (!step.is_over()) return false;
  }
  return true;
}

void begin_close(const AgentState& state,
                 AttemptKey key,
                 EndCause cause,
                 std::optional<StepId> finished,
                 AgentFacts* facts) {
  const AgentAttempt& attempt = *state.find(key);
  for (const auto& [id, step] : attempt.steps) {
    // Who was told keeps its first cause.
    const bool is_live = step.is_spawned && !step.is_over() && id != finished;
    if (is_live && step.end_cause == EndCause::none) {
      facts->push_back(StepEndWanted{step_of(key, id), cause});
    }
  }
  facts->push_back(CloseBegan{key, cause});
}

void finish_step(const AgentState& state,
                 const StepKey& key,
                 StepResult result,
                 AgentFacts* facts) {
  const EndCause cause = result.cause;
  facts->push_back(StepFinished{key, std::move(result)});
  const AttemptKey attempt = attempt_of(key);
  if (key.step == step_batch && !state.find(attempt)->is_closing()) {
    begin_close(state, attempt, cause, key.step, facts);
  }
}

AgentFacts decide(const AgentState& state, const AgentRequest& request) {
  return std::visit([&](const auto& one) { return decide_one(state, one); }, request);
}

AgentEffects handle(AgentState& state, const AgentRequest& request) {
  AgentEffects effects;
  for (const AgentFact& fact : decide(state, request)) {
    evolve(state, fact);
    AgentEffects more = react(state, fact);
    effects.insert(effects.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
  }
  return effects;
}

bool is_anything_closing(const AgentState& state) {
  for (const auto& [key, attempt] : state.attempts) {
    if (attempt.phase == AttemptPhase::closing) return true;
  }
  return false;
}

}  // namespace cox::agent
