// See errands.h. Nothing waits for an epilog; a prolog that fails is nobody's node's fault.
#include "core/job/errands.h"

#include <variant>

#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/start.h"
#include "core/scene.h"

namespace cox::core {
namespace {

/// Nothing ran and no node heard of it. A batch job keeps its place, held until somebody has
/// looked; who sits before a terminal is told.
Facts prolog_failed(const Scene& scene, const Job& job, const std::string& why) {
  Endings endings(scene.state, scene.now);
  if (job.request.common->kind == JobKind::interactive) {
    endings.end_job(job, EndCause::launch_failed, 0, why);
    return endings.take();
  }
  endings.undo_start(job, why);
  const bool is_held = job.run->starts_undone + 1 >= failed_starts_max;
  if (!is_held) endings.add(JobHeld{job.id, scene.now, Hold::by_system, why});
  return endings.take();
}

void add_epilog(const State& state, AttemptKey key, Errands* errands) {
  if (!state.record.epilogs_owed.contains(key)) return;
  errands->push_back(Errand{key.job, key.attempt, Errand::Kind::epilog});
}

}  // namespace

bool owes_epilog(const State& state, JobId id) {
  const auto first = state.record.epilogs_owed.lower_bound({id, Attempt{0}});
  return first != state.record.epilogs_owed.end() && first->job == id;
}

Errands errands_of(const State& state, const Fact& fact) {
  Errands errands;
  if (const auto* started = std::get_if<JobStarted>(&fact)) {
    if (started->awaits_program) {
      errands.push_back(Errand{started->job, started->attempt, Errand::Kind::prolog});
    }
  } else if (const auto* ending = std::get_if<JobEnding>(&fact)) {
    if (state.find_job(ending->job)->run->awaits_program) {
      errands.push_back(Errand{ending->job, ending->attempt, Errand::Kind::end_prolog});
    }
  } else if (const auto* undone = std::get_if<StartUndone>(&fact)) {
    if (!state.record.settings.programs.controller_prolog.empty()) {
      errands.push_back(Errand{undone->job, undone->attempt, Errand::Kind::end_prolog});
    }
    add_epilog(state, {undone->job, undone->attempt}, &errands);
  } else if (const auto* again = std::get_if<JobRequeued>(&fact)) {
    add_epilog(state, {again->job, again->attempt}, &errands);
  } else if (const auto* ended = std::get_if<JobEnded>(&fact)) {
    add_epilog(state, {ended->job, ended->attempt}, &errands);
  }
  return errands;
}

Errands unfinished_errands(const State& state) {
  Errands errands;
  for (const JobId id : state.index.unended) {
    const Job& job = *state.find_job(id);
    if (job.phase != JobPhase::starting || !job.run->awaits_program) continue;
    errands.push_back(Errand{job.id, job.attempt, Errand::Kind::prolog});
  }
  for (const AttemptKey key : state.record.epilogs_owed) add_epilog(state, key, &errands);
  return errands;
}

Result<Facts> decide_one(const Scene& scene, const ReportProgram& ask) {
  if (ask.is_epilog) {
    if (!scene.state.record.epilogs_owed.contains({ask.job, ask.attempt})) return Facts{};
    return Facts{EpilogEnded{ask.job, ask.attempt, scene.now, ask.failure.value_or("")}};
  }
  const Job* job = scene.state.find_job(ask.job);
  const bool is_awaited = job != nullptr && job->attempt == ask.attempt &&
                          job->phase == JobPhase::starting && job->run->awaits_program;
  if (!is_awaited) return Facts{};
  if (ask.failure) return prolog_failed(scene, *job, *ask.failure);
  Facts facts{StartCleared{job->id, job->attempt, scene.now}};
  // A node that is not there, as after a restart, gets it and confirms it when it registers.
  const NodeId first = job->run->allocation.nodes.front().node;
  const bool is_at_once = goes_at_once(scene.state, job->run->allocation);
  if (!is_at_once || !scene.contact.is_connected(first)) return facts;
  // Its nodes are one: it goes at once.
  for (Fact& fact : release_job(*job, job->attempt, scene.now)) facts.push_back(std::move(fact));
  return facts;
}

}  // namespace cox::core
