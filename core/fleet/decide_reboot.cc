// Starting nodes anew: asked for by people, begun when nothing runs there, over when the node
// registers with another boot id. CheckTime gives up those that do not come back.
#include <string>

#include "common/text.h"
#include "core/fleet/reboot.h"
#include "core/job/permission.h"

namespace cox::core {
namespace {

/// Nothing runs there, and somebody there can be told.
bool can_begin(const State& state, const Contact& contact, NodeId id) {
  const Node& node = state.record.nodes[id.value];
  return state.index.jobs_on_node[id.value].empty() && node.stuck.empty() && !node.is_lost &&
         contact.is_connected(id) && !contact.is_cluttered(id);
}

Result<void> may_reboot(const State& state, const Node& node, const std::string& why) {
  const std::string name = "node " + node.name;
  if (why.empty()) return fail(Code::bad_usage, name + ": a reason is needed");
  if (state.record.settings.programs.reboot.empty()) {
    return fail(Code::refused, name +
                                   ": the configuration names no program that starts nodes anew "
                                   "(see: programs.reboot in coxswain.toml(5))");
  }
  if (node.is_lost) return fail(Code::refused, name + " is lost: nobody there can be told");
  if (node.reboot.begun.is_set()) return fail(Code::refused, name + " is starting anew already");
  return {};
}

}  // namespace

bool has_reboot_due(const State& state, const Contact& contact) {
  for (const NodeId id : state.index.reboots) {
    if (can_begin(state, contact, id)) return true;
  }
  return false;
}

void give_up_reboot(const Scene& scene, Endings& endings, const Node& node) {
  const std::string back = to_text(scene.state.record.settings.programs.reboot_timeout);
  endings.add(
      NodeSetAside{node.id, scene.now, Aside::down,
                   "did not come back within " + back + " of its reboot: " + node.reboot.why, 0});
}

Result<Facts> decide_one(const Scene& scene, const RebootNode& ask) {
  if (auto may = require_operator(ask.caller, "starting a node anew"); !may) {
    return Failure(may.error());
  }
  const auto id = scene.state.node_named(ask.node);
  if (!id) return fail(Code::not_found, "no node " + quoted(ask.node) + " (see: cox nodes)");
  const Node& node = *scene.state.find_node(*id);
  if (auto may = may_reboot(scene.state, node, ask.why); !may) return Failure(may.error());
  const Reboot& known = node.reboot;
  const bool is_same = known.asked.is_set() && known.asap == ask.asap && known.why == ask.why;
  if (is_same) return Facts{};
  return Facts{NodeRebootAsked{node.id, scene.now, ask.asap, ask.why, ask.caller.uid, ask.who}};
}

Result<Facts> decide_one(const Scene& scene, const BeginReboots&) {
  Facts facts;
  for (const NodeId id : scene.state.index.reboots) {
    if (can_begin(scene.state, scene.contact, id)) facts.push_back(NodeRebootBegun{id, scene.now});
  }
  return facts;
}

Result<Facts> decide_one(const Scene& scene, const ReportRebootFailed& ask) {
  if (!is_current(scene.contact, ask.node, ask.session)) return Facts{};
  const Node& node = scene.state.record.nodes[ask.node.value];
  if (!node.reboot.begun.is_set()) return Facts{};
  return Facts{NodeSetAside{node.id, scene.now, Aside::failed, "reboot: " + ask.why, 0}};
}

}  // namespace cox::core
