// What the controller is told: answers from memory, everything again when a session begins, and
// the lists of a registration.
#include <utility>

#include "noded/agent/rules.h"

namespace cox::agent {
namespace {

// The batch step's result travels with Closed; a refused step never was one.
bool has_own_result(StepId id, const AgentStep& step) {
  return step.is_over() && !step.refused && id != step_batch;
}

HeldAttempt held_attempt(AttemptKey key, const AgentAttempt& attempt) {
  HeldAttempt result;
  result.attempt = key;
  result.prepared = attempt.phase == AttemptPhase::prepared;
  result.closing = attempt.is_closing();
  for (const auto& [id, step] : attempt.steps) {
    if (step.refused) continue;
    result.steps.push_back(HeldStep{id, step.phase, step.endpoint, step.result});
  }
  return result;
}

}  // namespace

void report_attempt(const AgentState& state, AttemptKey key, AgentEffects* effects) {
  const AgentAttempt* attempt = state.find(key);
  if (attempt == nullptr) {
    effects->push_back(ReportClosed{key, {}, {}});
    return;
  }
  if (attempt->phase == AttemptPhase::closed) {
    effects->push_back(
        ReportClosed{key, attempt->usage, attempt->batch_result, attempt->epilog_failure});
  } else if (attempt->phase == AttemptPhase::closing && attempt->is_removal_stuck) {
    effects->push_back(ReportStuck{key, attempt->stuck_processes, attempt->stuck_why});
  } else if (attempt->phase == AttemptPhase::failed) {
    effects->push_back(
        ReportPrepared{key, "", attempt->failure, attempt->node_at_fault, attempt->sets_aside});
  } else if (attempt->phase == AttemptPhase::prepared) {
    // A batch job that went at once is known to run; nobody waits for its answer.
    const bool is_awaited = !attempt->go_at_once || attempt->initial != step_batch;
    if (!is_awaited) return;
    ReportPrepared report{key, "", {}, true};
    if (attempt->initial) {
      const AgentStep* step = state.find(step_of(key, *attempt->initial));
      if (step != nullptr) report.endpoint = step->endpoint;
    }
    effects->push_back(std::move(report));
  }
}

void report_step(const AgentState& state, const StepKey& key, AgentEffects* effects) {
  const AgentAttempt* attempt = state.find(attempt_of(key));
  const AgentStep* step = state.find(key);
  if (step == nullptr) {
    if (attempt != nullptr && attempt->steps_forgotten.contains(key.step)) return;
    const char* why = attempt == nullptr ? " is not on this node" : " is being closed there";
    effects->push_back(ReportStepPrepared{key, "", std::string("its attempt") + why});
  } else if (step->refused) {
    if (attempt->initial != key.step) {
      effects->push_back(ReportStepPrepared{key, "", step->refused});
    }
  } else if (has_own_result(key.step, *step)) {
    effects->push_back(ReportStepEnded{key, step->result});
  } else if (!step->is_over() && step->phase >= StepPhase::prepared) {
    effects->push_back(ReportStepPrepared{key, step->endpoint, {}});
  }
}

AgentEffects reconcile(const AgentState& state) {
  AgentEffects effects;
  for (const auto& [key, attempt] : state.attempts) {
    for (const auto& [id, step] : attempt.steps) {
      const bool is_told_with_attempt = attempt.initial == id && !step.is_over();
      if (!is_told_with_attempt) report_step(state, step_of(key, id), &effects);
    }
    report_attempt(state, key, &effects);
  }
  return effects;
}

std::vector<HeldAttempt> held(const AgentState& state) {
  std::vector<HeldAttempt> result;
  result.reserve(state.attempts.size());
  for (const auto& [key, attempt] : state.attempts) result.push_back(held_attempt(key, attempt));
  return result;
}

}  // namespace cox::agent
