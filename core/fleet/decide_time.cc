// CheckTime: nodes silent for too long are lost, starts that nobody answers are rolled back, and
// attempts far over their limit are ended. Supervisors enforce limits; this is the second line.
#include <algorithm>
#include <string>
#include <vector>

#include "core/fairshare/usage.h"
#include "core/fleet/reboot.h"
#include "core/fleet/trouble.h"
#include "core/job/array.h"
#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/waits.h"
#include "core/scene.h"
#include "core/slice/standing.h"
#include "core/slice/turns.h"

namespace cox::core {
namespace {

/// A node has this long to prepare; a supervisor this long to enforce a limit after kill_wait.
constexpr Duration patience = seconds(60);

Instant last_heard(const Contact& contact, NodeId node) {
  // A new controller counts from its own start: its restart is nobody's silence.
  if (node.value >= contact.nodes.size()) return contact.started;
  return std::max(contact.started, contact.nodes[node.value].last_heard);
}

/// From when a span that began with a fact is counted. Instants of before the clock was put forward
/// lie too far back, those of before it was put back may lie ahead; and what became of the clock
/// before this controller began, nobody knows.
Instant counted_from(const Scene& scene, Instant begun) {
  if (begun > scene.now) return scene.contact.started;
  return std::max({begun, scene.contact.clock_set, scene.contact.started});
}

/// When its nodes were to be told.
Instant prepares_since(const Job& job) {
  return job.run->cleared.is_set() ? job.run->cleared : job.run->started;
}

/// A node that was away is told as it registers.
Instant told(const Scene& scene, const Job& job, NodeId node) {
  const auto& nodes = scene.contact.nodes;
  const Instant registered = node.value < nodes.size() ? nodes[node.value].registered : Instant{};
  return std::max(counted_from(scene, prepares_since(job)), registered);
}

Duration start_patience(const Scene& scene) {
  return patience + prolog_patience(scene.state.record.settings.programs);
}

/// A job whose script has ended is said to have when its node's epilog has, too.
Duration epilog_patience(const ProgramSettings& programs) {
  return programs.epilog.empty() ? Duration{} : programs.epilog_timeout;
}

bool is_overdue(const Scene& scene, const Job& job) {
  if (job.phase != JobPhase::running || job.request.time_limit >= duration_unlimited) return false;
  const Settings& settings = scene.state.record.settings;
  const Duration limit = job.request.time_limit + settings.kill_wait + patience +
                         prolog_patience(settings.programs) + epilog_patience(settings.programs);
  return scene.now > counted_from(scene, job.run->released) + limit + stood(job, scene.now);
}

bool is_heard(const Scene& scene, NodeId node) {
  return scene.contact.is_heard(node, scene.now, scene.state.record.settings.silent_after);
}

/// The nodes that owe an answer to the start.
std::vector<NodeId> owing(const Scene& scene, const Job& job) {
  const Answers* answers = find_answers(scene.contact, key_of(job));
  std::vector<NodeId> nodes;
  for (const NodeShare& share : job.run->allocation.nodes) {
    if (answers == nullptr || !answers->prepared.contains(share.node)) nodes.push_back(share.node);
  }
  return nodes;
}

/// Nobody waits for ever for a node that comes and goes: `lost_after` is the longest it may be
/// away.
bool is_unanswered(const Scene& scene, const Job& job) {
  if (job.phase != JobPhase::starting || job.run->awaits_program) return false;
  const Instant due = counted_from(scene, prepares_since(job)) + start_patience(scene);
  if (scene.now <= due) return false;
  if (scene.now > due + scene.state.record.settings.lost_after) return true;
  return std::ranges::none_of(owing(scene, job), [&](NodeId node) {
    return is_heard(scene, node) && scene.now <= told(scene, job, node) + start_patience(scene);
  });
}

/// A gang that waits for an answer: rolled back, the nodes that owe one back off.
void undo_unanswered(const Scene& scene, Endings& endings, const Job& job) {
  std::string names;
  for (const NodeId id : owing(scene, job)) {
    const Node& node = scene.state.record.nodes[id.value];
    names += names.empty() ? node.name : "," + node.name;
    // A silent node gets no new work anyway and may come back by itself; one that was just told
    // may still answer.
    if (is_heard(scene, id) && scene.now > told(scene, job, id) + start_patience(scene)) {
      blame_node(scene, endings, node, job.id, "did not answer the start of " + job_text(job));
    }
  }
  endings.undo_start(job, "no answer from " + names + " to the start");
}

void check_jobs(const Scene& scene, Endings& endings, NodeId node) {
  for (const JobId id : scene.state.index.jobs_on_node[node.value]) {
    const Job& job = *scene.state.find_job(id);
    if (job.run->allocation.nodes.front().node != node) continue;  // each job once
    if (is_overdue(scene, job)) {
      endings.end_job(job, EndCause::time_limit, 0,
                      "over its limit of " + to_text(job.request.time_limit));
    } else if (is_unanswered(scene, job)) {
      undo_unanswered(scene, endings, job);
    }
  }
}

/// Jobs that could not end before their deadline any more, or run beyond it.
void end_late(const Scene& scene, Endings& endings) {
  for (const auto& [due, id] : scene.state.index.waits.deadlines) {
    if (due > scene.now) break;
    const Job& job = *scene.state.find_job(id);
    const std::string deadline = to_utc_text(job.request.terms->deadline);
    const std::string late = "it could not end before its deadline, " + deadline;
    if (is_array(job)) {
      ArraySpec left = remainder(job);
      left.at_once_max = 0;
      endings.cancel_elements(job, left, std::nullopt, late);
    } else if (job.phase == JobPhase::pending) {
      endings.end_waiting(job, JobState::deadline, std::nullopt, late);
    } else {
      endings.end_job(job, EndCause::deadline, 0, "its deadline is over, " + deadline);
    }
  }
}

/// Jobs that have waited long enough for nodes on few switches: any number of them will do.
void end_waits_for_leaves(const Scene& scene, Endings& endings) {
  for (const JobId id : scene.state.index.waits.for_leaves) {
    const Job& job = *scene.state.find_job(id);
    if (job.phase != JobPhase::pending || job.hold != Hold::none) continue;
    const auto eligible = eligible_from(scene.state, job);
    if (!eligible) continue;
    const Instant since = std::max(*eligible, job.submitted);
    const LeafLimit& limit = job.request.common->wishes->switches;
    if (scene.now < counted_from(scene, since) + limit.wait) continue;
    JobRequest request = job.request;
    request.common.edit().wishes.edit().switches.is_over = true;
    endings.add(JobUpdated{id, scene.now, std::move(request), job.request.common->user.uid});
  }
}

/// What is there and has nothing to run starts anew; what does not come back is given up.
void check_reboots(const Scene& scene, Endings& endings) {
  Result<Facts> begun = decide_one(scene, BeginReboots{});
  for (Fact& fact : *begun) endings.add(std::move(fact));
  const Duration timeout = scene.state.record.settings.programs.reboot_timeout;
  for (const Node& node : scene.state.record.nodes) {
    const Instant since = node.reboot.begun;
    if (!since.is_set() || scene.now <= counted_from(scene, since) + timeout) continue;
    give_up_reboot(scene, endings, node);
  }
}

/// Without a health check nobody would ever say that it is well again.
void resume_unchecked(const Scene& scene, Endings& endings, const Node& node) {
  const bool is_checked = !scene.state.record.settings.programs.health.empty();
  if (is_checked || node.aside != Aside::unhealthy) return;
  endings.add(NodeResumed{node.id, scene.now, 0});
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const CheckTime&) {
  Endings endings(scene.state, scene.now);
  end_late(scene, endings);
  end_waits_for_leaves(scene, endings);
  const Duration lost_after = scene.state.record.settings.lost_after;
  for (const Node& node : scene.state.record.nodes) {
    if (node.backed_off_until.is_set() && node.backed_off_until <= scene.now) {
      endings.add(NodeTriedAgain{node.id, scene.now});
    }
    resume_unchecked(scene, endings, node);
    if (node.is_lost) continue;
    if (scene.now > last_heard(scene.contact, node.id) + lost_after) {
      endings.lose_node(node, "silent for " + to_text(lost_after));
    } else {
      check_jobs(scene, endings, node.id);
    }
  }
  for (Fact& fact : turn_rows(scene)) endings.add(std::move(fact));
  check_reboots(scene, endings);
  const Settings& settings = scene.state.record.settings;
  if (settings.priority == "multifactor" && is_charge_due(scene.state, scene.now)) {
    endings.add(UsageCharged{scene.now});
  }
  return endings.take();
}

}  // namespace cox::core
