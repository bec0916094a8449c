// See step_room.h. A step that takes all of its nodes needs them without another; one that is exact
// needs room for its tasks; one that overlaps needs nothing but the nodes.
#include "core/job/step_room.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/job/layout.h"
#include "core/job/lifecycle.h"
#include "core/job/step_need.h"

namespace cox::core {
namespace {

using Counts = std::vector<std::uint32_t>;  // tasks by place in the allocation
using Places = std::vector<std::size_t>;

const std::vector<NodeShare>& shares_held(const Job& job) {
  return job.run->allocation.nodes;
}

/// What `share` of `step` keeps from others that do not overlap.
const NodeShare& held_by(const Job& job, const Step& step, const StepShare& share) {
  const bool is_exact = step.request.sharing == StepSharing::exact;
  return is_exact ? share.part : shares_held(job)[*node_position(job, share.node)];
}

bool holds_something(const Step& step) {
  return !step.is_ended() && step.request.sharing != StepSharing::overlap;
}

void add(std::vector<std::int64_t>& amounts, const std::vector<std::int64_t>& more) {
  for (std::size_t i = 0; i < more.size() && i < amounts.size(); ++i) amounts[i] += more[i];
}

void subtract(std::vector<std::int64_t>& amounts, const std::vector<std::int64_t>& by) {
  for (std::size_t i = 0; i < by.size() && i < amounts.size(); ++i) {
    amounts[i] = std::max<std::int64_t>(0, amounts[i] - by[i]);
  }
}

std::uint64_t tasks_in(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::string step_of(std::uint64_t count, const char* what) {
  return "step of " + std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// Spreads the tasks asked for over places with room for `room` each.
Result<Counts> spread_tasks(const StepRequest& request, Counts room) {
  if (request.nodes != 0) {
    // The places with the most room, so that the tasks fit when they fit at all.
    const std::size_t wanted = std::min(request.nodes, request.tasks);
    Places order(room.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](auto a, auto b) { return room[a] > room[b]; });
    for (std::size_t i = wanted; i < order.size(); ++i) room[order[i]] = 0;
    const auto usable = std::ranges::count_if(room, [](auto tasks) { return tasks != 0; });
    if (static_cast<std::size_t>(usable) < wanted) {
      return fail(Code::refused, step_of(wanted, "node") + ": " + std::to_string(usable) +
                                     " of the job's have room for a task of it");
    }
  }
  Counts counts = spread(request.tasks, room);
  if (!counts.empty()) return counts;
  return fail(Code::refused, step_of(request.tasks, "task") + ": the allocation has room for " +
                                 std::to_string(tasks_in(room)));
}

/// Tasks when no number was given: the job's on each node, or so many on each.
Result<Counts> shape_tasks(const Job& job,
                           const StepRequest& request,
                           const Counts& most,
                           const Counts& room) {
  Counts counts(room.size(), 0);
  std::size_t wanted = 0, found = 0;
  for (std::size_t i = 0; i < room.size(); ++i) {
    const std::uint32_t shape =
        request.tasks_per_node != 0 ? request.tasks_per_node : shares_held(job)[i].tasks;
    const std::uint32_t tasks = std::min(shape, most[i]);
    if (tasks == 0) continue;
    ++wanted;
    if (room[i] < tasks || (request.nodes != 0 && found == request.nodes)) continue;
    counts[i] = tasks;
    ++found;
  }
  if (request.nodes != 0) wanted = request.nodes;
  if (found == wanted && found != 0) return counts;
  return fail(Code::refused, step_of(std::max<std::size_t>(wanted, 1), "node") + ": " +
                                 std::to_string(found) + " of the job's have room for its tasks");
}

Result<std::vector<StepShare>> place_exactly(const Record& record,
                                             const Job& job,
                                             const StepRequest& request,
                                             const Places& places,
                                             const StepRoom& room) {
  const StepNeed need(record, job, request);
  const StepRoom whole = whole_room(job);
  Counts now(room.size(), 0), most(room.size(), 0);
  for (const std::size_t place : places) {
    now[place] = need.capacity(place, room[place]);
    if (request.tasks == 0) most[place] = need.capacity(place, whole[place]);
  }
  auto counts = request.tasks != 0 ? spread_tasks(request, std::move(now))
                                   : shape_tasks(job, request, most, now);
  if (!counts) return Failure(counts.error());
  std::vector<StepShare> shares;
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < counts->size(); ++i) {
    const std::uint32_t tasks = (*counts)[i];
    if (tasks == 0) continue;
    shares.push_back({shares_held(job)[i].node, tasks, first, need.take(i, room[i], tasks)});
    first += tasks;
  }
  return shares;
}

/// The first of its places that are free, as many as it would have if all were.
Result<Places> whole_places(const Job& job,
                            const StepRequest& request,
                            const Places& places,
                            const StepRoom& room) {
  const std::size_t all = places.size();
  std::size_t wanted = request.nodes != 0   ? request.nodes
                       : request.tasks != 0 ? std::min<std::size_t>(all, request.tasks)
                                            : all;
  wanted = std::min(wanted, all);
  Places free;
  for (const std::size_t place : places) {
    const bool is_shared = request.sharing == StepSharing::overlap;
    if (is_shared || room[place].cores == shares_held(job)[place].cores) free.push_back(place);
    if (free.size() == wanted) return free;
  }
  return fail(Code::refused, step_of(wanted, "node") + ": " + std::to_string(free.size()) +
                                 " of the job's are free of other steps");
}

Result<std::vector<StepShare>> place_on_all(const Record& record,
                                            const Job& job,
                                            const StepRequest& request,
                                            const Places& places,
                                            const StepRoom& room) {
  const auto chosen = whole_places(job, request, places, room);
  if (!chosen) return Failure(chosen.error());
  Result<std::vector<StepShare>> shares;
  if (chosen->size() == shares_held(job).size()) {
    shares = lay_out(record, job.request, partition_of(job), job.run->allocation, request);
  } else {
    Allocation some;
    for (const std::size_t place : *chosen) some.nodes.push_back(shares_held(job)[place]);
    shares = lay_out(record, job.request, partition_of(job), some, request);
  }
  if (!shares) return shares;
  const StepNeed need(record, job, request);
  for (StepShare& share : *shares) {
    share.part = need.take_beside_all(*node_position(job, share.node));
  }
  return shares;
}

/// Sums what steps hold of one node and reports what two of them have.
struct Recount {
  const Job& job;
  std::string at;
  const NodeShare& all;
  NodeShare used;
  std::vector<std::string>& faults;

  void add(const NodeShare& part) {
    if (!all.cores.contains(part.cores)) faults.push_back(at + "a core is not the job's");
    if (!all.devices.contains(part.devices)) faults.push_back(at + "a device is not the job's");
    if (used.cores.intersects(part.cores)) faults.push_back(at + "two steps have a core");
    if (used.devices.intersects(part.devices)) faults.push_back(at + "two steps have a device");
    used.cores |= part.cores;
    used.devices |= part.devices;
    add(used.memory_mib, part.memory_mib, all.memory_mib, "memory");
    add(used.pools, part.pools, all.pools, "pool");
  }

  void add(std::vector<std::int64_t>& total,
           const std::vector<std::int64_t>& part,
           const std::vector<std::int64_t>& most,
           const char* what) {
    total.resize(most.size(), 0);
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (i >= most.size()) {
        if (part[i] != 0) faults.push_back(at + "a " + what + " is not the job's");
        continue;
      }
      total[i] += part[i];
      if (part[i] < 0 || total[i] > most[i]) {
        faults.push_back(at + "steps have more " + what + " than the job");
      }
    }
  }
};

}  // namespace

StepRoom whole_room(const Job& job) {
  StepRoom room;
  room.reserve(shares_held(job).size());
  for (const NodeShare& share : shares_held(job)) {
    room.push_back(NodeFree{share.cores, share.memory_mib, share.devices, share.pools, 0});
  }
  return room;
}

void take_room(StepRoom& room, const Job& job, const Step& step) {
  if (step.request.sharing == StepSharing::overlap) return;
  for (const StepShare& share : step.shares) {
    NodeFree& free = room[*node_position(job, share.node)];
    const NodeShare& held = held_by(job, step, share);
    free.cores -= held.cores;
    free.devices -= held.devices;
    subtract(free.memory_mib, held.memory_mib);
    subtract(free.pools, held.pools);
    ++free.jobs;
  }
}

void give_room(StepRoom& room, const Job& job, const Step& step) {
  if (step.request.sharing == StepSharing::overlap) return;
  for (const StepShare& share : step.shares) {
    NodeFree& free = room[*node_position(job, share.node)];
    const NodeShare& held = held_by(job, step, share);
    free.cores |= held.cores;
    free.devices |= held.devices;
    add(free.memory_mib, held.memory_mib);
    add(free.pools, held.pools);
    --free.jobs;
  }
}

StepRoom room_beside_steps(const Job& job) {
  StepRoom room = whole_room(job);
  for (const Step& step : job.run->steps) {
    if (holds_something(step)) take_room(room, job, step);
  }
  return room;
}

Result<Places> places_for(const Record& record, const Job& job, const StepRequest& request) {
  const auto names = [](const std::vector<std::string>& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
  };
  const auto name_of = [&](const NodeShare& share) -> const std::string& {
    return record.nodes[share.node.value].name;
  };
  for (const std::string& wanted : request.nodes_wanted) {
    const bool is_there = std::ranges::any_of(
        shares_held(job), [&](const NodeShare& share) { return name_of(share) == wanted; });
    if (is_there) continue;
    return fail(Code::refused, "node " + wanted + " is none of " + job_text(job));
  }
  Places places;
  for (std::size_t i = 0; i < shares_held(job).size(); ++i) {
    const std::string& name = name_of(shares_held(job)[i]);
    const bool is_wanted = request.nodes_wanted.empty() || names(request.nodes_wanted, name);
    if (is_wanted && !names(request.nodes_excluded, name)) places.push_back(i);
  }
  const std::size_t least = std::max(request.nodes, 1U);
  if (places.size() >= least) return places;
  const bool is_choosy = places.size() != shares_held(job).size();
  return fail(Code::refused, step_of(least, "node") + ": the job has " +
                                 std::to_string(places.size()) +
                                 (is_choosy ? " that it may use" : ""));
}

Result<std::vector<StepShare>> place_step(const Record& record,
                                          const Job& job,
                                          const StepRequest& request,
                                          const StepRoom& room) {
  const auto places = places_for(record, job, request);
  if (!places) return Failure(places.error());
  const StepNeed need(record, job, request);
  for (const std::size_t place : *places) {
    if (auto checked = need.check_amounts(place); !checked) return Failure(checked.error());
  }
  return request.sharing == StepSharing::exact ? place_exactly(record, job, request, *places, room)
                                               : place_on_all(record, job, request, *places, room);
}

std::vector<std::string> step_faults(const Record& record, const Job& job) {
  std::vector<std::string> faults;
  for (const NodeShare& all : shares_held(job)) {
    const std::string at = job_text(job) + " on node " + record.nodes[all.node.value].name + ": ";
    Recount count{job, at, all, NodeShare{}, faults};
    count.used.cores = Bitset(all.cores.size());
    count.used.devices = Bitset(all.devices.size());
    for (const Step& step : job.run->steps) {
      if (!holds_something(step)) continue;
      for (const StepShare& share : step.shares) {
        if (share.node == all.node) count.add(held_by(job, step, share));
      }
    }
  }
  return faults;
}

}  // namespace cox::core
