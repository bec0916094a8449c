// The Index as a function of the Record: built whole at load, kept by evolve() afterwards.
#include <algorithm>

#include "common/node_list.h"
#include "core/fleet/evolve_node.h"
#include "core/fleet/expectation.h"
#include "core/fleet/ledger.h"
#include "core/fleet/trouble.h"
#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/step_queue.h"
#include "core/job/waits.h"
#include "core/state.h"

namespace cox::core {
namespace {

/// A selector that does not parse was refused by config/; here it selects nothing.
bool is_selected(const PartitionSettings& partition, const NodeSettings* node) {
  if (partition.select.empty()) return true;
  const auto selector = Selector::parse(partition.select);
  return selector.has_value() && selector->matches(node == nullptr ? Labels{} : node->labels);
}

void index_membership(Index& index, const Record& record, const Node& node) {
  const Settings& settings = record.settings;
  const NodeSettings* own = settings_of(index, settings, node);
  if (own == nullptr && !settings.nodes.empty()) return;  // known nodes are listed, and it is not
  std::vector<const PartitionSettings*> joined;
  const auto join = [&](const PartitionSettings& partition) {
    if (is_selected(partition, own)) joined.push_back(&partition);
  };
  for (const PartitionSettings& partition : settings.partitions) {
    if (partition.nodes.empty()) join(partition);
  }
  const auto listed = index.partitions_by_node_name.find(node.name);
  if (listed != index.partitions_by_node_name.end()) {
    for (const std::uint32_t position : listed->second) join(settings.partitions[position]);
  }
  // Where jobs take turns no other job may run beside them. config/ refuses what it can see.
  const auto turns = std::ranges::find_if(joined, &PartitionSettings::takes_turns);
  if (turns != joined.end()) joined = {*turns};
  for (const PartitionSettings* one : joined) {
    index.partition_nodes[one->name].set(node.id.value);
  }
}

void index_tables(Index& index, const Settings& settings) {
  index.settings_of_node.clear();
  for (std::uint32_t i = 0; i < settings.nodes.size(); ++i) {
    const auto names = expand_node_list(settings.nodes[i].names);
    if (!names.has_value()) continue;
    for (const std::string& name : *names) index.settings_of_node.emplace(name, i);
  }
}

void index_table(Index& index, const Settings& settings, const Node& node) {
  const NodeSettings* own = settings_of(index, settings, node);
  index.table_of_node[node.id.value] =
      own == nullptr ? no_table : static_cast<std::uint32_t>(own - settings.nodes.data());
}

void index_leaves(Index& index, const Settings& settings) {
  index.leaf_of_name.clear();
  for (std::uint32_t i = 0; i < settings.switches.size(); ++i) {
    const auto names = expand_node_list(settings.switches[i].nodes);
    if (!names.has_value()) continue;
    for (const std::string& name : *names) index.leaf_of_name.emplace(name, i);
  }
}

void index_leaf(Index& index, const Node& node) {
  const auto found = index.leaf_of_name.find(node.name);
  index.leaf_of_node[node.id.value] = found == index.leaf_of_name.end() ? no_leaf : found->second;
}

void index_job(Index& index, const Job& job) {
  if (job.phase != JobPhase::ended) {
    index.unended.insert(job.id);
    if (!is_element(job)) ++index.unended_of_user[job.request.common->user.uid];
  }
  index.pending += waiting_starts(job);
  if (is_live(job)) {
    ++index.live;
    count_licenses(index, job, 1);
  }
  if (is_element(job)) {
    ArrayMembers& members = index.arrays[job.array];
    members.elements[job.index] = job.id;
    if (job.phase != JobPhase::ended) ++members.unended;
    if (is_live(job)) ++members.live;
  }
  for (const NodeShare& share : job.run->allocation.nodes) {
    if (holds_share(job, share.node)) take(index, job, share);
  }
}

void index_keys(Index& index, const Record& record) {
  KeyTable& keys = index.job_by_key;
  const std::uint64_t span = record.next_job.value - record.keys_from.value;
  keys.reserve(record.forgotten.size() + std::min<std::uint64_t>(record.jobs.size(), span));
  for (const auto& [id, submit] : record.forgotten) keys.insert(submit.key, id);
  JobTable::Iterator job(&record.jobs, record.keys_from.value);
  for (; job != record.jobs.end(); ++job) {
    if (!job->key.empty()) keys.insert(job->key, job->id);
  }
}

}  // namespace

void index_settings(Index& index, const Record& record) {
  index.partitions_by_node_name.clear();
  index.partition_nodes.clear();
  index_tables(index, record.settings);
  index_leaves(index, record.settings);
  const auto& partitions = record.settings.partitions;
  for (std::uint32_t i = 0; i < partitions.size(); ++i) {
    index.partition_nodes[partitions[i].name] = Bitset(record.nodes.size());
    if (partitions[i].nodes.empty()) continue;
    // A list that does not expand was refused by config/; here it has no nodes.
    const auto names = expand_node_list(partitions[i].nodes);
    if (!names.has_value()) continue;
    for (const std::string& name : *names) index.partitions_by_node_name[name].push_back(i);
  }
  for (const Node& node : record.nodes) {
    index_membership(index, record, node);
    index_table(index, record.settings, node);
    index_leaf(index, node);
  }
}

void index_usable(Index& index, const Record& record, const Node& node) {
  if (takes_work(node) && !is_short(index, record, node)) {
    index.usable.set(node.id.value);
  } else {
    index.usable.reset(node.id.value);
  }
  if (node.reboot.asked.is_set() && !node.reboot.begun.is_set()) {
    index.reboots.insert(node.id);
  } else {
    index.reboots.erase(node.id);
  }
}

void index_node(Index& index, const Record& record, const Node& node) {
  const std::size_t count = std::size_t{node.id.value} + 1;
  index.free.push_back(whole_node(node, record.classes[node.node_class.value]));
  index.jobs_on_node.emplace_back();
  index.node_by_name[node.name] = node.id;
  index.usable.resize(count);
  index_usable(index, record, node);
  if (node.failed_job != JobId{}) index.avoided.emplace(node.failed_job, node.id);
  for (auto& [name, nodes] : index.partition_nodes) nodes.resize(count);
  index_membership(index, record, node);
  index.table_of_node.resize(count);
  index_table(index, record.settings, node);
  index.leaf_of_node.resize(count);
  index_leaf(index, node);
}

Index rebuild_index(const Record& record, std::uint64_t key_seed) {
  Index index;
  index.job_by_key.set_seed(key_seed);
  for (std::uint32_t i = 0; i < record.classes.size(); ++i) {
    index.class_by_hash[record.classes[i].hash] = ClassId{i};
  }
  Record fleetless;  // nodes are added one by one below
  fleetless.settings = record.settings;
  index_settings(index, fleetless);
  for (const Node& node : record.nodes) index_node(index, record, node);
  for (const Job& job : record.jobs) index_job(index, job);
  index_keys(index, record);
  rebuild_waits(index, record);
  rebuild_steps_due(index, record);
  return index;
}

}  // namespace cox::core
