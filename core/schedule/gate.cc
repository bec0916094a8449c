// See gate.h.
#include "core/schedule/gate.h"

#include "common/count_text.h"
#include "core/schedule/trial.h"

namespace cox::core {

Blocked gate(const PartitionSettings& partition, bool is_down, const JobRequest& request) {
  if (is_down) return {Reason::partition_down, 0};
  if (request.time_limit > partition.max_time) return {Reason::partition_time_limit, 0};
  const std::uint32_t nodes = request.common->components.front().nodes_min;
  if (partition.max_nodes != 0 && nodes > partition.max_nodes) {
    return {Reason::partition_node_limit, partition.max_nodes};
  }
  return {};
}

Blocked gate(const State& state, const std::string& name, const JobRequest& request) {
  const PartitionSettings* partition = find_partition(state.record.settings, name);
  if (partition == nullptr) return {Reason::partition_unknown, 0};
  return gate(*partition, state.record.partitions_down.contains(name), request);
}

std::string gate_text(const State& state,
                      const std::string& name,
                      const JobRequest& request,
                      Reason closed) {
  const PartitionSettings* partition = find_partition(state.record.settings, name);
  if (partition == nullptr) return "is no longer there: the configuration has no such partition";
  const std::uint32_t nodes = request.common->components.front().nodes_min;
  switch (closed) {
    case Reason::partition_down: {
      const PartitionDown& down = state.record.partitions_down.at(name);
      return "is down since " + to_utc_text(down.at) + ": " + down.why +
             (down.who.empty() ? "" : " (" + down.who + ")");
    }
    case Reason::partition_time_limit:
      return "now grants " + to_text(partition->max_time) + ", the job asks for " +
             to_text(request.time_limit);
    case Reason::partition_node_limit:
      return "now grants " + count_text(partition->max_nodes, "node") + ", the job asks for " +
             std::to_string(nodes);
    default:
      return {};
  }
}

Blocked closed_gates(const State& state, const JobRequest& request) {
  Blocked best;
  for (const std::string& name : request.common->partitions) {
    const Blocked closed = gate(state, name, request);
    if (closed.code == Reason::none) continue;
    best = best.code == Reason::none ? closed : nearer(best, closed);
  }
  return best;
}

}  // namespace cox::core
