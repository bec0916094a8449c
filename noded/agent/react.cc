// react(): what a fact asks to be done. One function per fact; most ask nothing.
#include "noded/agent/rules.h"

namespace cox::agent {
namespace {

// Beyond kill_wait, supervisors have this long to tell their result before what they supervise is
// killed past them, and as long again before they are killed themselves.
constexpr std::uint32_t patience_seconds = 5;

void remove_if_ready(const AgentState& state, AttemptKey key, AgentEffects* effects) {
  if (is_ready_to_remove(*state.find(key))) effects->push_back(RemoveContainer{key});
}

template <class Fact>
AgentEffects react_one(const AgentState&, const Fact&) {
  return {};
}

AgentEffects react_one(const AgentState& state, const SessionBegan&) {
  return reconcile(state);
}

AgentEffects react_one(const AgentState&, const AttemptAccepted& fact) {
  return {Remember{fact.attempt, fact.go_at_once}};
}

/// Of all others the file is there.
AgentEffects react_one(const AgentState&, const AttemptRestored& fact) {
  if (!fact.is_stray) return {};
  return {RememberEnded{fact.attempt}};
}

AgentEffects react_one(const AgentState&, const PrepareBegan& fact) {
  return {MakeContainer{fact.attempt}};
}

AgentEffects react_one(const AgentState& state, const AttemptContained& fact) {
  const AgentAttempt& attempt = *state.find(fact.attempt);
  AgentEffects effects;
  if (attempt.is_closing()) {
    remove_if_ready(state, fact.attempt, &effects);
    return effects;
  }
  if (attempt.stands) effects.push_back(PauseAttempt{fact.attempt, true});
  for (const auto& [id, step] : attempt.steps) {
    if (!step.is_spawned) continue;
    const bool is_at_once = attempt.go_at_once && attempt.initial == id;
    effects.push_back(SpawnSupervisor{step_of(fact.attempt, id), is_at_once, attempt.stands});
  }
  if (attempt.phase == AttemptPhase::prepared) report_attempt(state, fact.attempt, &effects);
  return effects;
}

AgentEffects react_one(const AgentState& state, const PrepareFailed& fact) {
  AgentEffects effects;
  report_attempt(state, fact.attempt, &effects);
  return effects;
}

AgentEffects react_one(const AgentState&, const AttemptReleased& fact) {
  return {Remember{fact.attempt, true}};
}

AgentEffects react_one(const AgentState&, const LimitChanged& fact) {
  return {TellLimit{fact.attempt, fact.limit}};
}

/// What was to go meanwhile goes now.
AgentEffects react_one(const AgentState& state, const AttemptPaused& fact) {
  const AgentAttempt& attempt = *state.find(fact.attempt);
  AgentEffects effects;
  if (attempt.container == ContainerPhase::made) {
    effects.push_back(PauseAttempt{fact.attempt, fact.stands});
  }
  if (fact.stands) return effects;
  for (const auto& [id, step] : attempt.steps) {
    if (!step.is_go_given || step.phase != StepPhase::prepared) continue;
    effects.push_back(TellGo{step_of(fact.attempt, id), step.go_endpoints});
  }
  return effects;
}

AgentEffects react_one(const AgentState& state, const StepAccepted& fact) {
  if (!state.find(fact.step)->is_spawned) return {};
  return {SpawnSupervisor{fact.step, false, false}};
}

AgentEffects react_one(const AgentState& state, const StepRefused& fact) {
  AgentEffects effects;
  report_step(state, fact.step, &effects);
  return effects;
}

AgentEffects react_one(const AgentState& state, const StepReady& fact) {
  const AgentAttempt& attempt = *state.find(attempt_of(fact.step));
  AgentEffects effects;
  if (attempt.is_closing()) return effects;
  const bool is_initial = attempt.initial == fact.step.step;
  if (is_initial) {
    report_attempt(state, attempt_of(fact.step), &effects);
  } else {
    report_step(state, fact.step, &effects);
  }
  const AgentStep& step = *state.find(fact.step);
  const bool goes_now = step.is_go_given && !step.knows_go && !attempt.stands;
  if (goes_now) effects.push_back(TellGo{fact.step, step.go_endpoints});
  return effects;
}

AgentEffects react_one(const AgentState& state, const GoGiven& fact) {
  if (state.find(fact.step)->phase != StepPhase::prepared) return {};
  if (state.find(attempt_of(fact.step))->stands) return {};
  return {TellGo{fact.step, fact.endpoints}};
}

/// It was on its way when the attempt was made to stand still.
AgentEffects react_one(const AgentState& state, const StepRan& fact) {
  const AgentAttempt& attempt = *state.find(attempt_of(fact.step));
  if (!attempt.stands || attempt.is_closing()) return {};
  return {PauseAttempt{attempt_of(fact.step), true}};
}

AgentEffects react_one(const AgentState&, const StepEndWanted& fact) {
  return {TellEnd{fact.step, fact.cause}};
}

// The batch step's result travels with Closed, which follows by itself: at once, unless there is an
// epilog, while which the job must not be taken for one that runs.
AgentEffects react_one(const AgentState& state, const StepFinished& fact) {
  AgentEffects effects;
  const AgentAttempt& attempt = *state.find(attempt_of(fact.step));
  const bool is_told_late =
      fact.step.step == step_batch && !(attempt.has_epilog && attempt.batch_result.has_value());
  if (!is_told_late) effects.push_back(ReportStepEnded{fact.step, fact.result});
  remove_if_ready(state, attempt_of(fact.step), &effects);
  return effects;
}

AgentEffects react_one(const AgentState& state, const SupervisorLost& fact) {
  if (state.find(fact.step)->is_over()) return {};
  return {KillStep{fact.step}};
}

AgentEffects react_one(const AgentState&, const StepForgotten& fact) {
  return {TellForget{fact.step}};
}

AgentEffects react_one(const AgentState& state, const CloseBegan& fact) {
  AgentEffects effects;
  const AgentAttempt& attempt = *state.find(fact.attempt);
  const bool may_stand = attempt.stands || attempt.is_restored;
  if (may_stand && attempt.container == ContainerPhase::made) {
    effects.push_back(PauseAttempt{fact.attempt, false});
  }
  remove_if_ready(state, fact.attempt, &effects);
  return effects;
}

AgentEffects react_one(const AgentState& state, const CloseAged& fact) {
  const AgentAttempt& attempt = *state.find(fact.attempt);
  if (is_ready_to_remove(attempt)) {
    if (!attempt.is_removal_stuck) return {};
    return {RemoveContainer{fact.attempt}};
  }
  const auto wait = static_cast<std::uint32_t>(state.kill_wait.us / 1'000'000);
  AgentEffects effects;
  if (attempt.close_seconds >= wait + patience_seconds) {
    effects.push_back(KillAttempt{fact.attempt});
  }
  if (attempt.close_seconds >= wait + 2 * patience_seconds) {
    for (const auto& [id, step] : attempt.steps) {
      if (!step.is_over()) effects.push_back(KillSupervisor{step_of(fact.attempt, id)});
    }
  }
  return effects;
}

AgentEffects react_one(const AgentState& state, const RemovalStuck& fact) {
  AgentEffects effects;
  report_attempt(state, fact.attempt, &effects);
  return effects;
}

AgentEffects react_one(const AgentState& state, const AttemptClosed& fact) {
  AgentEffects effects;
  report_attempt(state, fact.attempt, &effects);
  return effects;
}

AgentEffects react_one(const AgentState&, const AttemptForgotten& fact) {
  return {Forget{fact.attempt}};
}

AgentEffects react_one(const AgentState&, const AttemptBarred& fact) {
  return {ReportClosed{fact.attempt, {}, {}}};
}

AgentEffects react_one(const AgentState& state, const AttemptAskedAgain& fact) {
  AgentEffects effects;
  report_attempt(state, fact.attempt, &effects);
  return effects;
}

AgentEffects react_one(const AgentState& state, const StepAskedAgain& fact) {
  AgentEffects effects;
  report_step(state, fact.step, &effects);
  return effects;
}

AgentEffects react_one(const AgentState&, const StrayFound& fact) {
  if (fact.ended) return {TellForget{fact.step}};
  return {TellEnd{fact.step, EndCause::supervisor_lost}};
}

}  // namespace

AgentEffects react(const AgentState& state, const AgentFact& fact) {
  return std::visit([&](const auto& one) { return react_one(state, one); }, fact);
}

}  // namespace cox::agent
