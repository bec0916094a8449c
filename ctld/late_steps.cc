// A short list: steps of a few seconds. What is too old goes when something new comes.
#include "ctld/late_steps.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/job/lifecycle.h"
#include "ctld/translate/controller_message.h"
#include "ctld/translate/replies.h"

namespace cox::ctld {
namespace {

// A supervisor waits a minute after the node has forgotten the step.
constexpr Duration kept_for = seconds(65);
constexpr std::size_t steps_max = 10'000;

/// Whether its root supervisor is there to be attached to.
bool has_supervisor(EndCause cause) {
  return cause != EndCause::supervisor_lost && cause != EndCause::node_lost &&
         cause != EndCause::client_gone;
}

}  // namespace

StepAddress find_address(const core::State& state,
                         const core::Contact& contact,
                         const StepKey& key) {
  const core::Job* job = state.find_job(key.job);
  if (job == nullptr || job->attempt != key.attempt) return {};
  const core::Step* step = core::find_step(*job, key.step);
  if (step == nullptr || !step->released.is_set() || step->shares.empty()) return {};
  StepAddress found;
  found.endpoint = find_endpoint(contact, key, step->shares.front().node);
  if (found.endpoint.empty()) return found;
  for (const core::StepShare& share : step->shares) found.tasks += share.tasks;
  found.node_list = job_nodes(state, *job);
  return found;
}

void LateSteps::learn(const core::State& state,
                      const core::Contact& contact,
                      const core::Fact& fact,
                      Instant now) {
  const auto* ended = std::get_if<core::StepEnded>(&fact);
  if (ended == nullptr || ended->step == step_batch) return;
  if (!has_supervisor(ended->result.cause)) return;
  const StepKey key{ended->job, ended->attempt, ended->step};
  StepAddress address = find_address(state, contact, key);
  while (!ended_.empty() && (ended_.front().ended + kept_for < now || ended_.size() >= steps_max)) {
    ended_.pop_front();
  }
  if (!address.endpoint.empty()) ended_.push_back({key, std::move(address), now});
}

const StepAddress* LateSteps::find(const StepKey& key, Instant now) const {
  const auto found = std::ranges::find(ended_, key, &Late::key);
  const bool is_known = found != ended_.end() && now <= found->ended + kept_for;
  return is_known ? &found->address : nullptr;
}

}  // namespace cox::ctld
