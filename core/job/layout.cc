// The arithmetic of task layouts. Counts are dealt out in even rounds, ranks numbered by node.
#include "core/job/layout.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace cox::core {
namespace {

/// One round: an equal part of what is left to every entry that has room. Returns what is left.
std::uint64_t deal(std::uint64_t left,
                   const std::vector<std::uint32_t>& room,
                   std::vector<std::uint32_t>& given) {
  std::uint64_t open = 0;
  for (std::size_t i = 0; i < room.size(); ++i) open += given[i] < room[i] ? 1 : 0;
  if (open == 0) return left;
  const std::uint64_t part = std::max<std::uint64_t>(1, left / open);
  for (std::size_t i = 0; i < room.size() && left > 0; ++i) {
    const std::uint64_t more = std::min({part, left, std::uint64_t{room[i]} - given[i]});
    given[i] += static_cast<std::uint32_t>(more);
    left -= more;
  }
  return left;
}

std::uint64_t sum(const std::vector<std::uint32_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}

std::vector<StepShare> shares_of(const Allocation& allocation,
                                 const std::vector<std::uint32_t>& counts) {
  std::vector<StepShare> shares;
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    shares.push_back(StepShare{allocation.nodes[i].node, counts[i], first, {}});
    first += counts[i];
  }
  return shares;
}

/// Tasks that each of the first `nodes` nodes has room for. The job's own shape always fits.
std::vector<std::uint32_t> room_of(const Record& record,
                                   const JobRequest& job,
                                   const std::string& partition,
                                   const Allocation& allocation,
                                   const StepRequest& request,
                                   std::size_t nodes) {
  const Component& component = job.common->components.front();
  const std::uint32_t cpus =
      std::max(1U, request.cpus_per_task != 0 ? request.cpus_per_task : component.cpus_per_task);
  const bool threads = counts_threads(record, partition);
  std::vector<std::uint32_t> room;
  for (std::size_t i = 0; i < nodes; ++i) {
    const NodeShare& share = allocation.nodes[i];
    std::uint64_t tasks = cpus_of(record, share.node, share.cores, threads) / cpus;
    if (request.cpus_per_task == 0) tasks = std::max<std::uint64_t>(tasks, share.tasks);
    if (request.tasks_per_node != 0) tasks = std::min<std::uint64_t>(tasks, request.tasks_per_node);
    room.push_back(static_cast<std::uint32_t>(tasks));
  }
  return room;
}

std::size_t nodes_of(const Allocation& allocation, const StepRequest& request) {
  const std::size_t all = allocation.nodes.size();
  if (request.nodes != 0) return request.nodes;
  return request.tasks != 0 ? std::min<std::size_t>(all, request.tasks) : all;
}

/// Tasks when no number was given: the job's, as far as each node has room for them.
std::vector<std::uint32_t> shaped(const Allocation& allocation,
                                  const StepRequest& request,
                                  const std::vector<std::uint32_t>& room) {
  std::vector<std::uint32_t> counts = job_tasks(allocation);
  counts.resize(room.size());
  for (std::size_t i = 0; i < room.size(); ++i) {
    const std::uint32_t wanted = request.tasks_per_node != 0 ? request.tasks_per_node : counts[i];
    counts[i] = std::min(wanted, room[i]);
  }
  return counts;
}

}  // namespace

std::vector<std::uint32_t> spread(std::uint64_t tasks, const std::vector<std::uint32_t>& room) {
  if (sum(room) < tasks) return {};
  std::vector<std::uint32_t> given(room.size(), 0);
  std::uint64_t left = tasks;
  // First one each, so that no entry stays empty because of the rounding of an equal part.
  for (std::size_t i = 0; i < room.size() && left > 0; ++i) {
    if (room[i] == 0) continue;
    given[i] = 1;
    --left;
  }
  while (left > 0) left = deal(left, room, given);
  return given;
}

std::vector<std::uint32_t> job_tasks(const Allocation& allocation) {
  std::vector<std::uint32_t> counts;
  for (const NodeShare& share : allocation.nodes) counts.push_back(share.tasks);
  return counts;
}

bool counts_threads(const Record& record, const std::string& partition) {
  for (const PartitionSettings& one : record.settings.partitions) {
    if (one.name == partition) return one.cpu_is_thread;
  }
  return false;
}

std::uint64_t cpus_of(const Record& record, NodeId node, const Bitset& cores, bool threads) {
  if (!threads) return cores.count();
  const NodeClass& node_class = record.classes[record.nodes[node.value].node_class.value];
  std::uint64_t cpus = 0;
  // A node that came back as other hardware may lack some.
  cores.for_each([&](std::size_t core) {
    cpus += core < node_class.cores.size() ? node_class.cores[core].pus : 1;
  });
  return cpus;
}

Result<std::vector<StepShare>> lay_out(const Record& record,
                                       const JobRequest& job,
                                       const std::string& partition,
                                       const Allocation& allocation,
                                       const StepRequest& request) {
  const std::size_t nodes = nodes_of(allocation, request);
  const std::size_t held = allocation.nodes.size();
  if (nodes > held) {
    return fail(Code::refused,
                "step of " + std::to_string(nodes) + " nodes: the job has " + std::to_string(held));
  }
  const std::vector<std::uint32_t> shape = job_tasks(allocation);
  if (nodes == held && request.tasks_per_node == 0 && request.tasks == sum(shape) &&
      request.cpus_per_task == 0) {
    return shares_of(allocation, shape);
  }
  const std::vector<std::uint32_t> room =
      room_of(record, job, partition, allocation, request, nodes);
  const std::vector<std::uint32_t> counts =
      request.tasks != 0 ? spread(request.tasks, room) : shaped(allocation, request, room);
  if (sum(counts) == 0) {
    return fail(Code::refused, "step of " + std::to_string(std::max(1U, request.tasks)) +
                                   " tasks: the allocation has room for " +
                                   std::to_string(sum(room)));
  }
  return shares_of(allocation, counts);
}

}  // namespace cox::core
