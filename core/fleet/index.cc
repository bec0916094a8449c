// The Index as a function of the Record: built whole at load, kept by evolve() afterwards.
#include <algorithm>

#include "common/node_list.h"
#include "core/fleet/evolve_node.h"
#include "core/fleet/ledger.h"
#include "core/fleet/trouble.h"
#include "core/job/lifecycle.h"
#include "core/state.h"

namespace cox::core {
namespace {

void index_membership(Index& index, const Record& record, const Node& node) {
  const auto& partitions = record.settings.partitions;
  for (const PartitionSettings& partition : partitions) {
    if (partition.nodes.empty()) index.partition_nodes[partition.name].set(node.id.value);
  }
  const auto listed = index.partitions_by_node_name.find(node.name);
  if (listed == index.partitions_by_node_name.end()) return;
  for (const std::uint32_t position : listed->second) {
    index.partition_nodes[partitions[position].name].set(node.id.value);
  }
}

void index_job(Index& index, const Job& job) {
  if (job.phase != JobPhase::ended) {
    index.unended.insert(job.id);
    ++index.unended_of_user[job.request.common->user.uid];
  }
  if (job.phase == JobPhase::pending) ++index.pending;
  for (const NodeShare& share : job.run->allocation.nodes) {
    if (holds_share(job, share.node)) take(index, job.id, share);
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
  const auto& partitions = record.settings.partitions;
  for (std::uint32_t i = 0; i < partitions.size(); ++i) {
    index.partition_nodes[partitions[i].name] = Bitset(record.nodes.size());
    if (partitions[i].nodes.empty()) continue;
    // A list that does not expand was refused by config/; here it has no nodes.
    const auto names = expand_node_list(partitions[i].nodes);
    if (!names.has_value()) continue;
    for (const std::string& name : *names) index.partitions_by_node_name[name].push_back(i);
  }
  for (const Node& node : record.nodes) index_membership(index, record, node);
}

void index_node(Index& index, const Record& record, const Node& node) {
  const std::size_t count = std::size_t{node.id.value} + 1;
  index.free.push_back(whole_node(node, record.classes[node.node_class.value]));
  index.jobs_on_node.emplace_back();
  index.node_by_name[node.name] = node.id;
  index.usable.resize(count);
  if (takes_work(node)) index.usable.set(node.id.value);
  if (node.failed_job != JobId{}) index.avoided.emplace(node.failed_job, node.id);
  for (auto& [name, nodes] : index.partition_nodes) nodes.resize(count);
  index_membership(index, record, node);
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
  return index;
}

}  // namespace cox::core
