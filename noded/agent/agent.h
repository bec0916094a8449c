// The agent of a node as a machine: asked -> happened -> to be done, as in the controller's core.
// Nothing here reads a clock, a file or a socket. Rules: docs/ARCHITECTURE.md sections 4 and 5.
#pragma once

#include <string>
#include <vector>

#include "noded/agent/effect.h"
#include "noded/agent/fact.h"
#include "noded/agent/request.h"
#include "noded/agent/state.h"

namespace cox::agent {

using AgentFacts = std::vector<AgentFact>;
using AgentEffects = std::vector<AgentEffect>;

/// What `request` makes happen; nothing when it is void, older or already done. Changes nothing.
AgentFacts decide(const AgentState& state, const AgentRequest& request);

/// The only code that changes the state.
void evolve(AgentState& state, const AgentFact& fact);

/// What `fact`, already evolved, asks to be done.
AgentEffects react(const AgentState& state, const AgentFact& fact);

/// Everything the controller may not have heard yet; react() to SessionBegan.
AgentEffects reconcile(const AgentState& state);

/// All three verbs for one request.
AgentEffects handle(AgentState& state, const AgentRequest& request);

/// The lists of a registration.
struct HeldStep {
  StepId step;
  StepPhase phase = StepPhase::preparing;
  std::string endpoint;
  StepResult result;
};

struct HeldAttempt {
  AttemptKey attempt;
  bool prepared = false;
  bool closing = false;
  std::vector<HeldStep> steps;
};

std::vector<HeldAttempt> held(const AgentState& state);

/// True while SecondPassed should be asked.
bool is_anything_closing(const AgentState& state);

}  // namespace cox::agent
