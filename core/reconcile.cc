// reconcile(): what a node says it holds against what it should hold.
#include <algorithm>

#include "core/effects.h"
#include "core/job/lifecycle.h"
#include "core/job/progress.h"
#include "core/scene.h"
#include "core/slice/standing.h"

namespace cox::core {
namespace {

struct Comparison {
  const State& state;
  const Contact& contact;
  NodeId node;
  EffectList effects;
};

bool holds(const std::vector<HeldAttempt>& held, const Job& job) {
  return std::ranges::any_of(held, [&job](const HeldAttempt& attempt) {
    return attempt.job == job.id && attempt.attempt == job.attempt;
  });
}

/// The step lost a supervisor on another node while this one was away.
bool end_what_was_lost(Comparison& with, const StepKey& key) {
  const auto loss = loss_of(with.contact, key);
  if (loss.has_value()) with.effects.send(SendEndStep{with.node, key, loss->cause});
  return loss.has_value();
}

void compare_held_step(Comparison& with, const Job& job, const HeldStep& held) {
  const StepKey key = key_of(job, held.step);
  const Step* step = find_step(job, held.step);
  if (step == nullptr || !has_share(*step, with.node)) {
    with.effects.send(SendEndStep{with.node, key, EndCause::cancelled});
  } else if (step->is_ended()) {
    if (held.phase == StepPhase::ended) {
      with.effects.send(SendStepAck{with.node, key});
    } else {
      with.effects.send(SendEndStep{with.node, key, step->result.cause});
    }
  } else if (held.phase != StepPhase::ended && end_what_was_lost(with, key)) {
    return;
  } else if (step->released.is_set() && held.phase == StepPhase::prepared &&
             initial_step(job.request) != held.step) {
    with.effects.send(SendGoStep{with.node, key});
  }
}

/// Released but only prepared: the go was lost on the way.
void compare_running(Comparison& with, const Job& job, const HeldAttempt& held) {
  const auto initial = initial_step(job.request);
  for (const HeldStep& step : held.steps) {
    if (initial == step.step && step.phase == StepPhase::prepared) {
      with.effects.send(SendGo{with.node, job.id, job.attempt});
    }
    compare_held_step(with, job, step);
  }
  for (const Step& step : job.run->steps) {
    const bool is_held =
        std::ranges::any_of(held.steps, [&](const HeldStep& one) { return one.step == step.id; });
    if (is_held || step.is_ended() || initial == step.id || !has_share(step, with.node)) continue;
    if (end_what_was_lost(with, key_of(job, step.id))) continue;
    with.effects.send(SendPrepareStep{with.node, key_of(job, step.id)});
  }
}

/// Why an attempt is no longer the node's business. The supervisor writes it into the job's output,
/// where an attempt that was its job's last must not be said to run again.
EndCause cause_of_stale(const State& state, const HeldAttempt& held) {
  const Job* job = state.find_job(held.job);
  if (job == nullptr) return EndCause::node_lost;  // ended without the node, and forgotten since
  const bool was_last = job->phase == JobPhase::ended && job->attempt == held.attempt;
  return was_last ? job->run->cause : EndCause::requeued;
}

/// Who has no turn stands still before another goes on, and nothing is told to go before that.
void tell_standing(Comparison& with, const std::vector<HeldAttempt>& held) {
  for (const bool stands : {true, false}) {
    for (const HeldAttempt& one : held) {
      const Job* job = held_job(with.state, one.job, one.attempt, with.node);
      if (job == nullptr || one.closing || !may_stand(*job)) continue;
      if (job->run->stands.is_set() != stands) continue;
      with.effects.send(SendPause{with.node, job->id, job->attempt});
    }
  }
}

void compare_held(Comparison& with, const HeldAttempt& held) {
  const Job* job = held_job(with.state, held.job, held.attempt, with.node);
  if (job == nullptr) {
    with.effects.send(
        SendClose{with.node, held.job, held.attempt, cause_of_stale(with.state, held)});
  } else if (job->phase == JobPhase::ending) {
    with.effects.send(SendClose{with.node, job->id, job->attempt, job->run->cause});
  } else if (held.closing) {
    return;  // its Closed report follows
  } else {
    // What it was told may be older, or it was away when the limit was changed.
    if (job->run->is_limit_changed) {
      with.effects.send(SendLimit{with.node, job->id, job->attempt});
    }
    if (job->phase == JobPhase::running) compare_running(with, *job, held);
  }
}

}  // namespace

Effects reconcile(const State& state,
                  const Contact& contact,
                  NodeId node,
                  const std::vector<HeldAttempt>& held) {
  Comparison with{state, contact, node, EffectList(contact)};
  tell_standing(with, held);
  for (const HeldAttempt& attempt : held) compare_held(with, attempt);
  if (node.value >= state.index.jobs_on_node.size()) return with.effects.take();
  if (state.record.nodes[node.value].reboot.begun.is_set()) with.effects.send(SendReboot{node});
  for (const JobId id : state.index.jobs_on_node[node.value]) {
    const Job& job = *state.find_job(id);
    if (job.phase == JobPhase::starting && !job.run->awaits_program && !holds(held, job)) {
      with.effects.send(SendPrepare{node, job.id, job.attempt, false});
    }
  }
  return with.effects.take();
}

}  // namespace cox::core
