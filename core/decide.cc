// decide(): from a request to its facts, and the questions that several families share.
#include <variant>

#include "core/job/lifecycle.h"
#include "core/scene.h"

namespace cox::core {

Result<Facts> decide(const State& state,
                     const Contact& contact,
                     Instant now,
                     const Request& request) {
  const Scene scene{state, contact, now};
  return std::visit([&scene](const auto& ask) { return decide_one(scene, ask); }, request);
}

bool is_current(const Contact& contact, NodeId node, Session session) {
  return contact.is_connected(node) && contact.nodes[node.value].session == session;
}

const Job* held_job(const State& state, JobId id, Attempt attempt, NodeId node) {
  const Job* job = state.find_job(id);
  if (job == nullptr || job->attempt != attempt || !holds_share(*job, node)) return nullptr;
  return job;
}

const Answers* find_answers(const Contact& contact, AttemptKey key) {
  const auto found = contact.attempts.find(key);
  return found == contact.attempts.end() ? nullptr : &found->second;
}

const Answers* find_answers(const Contact& contact, StepKey key) {
  const auto found = contact.steps.find(key);
  return found == contact.steps.end() ? nullptr : &found->second;
}

}  // namespace cox::core
