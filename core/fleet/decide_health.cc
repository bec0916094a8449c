// ReportHealth: what the health check of a node found. It takes back only what it has done itself:
// a node that people or failed starts have set aside stays so.
#include "core/scene.h"

namespace cox::core {

Result<Facts> decide_one(const Scene& scene, const ReportHealth& ask) {
  if (!is_current(scene.contact, ask.node, ask.session)) return Facts{};
  const Node& node = scene.state.record.nodes[ask.node.value];
  const bool is_ours = node.aside == Aside::unhealthy;
  if (ask.is_well) return is_ours ? Facts{NodeResumed{node.id, scene.now, 0}} : Facts{};
  if (node.aside != Aside::none && !is_ours) return Facts{};
  if (is_ours && node.why == ask.why) return Facts{};
  return Facts{NodeSetAside{node.id, scene.now, Aside::unhealthy, ask.why, 0}};
}

}  // namespace cox::core
