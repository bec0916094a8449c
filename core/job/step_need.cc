// See step_need.h. Integers only.
#include "core/job/step_need.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "common/assert.h"
#include "core/job/layout.h"
#include "core/job/lifecycle.h"
#include "core/policy/fit.h"

namespace cox::core {
namespace {

std::int64_t mib_in(const std::vector<std::int64_t>& amounts) {
  return std::accumulate(amounts.begin(), amounts.end(), std::int64_t{0});
}

std::string devices_text(const std::vector<DeviceRequest>& devices) {
  std::string text;
  for (const DeviceRequest& one : devices) {
    if (!text.empty()) text += ",";
    text += one.name + (one.type.empty() ? "" : ":" + one.type) + ":" + std::to_string(one.count);
  }
  return text;
}

NodeFree all_of(const NodeShare& share) {
  return NodeFree{share.cores, share.memory_mib, share.devices, share.pools, 0};
}

}  // namespace

StepNeed::StepNeed(const Record& record, const Job& job, const StepRequest& request)
    : record_(record), job_(job), request_(request) {
  devices_.devices = request.devices;
  const auto& components = job.request.common->components;
  const std::uint32_t of_job = components.empty() ? 1 : components.front().cpus_per_task;
  cpus_per_task_ = std::max(1U, request.cpus_per_task != 0 ? request.cpus_per_task : of_job);
  counts_threads_ = counts_threads(record, partition_of(job));
}

const Node& StepNeed::node(std::size_t place) const {
  return record_.nodes[held(place).node.value];
}

const NodeClass& StepNeed::class_of(std::size_t place) const {
  return record_.classes[node(place).node_class.value];
}

std::optional<std::int64_t> StepNeed::memory(std::size_t place, std::uint64_t cpus) const {
  const std::int64_t of_job = mib_in(held(place).memory_mib);
  if (request_.memory_per_node_mib > 0) return request_.memory_per_node_mib;
  if (request_.memory_per_node_mib == 0 || request_.memory_per_cpu_mib == 0) return of_job;
  if (request_.memory_per_cpu_mib < 0) return std::nullopt;
  // Larger than any node is as good as infinite, and cannot overflow.
  const auto most = std::numeric_limits<std::int64_t>::max();
  const auto count = static_cast<std::int64_t>(std::max<std::uint64_t>(cpus, 1));
  return request_.memory_per_cpu_mib > most / count ? most : request_.memory_per_cpu_mib * count;
}

std::uint32_t StepNeed::capacity(std::size_t place, const NodeFree& free) const {
  const std::uint64_t cpus = cpus_of(record_, held(place).node, free.cores, counts_threads_);
  std::uint64_t most = cpus / cpus_per_task_;
  if (request_.tasks_per_node != 0) most = std::min<std::uint64_t>(most, request_.tasks_per_node);
  const std::int64_t mib = mib_in(free.memory_mib);
  while (most > 0) {
    const auto wanted = memory(place, most * cpus_per_task_);
    if (!wanted || *wanted <= mib) break;
    if (request_.memory_per_cpu_mib <= 0) return 0;  // fewer tasks want no less
    const auto each = static_cast<std::uint64_t>(request_.memory_per_cpu_mib);
    most = std::min(most - 1, static_cast<std::uint64_t>(mib) / each / cpus_per_task_);
  }
  if (most == 0) return 0;
  const bool has_devices =
      devices_.devices.empty() ||
      take_devices(devices_, node(place), class_of(place), free.devices, free.pools, free.cores)
          .has_value();
  return has_devices ? static_cast<std::uint32_t>(most) : 0;
}

/// All on one NUMA node where one has enough, the one with the least to spare; else the lowest.
Bitset StepNeed::pick_cores(std::size_t place, const Bitset& free, std::uint64_t cpus) const {
  const NodeClass& node_class = class_of(place);
  const NodeId id = held(place).node;
  const auto count = [&](const Bitset& cores) {
    return cpus_of(record_, id, cores, counts_threads_);
  };
  Bitset from = free;
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (std::uint16_t numa = 0; node_class.numa_nodes > 1 && numa < node_class.numa_nodes; ++numa) {
    Bitset here(free.size());
    free.for_each([&](std::size_t core) {
      if (node_class.cores[core].numa == numa) here.set(core);
    });
    const std::uint64_t has = count(here);
    if (has < cpus || has >= least) continue;
    least = has;
    from = here;
  }
  Bitset picked(free.size());
  for (std::size_t core = from.next(0); core < from.size() && count(picked) < cpus;
       core = from.next(core + 1)) {
    picked.set(core);
  }
  return picked;
}

NodeShare StepNeed::take(std::size_t place, const NodeFree& free, std::uint32_t tasks) const {
  const std::uint64_t cpus = tasks * cpus_per_task_;
  NodeShare part;
  part.node = held(place).node;
  part.tasks = tasks;
  part.cores = pick_cores(place, free.cores, cpus);
  part.memory_mib.assign(free.memory_mib.size(), 0);
  if (const auto mib = memory(place, cpus)) {
    part.memory_mib = take_memory(class_of(place), free.memory_mib, part.cores, *mib);
  }
  give_devices(place, free.devices, free.pools, &part);
  return part;
}

/// Of those that are free, beside the cores that the part has.
void StepNeed::give_devices(std::size_t place,
                            const Bitset& devices,
                            const std::vector<std::int64_t>& pools,
                            NodeShare* part) const {
  auto taken = take_devices(devices_, node(place), class_of(place), devices, pools, part->cores);
  ASSERT(taken.has_value());
  part->devices = std::move(taken->devices);
  part->pools = std::move(taken->pools);
}

NodeShare StepNeed::take_beside_all(std::size_t place) const {
  const NodeShare& all = held(place);
  const auto mib = memory(place, cpus_of(record_, all.node, all.cores, counts_threads_));
  if (!mib && devices_.devices.empty()) return {};
  NodeShare part = all;
  if (mib) {
    const std::int64_t most = std::min(*mib, mib_in(all.memory_mib));
    part.memory_mib = take_memory(class_of(place), all.memory_mib, all.cores, most);
  }
  if (!devices_.devices.empty()) give_devices(place, all.devices, all.pools, &part);
  return part;
}

Result<void> StepNeed::check_amounts(std::size_t place) const {
  const std::int64_t of_job = mib_in(held(place).memory_mib);
  const std::string at = " on node " + node(place).name;
  if (request_.memory_per_node_mib > of_job) {
    return fail(Code::refused, "step of " + std::to_string(request_.memory_per_node_mib) +
                                   "M on each node: " + job_text(job_) + " has " +
                                   std::to_string(of_job) + "M" + at);
  }
  const NodeFree all = all_of(held(place));
  if (devices_.devices.empty() ||
      take_devices(devices_, node(place), class_of(place), all.devices, all.pools, all.cores)) {
    return {};
  }
  return fail(Code::refused, "step with " + devices_text(devices_.devices) +
                                 " on each node: " + job_text(job_) + " has fewer" + at);
}

}  // namespace cox::core
