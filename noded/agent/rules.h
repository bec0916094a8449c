// Rules that several requests share. Internal to the agent.
#pragma once

#include "noded/agent/agent.h"

namespace cox::agent {

constexpr AttemptKey attempt_of(const StepKey& key) {
  return AttemptKey{key.job, key.attempt};
}

constexpr StepKey step_of(AttemptKey key, StepId step) {
  return StepKey{key.job, key.attempt, step};
}

bool is_current(const AgentState& state, const Origin& origin);
/// A higher attempt of the job is known, or this one is over.
bool is_barred(const AgentState& state, AttemptKey key);
/// Container made or never begun, every step over: what is left can be removed.
bool is_ready_to_remove(const AgentAttempt& attempt);

/// Tells every live supervisor once to end, then closes. `finished` is about to be over.
void begin_close(const AgentState& state,
                 AttemptKey key,
                 EndCause cause,
                 std::optional<StepId> finished,
                 AgentFacts* facts);
/// The end of the batch step closes its attempt.
void finish_step(const AgentState& state, const StepKey& key, StepResult result, AgentFacts* facts);

/// The answer from memory about an attempt or a step.
void report_attempt(const AgentState& state, AttemptKey key, AgentEffects* effects);
void report_step(const AgentState& state, const StepKey& key, AgentEffects* effects);

// One function per request: decide_controller.cc, decide_machine.cc.
AgentFacts decide_one(const AgentState& state, const Registered& request);
AgentFacts decide_one(const AgentState& state, const ChangeTerms& request);
AgentFacts decide_one(const AgentState& state, const Disconnected& request);
AgentFacts decide_one(const AgentState& state, const Prepare& request);
AgentFacts decide_one(const AgentState& state, const Go& request);
AgentFacts decide_one(const AgentState& state, const PrepareStep& request);
AgentFacts decide_one(const AgentState& state, const EndStep& request);
AgentFacts decide_one(const AgentState& state, const Close& request);
AgentFacts decide_one(const AgentState& state, const ChangeLimit& request);
AgentFacts decide_one(const AgentState& state, const StepAck& request);
AgentFacts decide_one(const AgentState& state, const ClosedAck& request);
AgentFacts decide_one(const AgentState& state, const ContainerMade& request);
AgentFacts decide_one(const AgentState& state, const ContainerRemoved& request);
AgentFacts decide_one(const AgentState& state, const ContainerBusy& request);
AgentFacts decide_one(const AgentState& state, const SupervisorStatus& request);
AgentFacts decide_one(const AgentState& state, const SupervisorGone& request);
AgentFacts decide_one(const AgentState& state, const RecoverAttempt& request);
AgentFacts decide_one(const AgentState& state, const SecondPassed& request);

}  // namespace cox::agent
