// See partition_limits.h.
#include "core/job/partition_limits.h"

#include <algorithm>
#include <optional>

#include "common/text.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

using Partitions = std::vector<const PartitionSettings*>;

/// The partitions as given, each once; the default one when none is.
Result<Partitions> named_partitions(const std::vector<std::string>& given,
                                    const Settings& settings) {
  Partitions all;
  for (const std::string& name : given) {
    const auto known = check_partition(settings, name);
    if (!known) return Failure(known.error());
    const PartitionSettings* partition = find_partition(settings, name);
    if (std::ranges::find(all, partition) == all.end()) all.push_back(partition);
  }
  if (!all.empty()) return all;
  for (const PartitionSettings& partition : settings.partitions) {
    if (partition.is_default) all = {&partition};
  }
  if (!all.empty()) return all;
  return fail(Code::bad_usage, "no partition is given and none is the default");
}

/// The same without those that `refusal` has something to say of, which goes to `refusals`.
template <class Refusal>
void keep(Partitions& partitions, std::vector<std::string>& refusals, Refusal refusal) {
  std::erase_if(partitions, [&](const PartitionSettings* partition) {
    std::optional<std::string> why = refusal(*partition);
    if (why.has_value()) refusals.push_back(*why + " of partition " + partition->name);
    return why.has_value();
  });
}

Duration shortest_default(const Partitions& partitions) {
  Duration shortest = duration_unlimited;
  for (const PartitionSettings* partition : partitions) {
    shortest = std::min({shortest, partition->default_time, partition->max_time});
  }
  return shortest;
}

std::uint32_t nodes_allowed(const Component& component, const PartitionSettings& partition) {
  return partition.max_nodes == 0 ? component.nodes_max
                                  : std::min(component.nodes_max, partition.max_nodes);
}

}  // namespace

Result<void> check_partition(const Settings& settings, const std::string& name) {
  if (find_partition(settings, name) != nullptr) return {};
  std::vector<std::string> known;
  for (const PartitionSettings& partition : settings.partitions) known.push_back(partition.name);
  const auto near = nearest(name, known);
  return fail(Code::not_found,
              "no partition " + quoted(name) +
                  (near ? ", did you mean " + *near + "?" : " (see: cox partitions)"));
}

Result<Admission> admit(const std::vector<std::string>& given,
                        const Component& component,
                        Duration time_limit,
                        const Settings& settings) {
  auto partitions = named_partitions(given, settings);
  if (!partitions.has_value()) return Failure(partitions.error());
  Admission admission;
  keep(*partitions, admission.refusals, [&](const PartitionSettings& one) {
    using Refusal = std::optional<std::string>;
    if (one.max_nodes == 0 || component.nodes_min <= one.max_nodes) return Refusal{};
    return Refusal{std::to_string(component.nodes_min) + " nodes are over the limit " +
                   std::to_string(one.max_nodes)};
  });
  admission.time_limit = time_limit.us == 0 ? shortest_default(*partitions) : time_limit;
  keep(*partitions, admission.refusals, [&](const PartitionSettings& one) {
    using Refusal = std::optional<std::string>;
    if (admission.time_limit <= one.max_time) return Refusal{};
    return Refusal{"time limit " + to_text(admission.time_limit) + " is over the limit " +
                   to_text(one.max_time)};
  });
  if (partitions->empty()) return fail(Code::refused, join(admission.refusals, "; "));
  for (const PartitionSettings* partition : *partitions) {
    admission.partitions.push_back(partition->name);
    admission.nodes_max = std::max(admission.nodes_max, nodes_allowed(component, *partition));
  }
  return admission;
}

}  // namespace cox::core
