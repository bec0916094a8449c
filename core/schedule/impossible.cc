// See impossible.h. Nearly all requests pass with a look at the first nodes; what is missing is
// looked for only then.
#include "core/schedule/impossible.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/count_text.h"
#include "common/node_list.h"
#include "common/text.h"
#include "core/policy/choose.h"
#include "core/schedule/constrained.h"
#include "core/schedule/licenses.h"
#include "core/schedule/misfit.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

bool could_hold(const State& state, const PartitionSettings& partition, const JobRequest& request) {
  const Constrained nodes(state, partition_nodes(state, partition.name), request);
  for (std::size_t i = 0; i < nodes.groups(); ++i) {
    const FreeNodes view{nodes.group(i),       state.record.nodes,      state.index.free,
                         state.record.classes, partition.cpu_is_thread, partition.whole_nodes,
                         partition.max_nodes,  partition.rows,          nullptr,
                         nodes.kinds()};
    if (fits_whole(request, view)) return true;
  }
  return false;
}

Failure refusal(const PartitionSettings& partition, const std::string& why) {
  return fail(Code::refused, why + " (see: cox nodes -p " + partition.name + ")");
}

/// Of a partition with a list of nodes, some of which have not come: the list alone.
Result<void> check_list(const PartitionSettings& partition,
                        const std::vector<std::string>& listed,
                        const JobRequest& request) {
  const JobCommon& common = *request.common;
  const auto is_listed = [&](const std::string& name) {
    return std::ranges::find(listed, name) != listed.end();
  };
  for (const std::string& name : common.nodes_wanted) {
    if (is_listed(name)) continue;
    return refusal(partition, "--nodelist " + quoted(name) + ": partition " + partition.name +
                                  " has no such node");
  }
  const auto excluded =
      static_cast<std::size_t>(std::ranges::count_if(common.nodes_excluded, is_listed));
  const std::size_t least = common.components.front().nodes_min;
  if (least + excluded <= listed.size()) return {};
  return refusal(partition, "--nodes " + std::to_string(least) + ": partition " + partition.name +
                                " has " + count_text(listed.size() - excluded, "node") +
                                (excluded == 0 ? "" : " that are not excluded"));
}

bool is_gathering(const State& state, const Bitset& nodes, Instant now) {
  const Duration settled = state.record.settings.silent_after;
  bool is_new = false;
  nodes.for_each(
      [&](std::size_t i) { is_new = is_new || now < state.record.nodes[i].registered + settled; });
  return is_new;
}

Result<void> check_in(const State& state,
                      Instant now,
                      const PartitionSettings& partition,
                      const JobRequest& request) {
  if (could_hold(state, partition, request)) return {};
  const Bitset nodes = partition_nodes(state, partition.name);
  if (!nodes.any()) return {};
  if (partition.nodes.empty()) {
    if (is_gathering(state, nodes, now)) return {};
  } else {
    const auto listed = expand_node_list(partition.nodes);
    if (!listed.has_value()) return {};
    if (listed->size() > nodes.count()) return check_list(partition, *listed, request);
  }
  for (const FleetCheck& check : check_fleet(state, partition, request)) {
    if (!check.verdict.passed) return refusal(partition, check.refusal);
  }
  const std::uint32_t least = request.common->components.front().nodes_min;
  return refusal(partition, "fewer than " + count_text(least, "node") + " of partition " +
                                partition.name + " have all that it asks for together");
}

}  // namespace

Result<void> check_possible(const State& state, Instant now, const JobRequest& asked) {
  JobRequest request = asked;
  // What is waited for some time only does not have to come.
  if (asked.common->wishes->switches.ends()) {
    request.common.edit().wishes.edit().switches.is_over = true;
  }
  for (const auto& checked : {check_labels(state.record.settings, request),
                              check_licenses(state.record.settings, licenses_of(request))}) {
    if (!checked.has_value()) return checked;
  }
  std::vector<std::string> refusals;
  for (const std::string& name : request.common->partitions) {
    const PartitionSettings* partition = find_partition(state.record.settings, name);
    if (partition == nullptr) continue;
    const auto checked = check_in(state, now, *partition, request);
    if (checked.has_value()) return {};
    refusals.push_back(checked.error().message);
  }
  if (refusals.empty()) return {};
  return fail(Code::refused, join(refusals, "; "));
}

}  // namespace cox::core
