// See standing.h.
#include "core/slice/standing.h"

#include <algorithm>
#include <string>

#include "core/job/array.h"
#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

bool shall_stand(const Record& record, const Job& job) {
  if (job.phase != JobPhase::starting && job.phase != JobPhase::running) return false;
  if (job.run->suspended.is_set()) return true;
  const std::uint32_t row = job.run->allocation.row;
  return row != 0 && row != turn_of(record, partition_of(job));
}

/// Since `run.stands`, as far as that is after the release.
Duration standing_for(const JobRun& run, Instant now) {
  if (!run.stands.is_set() || !run.released.is_set()) return {};
  return std::max(now - std::max(run.stands, run.released), Duration{});
}

/// By name, where the uid is anybody's who is known here.
std::string user_text(const State& state, const Job& job, Uid uid) {
  if (uid == 0) return "root";
  if (uid == job.request.common->user.uid) return job.request.common->user.name;
  for (const auto& [association, usage] : state.record.usage.of) {
    if (association.uid == uid && !usage.user.empty()) return usage.user;
  }
  return "uid " + std::to_string(uid);
}

}  // namespace

std::uint32_t turn_of(const Record& record, const std::string& partition) {
  const auto found = record.turns.find(partition);
  return found == record.turns.end() ? 1 : found->second.row;
}

void keep_standing(const Record& record, Job& job, Instant at) {
  const bool stands = shall_stand(record, job);
  if (stands == job.run->stands.is_set()) return;
  JobRun& run = job.run.edit();
  if (stands) {
    run.stands = at;
    run.has_stood = true;
    return;
  }
  run.stood = Duration{run.stood.us + standing_for(run, at).us};
  run.stands = Instant{};
}

Duration stood(const Job& job, Instant now) {
  return Duration{job.run->stood.us + standing_for(*job.run, now).us};
}

std::string standing_text(const State& state, const Job& job) {
  if (!job.run->stands.is_set()) return {};
  if (job.run->suspended.is_set()) {
    return "suspended at " + to_utc_text(job.run->suspended) + " by " +
           user_text(state, job, job.run->suspended_by);
  }
  const std::string& partition = partition_of(job);
  const auto turn = state.record.turns.find(partition);
  const bool has_turned = turn != state.record.turns.end() && turn->second.since.is_set();
  return "row " + std::to_string(job.run->allocation.row) + " waits for its turn, which row " +
         std::to_string(turn_of(state.record, partition)) + " has" +
         (has_turned ? " since " + to_utc_text(turn->second.since) : "");
}

std::string standing_until(const State& state, const Job& job) {
  if (!job.run->stands.is_set()) return {};
  if (job.run->suspended.is_set()) return "cox resume " + job_name(job);
  return "the end of the turn of row " + std::to_string(turn_of(state.record, partition_of(job)));
}

bool may_stand(const Job& job) {
  const bool is_there = job.phase == JobPhase::starting || job.phase == JobPhase::running;
  return is_there && (job.run->has_stood || job.run->allocation.row != 0);
}

void end_turns(State& state, const Job& job) {
  if (job.run->allocation.row == 0) return;
  const std::string& partition = partition_of(job);
  if (!state.index.sliced.contains(partition)) state.record.turns.erase(partition);
}

}  // namespace cox::core
