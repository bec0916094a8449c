// What people do to nodes, and the controller's own beginnings: aside, resume, epoch.
#include <string>

#include "common/text.h"
#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/scene.h"

namespace cox::core {
namespace {

Result<const Node*> named_node(const State& state, const std::string& name) {
  const auto id = state.node_named(name);
  if (!id.has_value())
    return fail(Code::not_found, "no node " + quoted(name) + " (see: cox nodes)");
  return state.find_node(*id);
}

/// A node declared down by a person: its jobs end, at once where nobody can be asked any more.
void take_down(const Scene& scene, Endings& endings, const Node& node, const std::string& why) {
  if (!scene.contact.is_connected(node.id)) {
    if (!node.is_lost) endings.lose_node(node, why);
    return;
  }
  for (const JobId id : scene.state.index.jobs_on_node[node.id.value]) {
    const Job& job = *scene.state.find_job(id);
    const std::string reason = "node " + node.name + ": " + why;
    if (job.phase == JobPhase::starting) {
      endings.undo_start(job, reason);
    } else {
      endings.end_job(job, EndCause::node_lost, 0, reason);
    }
  }
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const SetNodeAside& ask) {
  if (auto may = require_operator(ask.caller, "setting a node aside"); !may.has_value()) {
    return Failure(may.error());
  }
  const auto found = named_node(scene.state, ask.node);
  if (!found.has_value()) return Failure(found.error());
  const Node& node = **found;
  if (ask.why.empty()) return fail(Code::bad_usage, "node " + node.name + ": a reason is needed");
  const Aside aside = ask.down ? Aside::down : Aside::drained;
  if (node.aside == aside && node.why == ask.why) return Facts{};
  Endings endings(scene.state, scene.now);
  endings.add(NodeSetAside{node.id, scene.now, aside, ask.why, ask.caller.uid, ask.who});
  if (ask.down) take_down(scene, endings, node, ask.why);
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const ResumeNode& ask) {
  if (auto may = require_operator(ask.caller, "resuming a node"); !may.has_value()) {
    return Failure(may.error());
  }
  const auto found = named_node(scene.state, ask.node);
  if (!found.has_value()) return Failure(found.error());
  const Node& node = **found;
  if (node.reboot.begun.is_set()) {
    return fail(Code::refused, "node " + node.name +
                                   " is starting anew: it takes work when it is back (or: cox node "
                                   "down)");
  }
  if (node.aside != Aside::none || node.backed_off_until.is_set() || node.reboot.asked.is_set()) {
    return Facts{NodeResumed{node.id, scene.now, ask.caller.uid, ask.why, ask.who}};
  }
  if (!node.is_lost) return Facts{};
  return fail(Code::refused, "node " + node.name + " is lost: it comes back when it registers");
}

Result<Facts> decide_one(const Scene& scene, const BeginEpoch&) {
  return Facts{EpochStarted{Epoch{scene.state.record.epoch.value + 1}, scene.now}};
}

Result<Facts> decide_one(const Scene&, const NodeDisconnected&) {
  return Facts{};
}

Result<Facts> decide_one(const Scene&, const Heartbeat&) {
  return Facts{};
}

}  // namespace cox::core
