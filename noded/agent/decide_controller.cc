// decide() for messages of the controller. All are idempotent, and void outside their session.
#include <algorithm>

#include "noded/agent/rules.h"

namespace cox::agent {

AgentFacts decide_one(const AgentState& state, const Registered& request) {
  // Strictly newer: a doubled Registered must not revive a session that has ended.
  if (request.origin <= state.origin) return {};
  return {SessionBegan{request.origin, request.kill_wait}};
}

AgentFacts decide_one(const AgentState& state, const ChangeTerms& request) {
  if (!is_current(state, request.origin) || request.kill_wait == state.kill_wait) return {};
  return {KillWaitChanged{request.kill_wait}};
}

AgentFacts decide_one(const AgentState& state, const Disconnected&) {
  if (!state.in_session) return {};
  return {SessionEnded{}};
}

AgentFacts decide_one(const AgentState& state, const Prepare& request) {
  if (!is_current(state, request.origin)) return {};
  const AttemptKey key = request.attempt;
  if (state.find(key) != nullptr || is_barred(state, key)) return {AttemptAskedAgain{key}};
  AgentFacts facts{AttemptAccepted{key, request.initial, request.go_at_once, request.has_epilog,
                                   request.stands}};
  // The controller freed an older attempt's share when it held the node for lost; what is left of
  // it here ends before the new one begins.
  bool is_blocked = false;
  auto older = state.attempts.lower_bound(AttemptKey{key.job, Attempt{0}});
  for (; older != state.attempts.end() && older->first.job == key.job; ++older) {
    if (older->second.phase == AttemptPhase::closed) continue;
    is_blocked = true;
    if (!older->second.is_closing()) {
      begin_close(state, older->first, EndCause::requeued, std::nullopt, &facts);
    }
  }
  if (!is_blocked) facts.push_back(PrepareBegan{key});
  return facts;
}

AgentFacts decide_one(const AgentState& state, const Go& request) {
  if (!is_current(state, request.origin)) return {};
  const AttemptKey key = attempt_of(request.step);
  const AgentAttempt* attempt = state.find(key);
  if (attempt == nullptr || attempt->phase >= AttemptPhase::failed) return {};
  AgentFacts facts;
  if (!attempt->is_released) facts.push_back(AttemptReleased{key});
  const AgentStep* step = state.find(request.step);
  if (step != nullptr && !step->is_over() && !step->is_go_given) {
    facts.push_back(GoGiven{request.step, request.endpoints});
  }
  return facts;
}

AgentFacts decide_one(const AgentState& state, const PrepareStep& request) {
  if (!is_current(state, request.origin)) return {};
  const AgentAttempt* attempt = state.find(attempt_of(request.step));
  if (attempt == nullptr || attempt->phase >= AttemptPhase::failed ||
      attempt->steps.contains(request.step.step) ||
      attempt->steps_forgotten.contains(request.step.step)) {
    return {StepAskedAgain{request.step}};
  }
  return {StepAccepted{request.step}};
}

AgentFacts decide_one(const AgentState& state, const EndStep& request) {
  if (!is_current(state, request.origin)) return {};
  const AgentAttempt* attempt = state.find(attempt_of(request.step));
  if (attempt == nullptr || attempt->steps_forgotten.contains(request.step.step)) return {};
  const AgentStep* step = state.find(request.step);
  AgentFacts facts;
  if (step != nullptr && step->is_over()) {
    facts.push_back(StepAskedAgain{request.step});
  } else if (step != nullptr && step->is_spawned) {
    if (step->end_cause == EndCause::none) {
      facts.push_back(StepEndWanted{request.step, request.cause});
    }
  } else if (!attempt->is_closing()) {
    // Not begun yet, or not even heard of: it must not start when its PrepareStep comes late.
    StepResult result;
    result.cause = request.cause;
    finish_step(state, request.step, result, &facts);
  }
  return facts;
}

AgentFacts decide_one(const AgentState& state, const Close& request) {
  if (!is_current(state, request.origin)) return {};
  const AttemptKey key = request.attempt;
  const AgentAttempt* attempt = state.find(key);
  if (attempt == nullptr) {
    if (is_barred(state, key)) return {AttemptAskedAgain{key}};
    return {AttemptBarred{key}};
  }
  if (attempt->phase == AttemptPhase::closed) return {AttemptAskedAgain{key}};
  if (attempt->is_closing()) return {};
  AgentFacts facts;
  begin_close(state, key, request.cause, std::nullopt, &facts);
  return facts;
}

AgentFacts decide_one(const AgentState& state, const ChangeLimit& request) {
  if (!is_current(state, request.origin)) return {};
  const AgentAttempt* attempt = state.find(request.attempt);
  if (attempt == nullptr || attempt->phase >= AttemptPhase::failed) return {};
  return {LimitChanged{request.attempt, request.limit}};
}

AgentFacts decide_one(const AgentState& state, const Pause& request) {
  if (!is_current(state, request.origin)) return {};
  const AgentAttempt* attempt = state.find(request.attempt);
  // What ends goes on, to end.
  if (attempt == nullptr || attempt->phase >= AttemptPhase::failed) return {};
  // A copy that comes behind a newer one.
  if (request.as_of.is_set() && request.as_of < attempt->stands_as_of) return {};
  return {AttemptPaused{request.attempt, request.stands, request.as_of}};
}

AgentFacts decide_one(const AgentState& state, const StepAck& request) {
  if (!is_current(state, request.origin)) return {};
  const AgentStep* step = state.find(request.step);
  if (step == nullptr || !step->is_over()) return {};
  return {StepForgotten{request.step}};
}

AgentFacts decide_one(const AgentState& state, const ClosedAck& request) {
  if (!is_current(state, request.origin)) return {};
  const AgentAttempt* attempt = state.find(request.attempt);
  if (attempt == nullptr || attempt->phase != AttemptPhase::closed) return {};
  AgentFacts facts;
  for (const auto& [id, step] : attempt->steps) {
    facts.push_back(StepForgotten{step_of(request.attempt, id)});
  }
  facts.push_back(AttemptForgotten{request.attempt});
  return facts;
}

}  // namespace cox::agent
