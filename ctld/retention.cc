// Ended jobs in the order in which they may leave.
#include "ctld/retention.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/job/errands.h"
#include "core/job/waits.h"

namespace cox::ctld {

namespace {

constexpr std::size_t jobs_per_turn = 1000;
constexpr int looks_per_turn = 10'000;

}  // namespace

void Retention::restore(const core::Job& job, std::uint64_t sequence) {
  if (job.phase == JobPhase::ended) ended_.push({job.run->ended, job.id, sequence});
}

void Retention::learn(const core::State& state, const core::Fact& fact, std::uint64_t sequence) {
  if (const auto* ended = std::get_if<core::JobEnded>(&fact)) {
    restore(*state.find_job(ended->job), sequence);
  } else if (const auto* aside = std::get_if<core::JobQuarantined>(&fact)) {
    restore(*state.find_job(aside->job), sequence);
  }
}

void Retention::begin(Instant now) {
  std::vector<Ended> all;
  for (; !ended_.empty(); ended_.pop()) {
    all.push_back(ended_.top());
    all.back().ended = std::min(all.back().ended, now);
  }
  ended_ = Queue({}, std::move(all));
}

std::vector<JobId> Retention::take_due(const core::State& state,
                                       Instant now,
                                       std::uint64_t history) {
  const Settings& settings = state.record.settings;
  std::vector<JobId> due;
  std::vector<Ended> waited_for;
  for (int looks = 0; looks < looks_per_turn; ++looks) {
    if (ended_.empty() || due.size() == jobs_per_turn) break;
    const Ended next = ended_.top();
    const bool is_over = next.ended + settings.history_keep <= now;
    const bool are_many = ended_.size() > settings.history_jobs;
    if (next.sequence > history || !(is_over || are_many)) break;
    ended_.pop();
    // Else forgotten before the restart, or noted twice.
    if (state.find_job(next.job) == nullptr) continue;
    if (core::is_waited_for(state, next.job) || core::owes_epilog(state, next.job)) {
      waited_for.push_back({now, next.job, next.sequence});  // another time
    } else {
      due.push_back(next.job);
    }
  }
  for (const Ended& one : waited_for) ended_.push(one);
  return due;
}

}  // namespace cox::ctld
