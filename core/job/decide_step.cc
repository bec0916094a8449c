// Steps inside a running job: created, cancelled, and what nodes report about them.
#include <algorithm>
#include <string>

#include "core/fleet/trouble.h"
#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/job/progress.h"
#include "core/job/step_binding.h"
#include "core/job/step_queue.h"
#include "core/scene.h"

namespace cox::core {
namespace {

/// What was asked for by name has to be possible where the step runs alone. Which cores an exact
/// step will get is not known before, so that it cannot name them.
Result<void> check_binding(const Record& record,
                           const Job& job,
                           const StepRequest& request,
                           const std::vector<StepShare>& alone) {
  const bool is_list = bind_of(job.request, request).kind == BindKind::list;
  if (is_list && request.sharing == StepSharing::exact) {
    return fail(Code::refused,
                "--bind list: which cores an exact step gets is not known before "
                "(without --exact and --cpus-per-task it has all of the job's)");
  }
  const std::string& partition = partition_of(job);
  return StepBinder(record, job.request, partition, job.run->allocation).check(request, alone);
}

/// A step that fits nowhere in its job is refused; one that does not fit beside other steps waits.
Result<Facts> start_or_queue(const Scene& scene, const Job& job, const CreateStep& ask) {
  const Record& record = scene.state.record;
  auto alone = place_step(record, job, ask.request, whole_room(job));
  if (!alone.has_value()) return Failure(alone.error());
  const std::uint32_t last = alone->back().first_task + alone->back().tasks - 1;
  if (ask.request.input_task.value_or(0) > last) {
    return fail(Code::refused, "--input " + std::to_string(*ask.request.input_task) +
                                   ": the step has ranks 0 to " + std::to_string(last));
  }
  if (auto bound = check_binding(record, job, ask.request, *alone); !bound.has_value()) {
    return Failure(bound.error());
  }
  const bool overlaps = ask.request.sharing == StepSharing::overlap;
  auto shares = overlaps
                    ? std::move(alone)
                    : place_step(record, job, ask.request, room_behind_queue(scene.state, job));
  const StepId id = job.run->next_step;
  if (shares.has_value()) {
    return Facts{
        StepStarted{job.id, job.attempt, id, scene.now, ask.request, std::move(*shares), ask.key}};
  }
  if (ask.is_immediate) {
    return fail(Code::refused, shares.error().message + " now (without --immediate it waits)");
  }
  if (count_waiting_steps(scene.state.index, job.id) >= waiting_steps_max) {
    return fail(Code::refused, job_text(job) + " has " + std::to_string(waiting_steps_max) +
                                   " steps that wait: no more may");
  }
  return Facts{StepQueued{job.id, job.attempt, id, scene.now, ask.request, ask.key}};
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const CreateStep& ask) {
  const auto found = controlled_job(scene.state, ask.caller, ask.job);
  if (!found.has_value()) return Failure(found.error());
  const Job& job = **found;
  if (!is_owner(ask.caller, job) && ask.caller.role < Role::administrator) {
    return fail(Code::not_permitted, "only the owner of " + job_text(job) + " may run steps in it");
  }
  if (is_array(job)) {
    return fail(Code::refused, job_text(job) + " is an array: name one of its elements (" +
                                   job_name(job) + "_INDEX)");
  }
  if (step_created_before(job, ask.key) != nullptr) return Facts{};
  if (job.phase != JobPhase::running) {
    return fail(Code::refused, job_text(job) + " is " + std::string(to_text(job_state(job))) +
                                   ": steps run only in a running job");
  }
  if (ask.request.argv.empty()) return fail(Code::bad_usage, "the step has no command");
  if (job.run->next_step >= step_batch)
    return fail(Code::refused, job_text(job) + " has no step id left");
  return start_or_queue(scene, job, ask);
}

/// Mostly no fact: the nodes are told by answer(), and the step ends when they report it. One that
/// waits ends at once.
Result<Facts> decide_one(const Scene& scene, const CancelStep& ask) {
  const auto found = controlled_job(scene.state, ask.caller, ask.job);
  if (!found.has_value()) return Failure(found.error());
  const Job& job = **found;
  const Step* step = find_step(job, ask.step);
  const std::string text = "step " + job_name(job) + "." + step_name(ask.step);
  if (step == nullptr) return fail(Code::not_found, "no " + text);
  if (step->is_ended() || !is_live(job)) return fail(Code::refused, text + " has ended");
  if (ask.step == step_batch) return decide_one(scene, CancelJob{ask.caller, ask.job});
  if (!step->is_waiting()) return Facts{};
  StepResult result;
  result.cause = EndCause::cancelled;
  result.detail = "cancelled by " + actor_text(ask.caller, job) + " before it began";
  Endings endings(scene.state, scene.now);
  endings.end_step(job, step->id, result);
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const ReportStepPrepared& ask) {
  const Job* job = held_job(scene.state, ask.step.job, ask.step.attempt, ask.node);
  if (job == nullptr || !is_current(scene.contact, ask.node, ask.session)) return Facts{};
  const Step* step = find_step(*job, ask.step.step);
  if (step == nullptr || step->is_ended() || !has_share(*step, ask.node)) return Facts{};
  if (!ask.failure.has_value()) return release_step_when_prepared(scene, *job, *step);
  if (step->released.is_set() || job->phase == JobPhase::starting) return Facts{};
  StepResult result;
  result.cause = EndCause::launch_failed;
  result.exit_code = 1;
  result.detail = "node " + scene.state.record.nodes[ask.node.value].name + ": " + *ask.failure;
  Endings endings(scene.state, scene.now);
  endings.end_step(*job, step->id, result);
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const ReportStepEnded& ask) {
  const Job* job = held_job(scene.state, ask.step.job, ask.step.attempt, ask.node);
  if (job == nullptr || !is_current(scene.contact, ask.node, ask.session)) return Facts{};
  const Step* step = find_step(*job, ask.step.step);
  if (step == nullptr || !has_share(*step, ask.node)) return Facts{};
  Endings endings(scene.state, scene.now);
  if (job->phase == JobPhase::starting && is_lost(ask.result)) {
    // Before the release nothing has run, and without this supervisor nothing ever will.
    const Node& node = scene.state.record.nodes[ask.node.value];
    endings.undo_start(*job, "node " + node.name + ": " + ask.result.detail);
    if (ask.result.cause == EndCause::supervisor_lost) {
      blame_node(scene, endings, node, job->id, "lost the start of " + job_text(*job));
    }
    return endings.take();
  }
  end_step_when_reported(scene, endings, *job, *step);
  return endings.take();
}

const Step* step_created_before(const Job& job, const ClientKey& key) {
  if (key.empty()) return nullptr;
  const auto found = std::ranges::find(job.run->steps, key, &Step::key);
  return found == job.run->steps.end() ? nullptr : &*found;
}

}  // namespace cox::core
