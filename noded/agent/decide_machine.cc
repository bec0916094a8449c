// decide() for what this machine tells: containers, supervisors, recovery, the passing of time.
#include <algorithm>
#include <utility>

#include "noded/agent/rules.h"

namespace cox::agent {
namespace {

StepResult lost_result(const std::string& why) {
  StepResult result;
  result.cause = EndCause::supervisor_lost;
  result.detail = why.empty() ? "supervisor ended" : "supervisor ended: " + why;
  return result;
}

StepResult launch_failure(const SupervisorStatus& status) {
  StepResult result = status.result;
  result.cause = EndCause::launch_failed;
  result.detail = *status.failure;
  return result;
}

// A supervisor that could not prepare. Nothing ran.
void refuse_step(const AgentState& state,
                 const StepKey& key,
                 const std::string& why,
                 bool node_at_fault,
                 AgentFacts* facts) {
  const AgentAttempt& attempt = *state.find(attempt_of(key));
  if (attempt.initial == key.step) {
    facts->push_back(PrepareFailed{attempt_of(key), why, node_at_fault});
  } else {
    facts->push_back(StepRefused{key, why});
  }
}

// True while a failure of the step is an answer to its Prepare, not its result.
bool is_still_preparing(const AgentAttempt& attempt, StepId id, const AgentStep& step) {
  if (step.phase != StepPhase::preparing || attempt.is_closing()) return false;
  return attempt.initial != id || attempt.phase == AttemptPhase::preparing;
}

AgentFacts stray(const SupervisorStatus& status) {
  return {StrayFound{status.step, status.phase == StepPhase::ended || status.failure.has_value()}};
}

}  // namespace

AgentFacts decide_one(const AgentState& state, const ContainerMade& request) {
  const AgentAttempt* attempt = state.find(request.attempt);
  if (attempt == nullptr || attempt->container != ContainerPhase::asked) return {};
  // What a failed attempt at it left behind is removed when the attempt is closed.
  if (request.failure && !attempt->is_closing()) {
    return {PrepareFailed{request.attempt, *request.failure, request.node_at_fault,
                          request.sets_aside}};
  }
  return {AttemptContained{request.attempt}};
}

AgentFacts decide_one(const AgentState& state, const ContainerRemoved& request) {
  const AttemptKey key = request.attempt;
  const AgentAttempt* attempt = state.find(key);
  if (attempt == nullptr || !is_ready_to_remove(*attempt)) return {};
  AgentFacts facts{AttemptClosed{key, request.usage, request.epilog_failure}};
  // The first attempt of the job that is left, if it waits, may begin.
  auto next = state.attempts.lower_bound(AttemptKey{key.job, Attempt{0}});
  for (; next != state.attempts.end() && next->first.job == key.job; ++next) {
    if (next->first == key || next->second.phase == AttemptPhase::closed) continue;
    if (next->second.phase == AttemptPhase::waiting) facts.push_back(PrepareBegan{next->first});
    break;
  }
  return facts;
}

AgentFacts decide_one(const AgentState& state, const ContainerBusy& request) {
  const AgentAttempt* attempt = state.find(request.attempt);
  if (attempt == nullptr || attempt->phase != AttemptPhase::closing) return {};
  const bool is_known = attempt->is_removal_stuck &&
                        attempt->stuck_processes == request.processes &&
                        attempt->stuck_why == request.why;
  if (is_known || request.processes == 0) return {};
  return {RemovalStuck{request.attempt, request.processes, request.why}};
}

AgentFacts decide_one(const AgentState& state, const SupervisorStatus& request) {
  const AgentAttempt* attempt = state.find(attempt_of(request.step));
  const AgentStep* step = state.find(request.step);
  if (step == nullptr || !step->is_spawned) return stray(request);
  // One that was taken for dead and answers after all has no say any more.
  if (step->is_over()) return step->is_gone ? stray(request) : AgentFacts{};
  AgentFacts facts;
  if (request.failure) {
    if (is_still_preparing(*attempt, request.step.step, *step)) {
      refuse_step(state, request.step, *request.failure, request.node_at_fault, &facts);
    } else {
      finish_step(state, request.step, launch_failure(request), &facts);
    }
    return facts;
  }
  if (request.phase == StepPhase::ended) {
    finish_step(state, request.step, request.result, &facts);
    return facts;
  }
  if (request.phase >= StepPhase::prepared && step->phase == StepPhase::preparing) {
    facts.push_back(StepReady{request.step, request.endpoint});
  }
  if (request.phase == StepPhase::running && step->phase != StepPhase::running) {
    facts.push_back(StepRan{request.step});
  }
  return facts;
}

AgentFacts decide_one(const AgentState& state, const SupervisorGone& request) {
  const AgentAttempt* attempt = state.find(attempt_of(request.step));
  const AgentStep* step = state.find(request.step);
  if (step == nullptr || step->is_gone || !step->is_spawned) return {};
  AgentFacts facts{SupervisorLost{request.step}};
  if (step->is_over()) return facts;
  // With its go given it may have run tasks, and only the result can say that it ended.
  const bool nothing_ran = !request.started || !step->is_go_given;
  if (nothing_ran && is_still_preparing(*attempt, request.step.step, *step)) {
    refuse_step(state, request.step, "supervisor: " + request.why, true, &facts);
  } else {
    finish_step(state, request.step, lost_result(request.why), &facts);
  }
  return facts;
}

AgentFacts decide_one(const AgentState& state, const RecoverAttempt& request) {
  const AttemptKey key = request.attempt;
  if (state.find(key) != nullptr) return {};
  // Held and closed like any other, so that the controller does not take it for never begun.
  if (request.is_stray) {
    AttemptRestored found{key, std::nullopt, false, true, {}};
    found.is_stray = true;
    return {found, CloseBegan{key, EndCause::supervisor_lost}};
  }
  if (is_barred(state, key)) return {};
  // Never released and no supervisor: nothing can have run, so preparing simply begins again.
  if (!request.released && !request.go_at_once && request.alive.empty()) {
    return {AttemptAccepted{key, request.initial, false, request.has_epilog}, PrepareBegan{key}};
  }
  AgentFacts facts{AttemptRestored{key, request.initial, request.go_at_once,
                                   request.released || request.go_at_once, request.alive,
                                   request.has_epilog}};
  if (!request.initial) return facts;
  if (request.never_began) {
    facts.push_back(PrepareFailed{key, "its daemon ended before the job began", true});
    return facts;
  }
  const auto& alive = request.alive;
  if (std::find(alive.begin(), alive.end(), *request.initial) != alive.end()) return facts;
  const StepKey initial = step_of(key, *request.initial);
  facts.push_back(SupervisorLost{initial});
  facts.push_back(StepFinished{initial, lost_result("it was not found after a restart")});
  if (initial.step == step_batch) {
    for (const StepId id : alive) {
      facts.push_back(StepEndWanted{step_of(key, id), EndCause::supervisor_lost});
    }
    facts.push_back(CloseBegan{key, EndCause::supervisor_lost});
  }
  return facts;
}

AgentFacts decide_one(const AgentState& state, const SecondPassed&) {
  AgentFacts facts;
  for (const auto& [key, attempt] : state.attempts) {
    if (attempt.phase == AttemptPhase::closing) facts.push_back(CloseAged{key});
  }
  return facts;
}

}  // namespace cox::agent
