// answer(): requests that changed nothing and still deserve a word. Late and doubled reports end
// here.
#include <variant>

#include "core/effects.h"
#include "core/job/lifecycle.h"
#include "core/job/progress.h"
#include "core/job/signals.h"
#include "core/scene.h"

namespace cox::core {
namespace {

struct Asked {
  const State& state;
  const Contact& contact;
  EffectList effects;
};

/// An attempt that is no longer the node's business is closed there.
void close_stale(Asked& to, NodeId node, AttemptKey key) {
  to.effects.send(SendClose{node, key.job, key.attempt, EndCause::requeued});
}

void answer_to(Asked& to, const ReportPrepared& ask) {
  if (!is_current(to.contact, ask.node, ask.session)) return;
  const Job* job = held_job(to.state, ask.job, ask.attempt, ask.node);
  if (job == nullptr) {
    close_stale(to, ask.node, AttemptKey{ask.job, ask.attempt});
  } else if (job->phase == JobPhase::ending) {
    to.effects.send(SendClose{ask.node, ask.job, ask.attempt, job->run->cause});
  } else if (job->phase == JobPhase::running && !is_single(*job)) {
    to.effects.send(SendGo{ask.node, ask.job, ask.attempt});
  }
}

void answer_to(Asked& to, const ReportClosed& ask) {
  if (!is_current(to.contact, ask.node, ask.session)) return;
  if (held_job(to.state, ask.job, ask.attempt, ask.node) == nullptr) {
    to.effects.send(SendClosedAck{ask.node, ask.job, ask.attempt});
  }
}

void answer_to(Asked& to, const ReportStepPrepared& ask) {
  if (!is_current(to.contact, ask.node, ask.session)) return;
  const Job* job = held_job(to.state, ask.step.job, ask.step.attempt, ask.node);
  if (job == nullptr) {
    close_stale(to, ask.node, AttemptKey{ask.step.job, ask.step.attempt});
    return;
  }
  const Step* step = find_step(*job, ask.step.step);
  const bool is_over = step == nullptr || step->is_ended();
  if (ask.failure) {
    // Nothing runs there. An order to end it would only make the node say so again, without end.
    if (is_over) to.effects.send(SendStepAck{ask.node, ask.step});
  } else if (is_over) {
    to.effects.send(SendEndStep{ask.node, ask.step, EndCause::cancelled});
  } else if (step->released.is_set()) {
    to.effects.send(SendGoStep{ask.node, ask.step});
  }
}

/// Whoever was told to end a step because of a loss tells of a loss in turn: one speaks for all of
/// them. And who has told its end would only tell it again, two of them without end, three of them
/// ever more often.
void end_elsewhere(Asked& to, const Step& step, const ReportStepEnded& ask) {
  const auto loss = loss_of(to.contact, ask.step);
  if (!loss.has_value() || loss->node != ask.node) return;
  const Answers& answers = *find_answers(to.contact, ask.step);
  for (const StepShare& share : step.shares) {
    if (answers.ended.contains(share.node)) continue;
    to.effects.send(SendEndStep{share.node, ask.step, loss->cause});
  }
}

/// Committed or stale results are acknowledged.
void answer_to(Asked& to, const ReportStepEnded& ask) {
  if (!is_current(to.contact, ask.node, ask.session)) return;
  const Job* job = held_job(to.state, ask.step.job, ask.step.attempt, ask.node);
  const Step* step = job == nullptr ? nullptr : find_step(*job, ask.step.step);
  if (step == nullptr || step->is_ended()) {
    to.effects.send(SendStepAck{ask.node, ask.step});
    return;
  }
  end_elsewhere(to, *step, ask);
}

void answer_to(Asked& to, const CancelStep& ask) {
  const Job* job = to.state.find_job(ask.job);
  const Step* step = job == nullptr ? nullptr : find_step(*job, ask.step);
  if (step == nullptr || step->is_ended()) return;
  for (const StepShare& share : step->shares) {
    to.effects.send(SendEndStep{share.node, key_of(*job, ask.step), EndCause::cancelled});
  }
}

void answer_to(Asked& to, const SignalJob& ask) {
  const Scene scene{to.state, to.contact, Instant{}};
  if (is_cancel(ask)) {
    for (const SendSignal& kill : kills_for(scene, ask)) to.effects.send(kill);
    return;
  }
  const auto signals = signals_for(scene, ask);
  if (!signals.has_value()) return;
  for (const SendSignal& signal : *signals) to.effects.send(signal);
}

template <class Other>
void answer_to(Asked&, const Other&) {}

}  // namespace

Effects answer(const State& state, const Contact& contact, const Request& request) {
  Asked to{state, contact, EffectList(contact)};
  std::visit([&to](const auto& ask) { answer_to(to, ask); }, request);
  return to.effects.take();
}

}  // namespace cox::core
