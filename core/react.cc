// react(): what a fact asks to be done now. Each function is about one fact.
#include <variant>

#include "core/effects.h"
#include "core/job/lifecycle.h"
#include "core/job/start.h"
#include "core/scene.h"

namespace cox::core {
namespace {

struct Reaction {
  const State& state;
  const Contact& contact;
  EffectList effects;
};

const Job& job_of(const Reaction& to, JobId id) {
  return to.state.record.jobs.at(id);
}

/// With a prolog of the controller's, StartCleared is what the nodes wait for.
void react_to(Reaction& to, const JobStarted& fact) {
  if (fact.awaits_program) return;
  const bool at_once = goes_at_once(to.state, fact.allocation);
  for (const NodeShare& share : fact.allocation.nodes) {
    to.effects.send(SendPrepare{share.node, fact.job, fact.attempt, at_once});
  }
}

void react_to(Reaction& to, const StartCleared& fact) {
  const Job& job = job_of(to, fact.job);
  for (const NodeShare& share : job.run->allocation.nodes) {
    const bool at_once = goes_at_once(to.state, job.run->allocation);
    to.effects.send(SendPrepare{share.node, fact.job, fact.attempt, at_once});
  }
}

void react_to(Reaction& to, const NodeRebootBegun& fact) {
  to.effects.send(SendReboot{fact.node});
}

void react_to(Reaction& to, const JobReleased& fact) {
  const Job& job = job_of(to, fact.job);
  const bool is_confirmed = find_answers(to.contact, AttemptKey{fact.job, fact.attempt}) != nullptr;
  if (is_single(job) && !is_confirmed) return;  // it was told to go at once
  for (const NodeShare& share : job.run->allocation.nodes) {
    to.effects.send(SendGo{share.node, fact.job, fact.attempt});
  }
}

void react_to(Reaction& to, const StartUndone& fact) {
  for (const NodeShare& share : job_of(to, fact.job).run->allocation.nodes) {
    to.effects.send(SendClose{share.node, fact.job, fact.attempt, EndCause::requeued});
  }
}

void react_to(Reaction& to, const JobEnding& fact) {
  const Job& job = job_of(to, fact.job);
  const Answers* answers = find_answers(to.contact, AttemptKey{fact.job, fact.attempt});
  for (const NodeShare& share : job.run->allocation.nodes) {
    const bool has_closed = answers != nullptr && answers->closed.contains(share.node);
    if (has_closed || !holds_share(job, share.node)) continue;
    to.effects.send(SendClose{share.node, fact.job, fact.attempt, fact.cause});
  }
}

void react_to(Reaction& to, const NodeFreed& fact) {
  to.effects.send(SendClosedAck{fact.node, fact.job, fact.attempt});
}

/// Who enforces the limit of what has begun has to know.
void react_to(Reaction& to, const JobUpdated& fact) {
  const Job& job = job_of(to, fact.job);
  if (!job.run->is_limit_changed) return;
  for (const NodeShare& share : job.run->allocation.nodes) {
    if (holds_share(job, share.node)) {
      to.effects.send(SendLimit{share.node, fact.job, job.attempt});
    }
  }
}

void tell_standing(Reaction& to, const Job& job) {
  for (const NodeShare& share : job.run->allocation.nodes) {
    if (holds_share(job, share.node)) to.effects.send(SendPause{share.node, job.id, job.attempt});
  }
}

void react_to(Reaction& to, const JobSuspended& fact) {
  tell_standing(to, job_of(to, fact.job));
}

void react_to(Reaction& to, const JobResumed& fact) {
  tell_standing(to, job_of(to, fact.job));
}

/// Only where that changed whether it stands still: what a message says is made when it leaves, and
/// by then a turn may have let it go on, of which others have to hear first.
void react_to(Reaction& to, const RowChanged& fact) {
  const Job& job = job_of(to, fact.job);
  const bool stood_before = job.run->stands.is_set() && job.run->stands != fact.at;
  if (!stood_before) tell_standing(to, job);
}

/// Who has had the turn stands still on a node before another goes on there.
void react_to(Reaction& to, const RowTurned& fact) {
  const auto found = to.state.index.sliced.find(fact.partition);
  if (found == to.state.index.sliced.end()) return;
  for (const auto& [row, jobs] : found->second.rows) {
    for (const JobId id : jobs) {
      if (job_of(to, id).run->stands == fact.at) tell_standing(to, job_of(to, id));
    }
  }
  const auto turn = found->second.rows.find(fact.row);
  if (turn == found->second.rows.end()) return;
  for (const JobId id : turn->second) {
    const Job& job = job_of(to, id);
    if (!job.run->stands.is_set() && job.phase != JobPhase::ending) tell_standing(to, job);
  }
}

/// Where the job went on without the node, no NodeFreed follows to acknowledge the closing.
void react_to(Reaction& to, const NodeUnstuck& fact) {
  if (held_job(to.state, fact.job, fact.attempt, fact.node) != nullptr) return;
  to.effects.send(SendClosedAck{fact.node, fact.job, fact.attempt});
}

void react_to(Reaction& to, const StepStarted& fact) {
  const Job& job = job_of(to, fact.job);
  if (initial_step(job.request) == fact.step) return;  // comes with SendPrepare
  for (const StepShare& share : fact.shares) {
    to.effects.send(SendPrepareStep{share.node, StepKey{fact.job, fact.attempt, fact.step}});
  }
}

void react_to(Reaction& to, const StepReleased& fact) {
  const Job& job = job_of(to, fact.job);
  const Step* step = find_step(job, fact.step);
  if (step == nullptr || initial_step(job.request) == fact.step) return;
  for (const StepShare& share : step->shares) {
    to.effects.send(SendGoStep{share.node, StepKey{fact.job, fact.attempt, fact.step}});
  }
}

/// The batch step needs no word: its result came with the closing of the attempt. A step that could
/// not be prepared is ended where it waits.
void react_to(Reaction& to, const StepEnded& fact) {
  const Step* step = find_step(job_of(to, fact.job), fact.step);
  if (step == nullptr || fact.step == step_batch) return;
  const StepKey key{fact.job, fact.attempt, fact.step};
  for (const StepShare& share : step->shares) {
    if (!step->released.is_set()) {
      to.effects.send(SendEndStep{share.node, key, fact.result.cause});
    } else {
      to.effects.send(SendStepAck{share.node, key});
    }
  }
}

template <class Other>
void react_to(Reaction&, const Other&) {}

}  // namespace

Effects react(const State& state, const Contact& contact, const Fact& fact) {
  Reaction to{state, contact, EffectList(contact)};
  std::visit([&to](const auto& one) { react_to(to, one); }, fact);
  return to.effects.take();
}

}  // namespace cox::core
