// Facts about the configuration, and about partitions taken down and up at run time.
#include <algorithm>

#include "common/assert.h"
#include "core/fleet/evolve_node.h"

namespace cox::core {
namespace {

bool has_partition(const Settings& settings, const std::string& name) {
  return std::ranges::any_of(settings.partitions,
                             [&name](const PartitionSettings& one) { return one.name == name; });
}

}  // namespace

void evolve_one(State& state, const SettingsApplied& fact) {
  Record& record = state.record;
  record.revision = fact.revision != 0 ? fact.revision : record.revision + 1;
  record.settings = fact.settings;
  record.revisions.push_back(
      {record.revision, fact.at, fact.by, fact.who, fact.why, fact.settings});
  if (record.revisions.size() > revisions_max) record.revisions.erase(record.revisions.begin());
  // One that goes and comes back later is up, as any new one.
  std::erase_if(record.partitions_down,
                [&](const auto& down) { return !has_partition(record.settings, down.first); });
  index_settings(state.index, record);
  for (const Node& node : record.nodes) index_usable(state.index, record, node);
}

void evolve_one(State& state, const PartitionTakenDown& fact) {
  state.record.partitions_down[fact.partition] = {fact.at, fact.by, fact.who, fact.why};
}

void evolve_one(State& state, const PartitionBroughtUp& fact) {
  state.record.partitions_down.erase(fact.partition);
}

}  // namespace cox::core
