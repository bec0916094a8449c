// Look-ups in the agent's state.
#include "noded/agent/state.h"

namespace cox::agent {

const AgentAttempt* AgentState::find(AttemptKey key) const {
  const auto it = attempts.find(key);
  return it == attempts.end() ? nullptr : &it->second;
}

const AgentStep* AgentState::find(const StepKey& key) const {
  const AgentAttempt* attempt = find(AttemptKey{key.job, key.attempt});
  if (attempt == nullptr) return nullptr;
  const auto it = attempt->steps.find(key.step);
  return it == attempt->steps.end() ? nullptr : &it->second;
}

}  // namespace cox::agent
