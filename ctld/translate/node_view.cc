// Nodes and partitions as people see them.
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "common/node_list.h"
#include "common/text.h"
#include "core/fleet/expectation.h"
#include "core/fleet/ledger.h"
#include "core/fleet/trouble.h"
#include "core/job/array.h"
#include "core/schedule/trial.h"
#include "core/slice/standing.h"
#include "ctld/translate/replies.h"
#include "model/node_state.h"

namespace cox::ctld {

namespace {

constexpr std::size_t class_digits = 8;  // enough to tell a fleet's few classes apart

std::int64_t sum(const std::vector<std::int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

/// One word, the worst first: a node that is away cannot be idle.
NodeState node_state(const core::State& state,
                     const core::Contact& contact,
                     Instant now,
                     const core::Node& node) {
  const core::NodeFree& free = state.index.free[node.id.value];
  const bool is_idle = state.index.jobs_on_node[node.id.value].empty();
  if (node.reboot.begun.is_set()) return NodeState::rebooting;
  if (node.is_lost) return NodeState::lost;
  if (node.aside == core::Aside::down) return NodeState::down;
  if (node.aside == core::Aside::failed) return NodeState::failed;
  if (node.aside == core::Aside::unhealthy) return NodeState::unhealthy;
  if (!contact.is_heard(node.id, now, state.record.settings.silent_after)) return NodeState::silent;
  if (!node.stuck.empty()) return NodeState::stuck;
  if (core::is_short(state.index, state.record, node)) return NodeState::is_short;
  if (node.backed_off_until.is_set()) return NodeState::resting;
  if (node.aside == core::Aside::drained || core::is_before_reboot(node)) {
    return is_idle ? NodeState::drained : NodeState::draining;
  }
  if (contact.is_cluttered(node.id)) return NodeState::allocated;
  if (is_idle) return NodeState::idle;
  const bool is_full = free.cores.none() || core::is_sliced(state.index, node.id);
  return is_full ? NodeState::allocated : NodeState::mixed;
}

std::string reboot_text(const core::Node& node) {
  const core::Reboot& reboot = node.reboot;
  if (!reboot.asked.is_set()) return {};
  const char* when = reboot.begun.is_set() ? "reboot: "
                     : reboot.asap         ? "reboot as soon as it is idle: "
                                           : "reboot when it is idle: ";
  return when + reboot.why;
}

/// Why it was set aside, what it lacks, and processes that do not die.
std::string reason_of(const core::State& state,
                      const core::Contact& contact,
                      const core::Node& node) {
  std::vector<std::string> reasons;
  for (std::string text :
       {node.why, reboot_text(node), core::shortfall(state, node), core::stuck_text(state, node)}) {
    if (!text.empty()) reasons.push_back(std::move(text));
  }
  if (contact.is_cluttered(node.id)) {
    reasons.emplace_back("ends what it ran before it was lost, and takes work when that has ended");
  }
  if (core::is_unlisted(state, node)) reasons.emplace_back("in no [[node]] of the configuration");
  return join(reasons, "; ");
}

std::string class_name(const NodeClass& node_class) {
  const auto* bytes = reinterpret_cast<const char*>(node_class.hash.bytes.data());
  return to_hex({bytes, node_class.hash.bytes.size()}).substr(0, class_digits);
}

/// "gpu:a100:4" per kind of device.
void put_devices(const core::Node& node, const NodeClass& node_class, wire::NodeView* to) {
  std::map<std::string, std::int64_t> counts;
  for (const DeviceInfo& device : node_class.devices) {
    ++counts[device_kind(device.name, device.type)];
  }
  for (const Pool& pool : node.pools) {
    counts[device_kind(pool.name, pool.type)] += pool.total;
  }
  for (const auto& [name, count] : counts) to->add_devices(name + ":" + std::to_string(count));
}

std::string partitions_of(const core::State& state, NodeId node) {
  std::vector<std::string> names;
  for (const auto& [name, nodes] : state.index.partition_nodes) {
    if (nodes.test(node.value)) names.push_back(name);
  }
  return join(names, ",");
}

/// Who stands in which row of the node, and runs or does not.
void put_rows(const core::State& state, NodeId node, wire::NodeView* to) {
  std::map<std::uint32_t, const core::Job*> rows;
  for (const JobId id : state.index.jobs_on_node[node.value]) {
    const core::Job& job = *state.find_job(id);
    if (job.run->allocation.row != 0) rows.emplace(job.run->allocation.row, &job);
  }
  for (const auto& [row, job] : rows) {
    wire::NodeRow* added = to->add_rows();
    added->set_row(row);
    added->set_job(job->id.value);
    added->set_stands(job->run->stands.is_set());
  }
}

/// Of a partition whose jobs take turns, or that still has such jobs.
void put_turns(const core::State& state,
               const PartitionSettings& partition,
               wire::PartitionView* to) {
  if (partition.takes_turns()) {
    to->set_rows(partition.rows);
    to->set_slice_us(partition.slice.us);
  }
  const auto sliced = state.index.sliced.find(partition.name);
  if (sliced == state.index.sliced.end()) return;
  to->set_rows_used(sliced->second.matrix.rows());
  to->set_turn(core::turn_of(state.record, partition.name));
  const auto turn = state.record.turns.find(partition.name);
  if (turn != state.record.turns.end()) to->set_turn_since_us(turn->second.since.us);
}

void put_down(const core::State& state, const std::string& name, wire::PartitionView* to) {
  const auto down = state.record.partitions_down.find(name);
  to->set_state(down == state.record.partitions_down.end() ? "up" : "down");
  if (down == state.record.partitions_down.end()) return;
  to->set_reason(down->second.why);
  to->set_down_who(down->second.who);
  to->set_down_since_us(down->second.at.us);
}

}  // namespace

void put_node(const core::State& state,
              const core::Contact& contact,
              Instant now,
              const core::Node& node,
              wire::NodeView* to) {
  const core::NodeFree& free = state.index.free[node.id.value];
  const NodeClass& node_class = state.class_of(node);
  to->set_name(node.name);
  to->set_state(std::string(to_text(node_state(state, contact, now, node))));
  to->set_reason(reason_of(state, contact, node));
  to->set_score(core::score_at(node, now));
  to->set_rests_until_us(node.backed_off_until.us);
  to->set_node_class(class_name(node_class));
  to->set_cores(static_cast<std::uint32_t>(node_class.cores.size()));
  const std::size_t cores_free = core::is_sliced(state.index, node.id) ? 0 : free.cores.count();
  to->set_cores_used(static_cast<std::uint32_t>(node_class.cores.size() - cores_free));
  to->set_memory_mib(sum(node.memory_mib));
  to->set_memory_used_mib(sum(node.memory_mib) - sum(free.memory_mib));
  to->set_containment(node.containment);
  to->set_version(node.version);
  to->set_boot_id(node.boot_id);
  to->set_address(node.address);
  for (const JobId job : state.index.jobs_on_node[node.id.value]) {
    to->add_jobs(job.value);
    to->add_job_names(core::job_name(*state.find_job(job)));
  }
  put_rows(state, node.id, to);
  to->set_packages(node_class.packages);
  to->set_numa_nodes(node_class.numa_nodes);
  put_devices(node, node_class, to);
  if (node.id.value < contact.nodes.size()) {
    to->set_last_heard_us(contact.nodes[node.id.value].last_heard.us);
  }
  to->set_partitions(partitions_of(state, node.id));
  to->set_is_thissystem(node.is_thissystem);
  to->set_shares_machine(node.shares_machine);
  for (const auto& [key, value] : core::labels_of(state, node))
    (*to->mutable_labels())[key] = value;
  to->set_aside_who(node.aside_who);
  to->set_aside_at_us(node.aside_at.us);
  to->set_reboot_asked_us(node.reboot.asked.us);
  to->set_reboot_begun_us(node.reboot.begun.us);
  to->set_reboot_who(node.reboot.who);
}

void put_partition(const core::State& state,
                   const PartitionSettings& partition,
                   wire::PartitionView* to) {
  std::vector<std::string> names;
  std::size_t cores = 0;
  std::size_t free = 0;
  std::uint32_t usable = 0;
  core::partition_nodes(state, partition.name).for_each([&](std::size_t i) {
    const core::Node& node = state.record.nodes[i];
    names.push_back(node.name);
    cores += state.class_of(node).cores.size();
    // Cores that jobs use in turns stay free in the ledger.
    if (!core::is_sliced(state.index, node.id)) free += state.index.free[i].cores.count();
    usable += state.index.usable.test(i) ? 1 : 0;
  });
  to->set_name(partition.name);
  to->set_is_default(partition.is_default);
  to->set_nodes(static_cast<std::uint32_t>(names.size()));
  to->set_nodes_usable(usable);
  to->set_cores(static_cast<std::uint32_t>(cores));
  to->set_cores_used(static_cast<std::uint32_t>(cores - free));
  to->set_default_time_us(partition.default_time.us);
  to->set_max_time_us(partition.max_time.us);
  to->set_max_nodes(partition.max_nodes);
  to->set_tier(partition.tier);
  to->set_select(partition.select);
  to->set_cpu(partition.cpu_is_thread ? "thread" : "core");
  to->set_share(std::string(share_text(partition)));
  to->set_node_list(fold_node_list(names));
  put_down(state, partition.name, to);
  put_turns(state, partition, to);
}

}  // namespace cox::ctld
