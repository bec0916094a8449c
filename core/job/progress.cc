// See progress.h: the answers are in Contact, the shares in State.
#include "core/job/progress.h"

#include <algorithm>

#include "core/job/lifecycle.h"
#include "core/job/start.h"

namespace cox::core {

Facts release_when_prepared(const Scene& scene, const Job& job) {
  const Answers* answers = find_answers(scene.contact, key_of(job));
  if (job.phase != JobPhase::starting || answers == nullptr) return {};
  for (const NodeShare& share : job.run->allocation.nodes) {
    if (!answers->prepared.contains(share.node)) return {};
  }
  return release_job(job, job.attempt, scene.now);
}

Facts release_step_when_prepared(const Scene& scene, const Job& job, const Step& step) {
  const Answers* answers = find_answers(scene.contact, key_of(job, step.id));
  const bool waits = job.phase == JobPhase::running && !step.released.is_set() && !step.is_ended();
  if (!waits || answers == nullptr) return {};
  for (const StepShare& share : step.shares) {
    if (!answers->prepared.contains(share.node)) return {};
  }
  return Facts{StepReleased{job.id, job.attempt, step.id, scene.now}};
}

void end_step_when_reported(const Scene& scene,
                            Endings& endings,
                            const Job& job,
                            const Step& step) {
  const Answers* answers = find_answers(scene.contact, key_of(job, step.id));
  const bool is_open = job.phase == JobPhase::running || job.phase == JobPhase::ending;
  if (!is_open || step.is_ended() || answers == nullptr || answers->ended.empty()) return;
  StepResult result = answers->ended.begin()->second;
  for (const StepShare& share : step.shares) {
    const auto reported = answers->ended.find(share.node);
    if (reported == answers->ended.end()) {
      if (holds_share(job, share.node)) return;
    } else if (reported != answers->ended.begin()) {
      result = merged(result, reported->second);
    }
  }
  endings.end_step(job, step.id, result);
  if (initial_step(job.request) == step.id) {
    endings.end_job(job, job_cause(result), 0, result.detail);
  }
}

bool is_lost(const StepResult& result) {
  return result.cause == EndCause::supervisor_lost || result.cause == EndCause::node_lost;
}

std::optional<StepLoss> loss_of(const Contact& contact, const StepKey& key) {
  const Answers* answers = find_answers(contact, key);
  if (answers == nullptr) return std::nullopt;
  for (const auto& [node, result] : answers->ended) {
    if (is_lost(result)) return StepLoss{node, result.cause};
  }
  return std::nullopt;
}

}  // namespace cox::core
