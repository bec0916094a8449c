// Signals leave no fact: answer() sends them where decide() found nothing against it.
#include <csignal>
#include <string>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/signals.h"
#include "core/job/targets.h"

namespace cox::core {
namespace {

std::string step_title(const Job& job, StepId step) {
  return "step " + job_name(job) + "." + step_name(step);
}

bool has_begun(const Step& step) {
  return step.released.is_set() && !step.is_ended();
}

/// Whether the step is among those meant, where none was named.
bool is_meant(const SignalJob& ask, const Step& step) {
  const bool is_batch = step.id == step_batch;
  if (ask.scope == SignalScope::all) return true;
  return is_batch == (ask.scope == SignalScope::batch);
}

/// error: refused where a node of the step cannot be told
Result<void> add(const Scene& scene,
                 const SignalJob& ask,
                 const Job& job,
                 const Step& step,
                 std::vector<SendSignal>& to) {
  const bool first_only = step.id == step_batch && ask.scope != SignalScope::all;
  for (const StepShare& share : step.shares) {
    if (!scene.contact.is_connected(share.node)) {
      return fail(Code::refused, step_title(job, step.id) + " runs on node " +
                                     scene.state.record.nodes[share.node.value].name +
                                     ", which is not connected: nobody was sent the signal");
    }
    to.push_back({share.node, key_of(job, step.id), ask.signal, first_only, ask.key});
  }
  return {};
}

/// error: not_found, refused
Result<void> add_named(const Scene& scene,
                       const SignalJob& ask,
                       const Job& job,
                       std::vector<SendSignal>& to) {
  const Step* step = find_step(job, *ask.step);
  const std::string text = step_title(job, *ask.step);
  if (step == nullptr) return fail(Code::not_found, "no " + text);
  if (step->is_ended() || !is_live(job)) return fail(Code::refused, text + " has ended");
  if (!has_begun(*step)) return fail(Code::refused, text + " has not begun");
  return add(scene, ask, job, *step, to);
}

Failure nothing_runs(const SignalJob& ask, const Job& job) {
  if (job.phase != JobPhase::running) {
    return fail(Code::refused, job_text(job) + " is " + std::string(to_text(job_state(job))) +
                                   ": only what runs gets a signal");
  }
  if (ask.scope == SignalScope::batch) {
    return fail(Code::refused, job_text(job) + " has no batch script that runs");
  }
  const bool has_script = job.request.common->kind == JobKind::batch;
  return fail(Code::refused, job_text(job) + " has no step that runs" +
                                 (has_script ? " (its script: --batch; both: --full)" : ""));
}

}  // namespace

bool is_cancel(const SignalJob& ask) {
  return ask.signal == SIGKILL && ask.scope == SignalScope::steps && !ask.step;
}

Result<std::vector<SendSignal>> signals_for(const Scene& scene, const SignalJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  const Job& named = targets->jobs.empty() ? *targets->array : *targets->jobs.front();
  std::vector<SendSignal> signals;
  if (ask.step) {
    if (targets->jobs.size() != 1) {
      return fail(Code::refused, job_text(named) + ": a step of one job is expected");
    }
    if (auto added = add_named(scene, ask, named, signals); !added) return Failure(added.error());
    return signals;
  }
  for (const Job* job : targets->jobs) {
    if (job->phase != JobPhase::running) continue;
    for (const Step& step : job->run->steps) {
      if (!has_begun(step) || !is_meant(ask, step)) continue;
      if (auto added = add(scene, ask, *job, step, signals); !added) return Failure(added.error());
    }
  }
  if (signals.empty()) return nothing_runs(ask, named);
  return signals;
}

std::vector<SendSignal> kills_for(const Scene& scene, const SignalJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  std::vector<SendSignal> kills;
  if (!targets.has_value()) return kills;
  for (const Job* job : targets->jobs) {
    if (job->phase != JobPhase::ending) continue;
    for (const Step& step : job->run->steps) {
      if (!has_begun(step)) continue;
      for (const StepShare& share : step.shares) {
        if (!scene.contact.is_connected(share.node)) continue;
        kills.push_back({share.node, key_of(*job, step.id), ask.signal, false, ask.key});
      }
    }
  }
  return kills;
}

Result<Facts> decide_one(const Scene& scene, const SignalJob& ask) {
  if (is_cancel(ask)) return decide_one(scene, CancelJob{ask.caller, ask.job, ask.elements});
  const auto signals = signals_for(scene, ask);
  if (!signals.has_value()) return Failure(signals.error());
  return Facts{};
}

}  // namespace cox::core
