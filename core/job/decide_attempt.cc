// What nodes report about an attempt: prepared or not, closed. Reports of older attempts or
// sessions make no fact; answer() sees to them.
#include <string>

#include "core/fleet/trouble.h"
#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/progress.h"
#include "core/job/start.h"
#include "core/scene.h"

namespace cox::core {
namespace {

/// Nothing ran: the node's fault rolls the start back, the job's own ends it.
Facts prepare_failed(const Scene& scene, const Job& job, const ReportPrepared& ask) {
  const Node& node = scene.state.record.nodes[ask.node.value];
  const std::string why = "node " + node.name + ": " + *ask.failure;
  Endings endings(scene.state, scene.now);
  if (ask.sets_aside) {
    endings.undo_start(job, why);
    condemn_node(scene, endings, node, job_text(job) + ": " + *ask.failure);
  } else if (ask.node_at_fault) {
    endings.undo_start(job, why);
    blame_node(scene, endings, node, job.id,
               "could not prepare " + job_text(job) + ": " + *ask.failure);
  } else {
    endings.end_job(job, EndCause::launch_failed, 0, why);
  }
  return endings.take();
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const ReportPrepared& ask) {
  const Job* job = held_job(scene.state, ask.job, ask.attempt, ask.node);
  if (job == nullptr || !is_current(scene.contact, ask.node, ask.session)) return Facts{};
  if (!ask.failure.has_value()) return release_when_prepared(scene, *job);
  const bool nothing_ran =
      job->phase == JobPhase::starting || (job->phase == JobPhase::running && is_single(*job));
  return nothing_ran ? prepare_failed(scene, *job, ask) : Facts{};
}

Result<Facts> decide_one(const Scene& scene, const ReportClosed& ask) {
  if (!is_current(scene.contact, ask.node, ask.session)) return Facts{};
  Endings endings(scene.state, scene.now);
  const Node& node = scene.state.record.nodes[ask.node.value];
  if (find_stuck(node, AttemptKey{ask.job, ask.attempt}) != nullptr) {
    endings.add(NodeUnstuck{node.id, scene.now, ask.job, ask.attempt});
  }
  const Job* job = held_job(scene.state, ask.job, ask.attempt, ask.node);
  if (!ask.epilog_failure.empty()) {
    const std::string whose = job_text(scene.state, ask.job);
    condemn_node(scene, endings, node, whose + ": " + ask.epilog_failure);
  }
  if (job == nullptr) return endings.take();
  if (ask.batch_result.has_value() && job->phase != JobPhase::starting) {
    endings.end_step(*job, step_batch, *ask.batch_result);
    endings.end_job(*job, job_cause(*ask.batch_result), 0, ask.batch_result->detail);
  }
  // Nobody asked for it and no script ended: the node lost what it held. Before the release
  // nothing has run, so the job keeps its place.
  const std::string why = "node " + node.name + " closed the attempt by itself";
  if (job->phase == JobPhase::starting) {
    endings.undo_start(*job, why);
    blame_node(scene, endings, node, job->id, "lost the start of " + job_text(*job));
    return endings.take();
  }
  endings.end_job(*job, EndCause::supervisor_lost, 0, why);
  endings.free_node(*job, ask.node, ask.usage);
  return endings.take();
}

}  // namespace cox::core
