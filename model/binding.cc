// Cores are dealt to tasks first, then widened to what the kind names.
#include "model/binding.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace cox {
namespace {

enum class Level : std::uint8_t { l3, numa, package, node };

std::uint16_t place_of(const CoreInfo& core, Level level) {
  switch (level) {
    case Level::l3:
      return core.l3;
    case Level::numa:
      return core.numa;
    case Level::package:
      return core.package;
    case Level::node:
      break;
  }
  return 0;
}

/// Those of `cores` that share the place of `core`.
Bitset beside(const NodeClass& node, const Bitset& cores, std::size_t core, Level level) {
  Bitset out(cores.size());
  cores.for_each([&](std::size_t other) {
    if (place_of(node.cores[other], level) == place_of(node.cores[core], level)) out.set(other);
  });
  return out;
}

/// `count` of the free cores within one place of that level, of the first that has so many.
std::optional<Bitset> take_within(const NodeClass& node,
                                  const Bitset& free,
                                  std::size_t count,
                                  Level level) {
  for (std::size_t core = free.next(0); core < free.size(); core = free.next(core + 1)) {
    const Bitset here = beside(node, free, core, level);
    // Places whose cores do not stand side by side are looked at once, from their first.
    if (here.next(0) == core && here.count() >= count) return here.lowest(count);
  }
  return std::nullopt;
}

std::vector<Bitset> deal(const NodeClass& node, const BindRoom& room, std::size_t each) {
  std::vector<Bitset> dealt;
  Bitset free = room.cores;
  for (std::uint32_t task = 0; task < room.tasks; ++task) {
    std::optional<Bitset> mine;
    for (const Level level : {Level::l3, Level::numa, Level::package, Level::node}) {
      mine = take_within(node, free, each, level);
      if (mine) break;
    }
    free -= *mine;
    dealt.push_back(std::move(*mine));
  }
  return dealt;
}

Bitset widened(const NodeClass& node, const Bitset& all, const Bitset& own, Level level) {
  Bitset out = own;
  own.for_each([&](std::size_t core) { out |= beside(node, all, core, level); });
  return out;
}

// Memory that the job holds nothing of would not be given: then all the job's may be used.
TaskBinding with_memory(const NodeClass& node, const BindRoom& room, Bitset cores) {
  TaskBinding binding{std::move(cores), Bitset(node.numa_nodes), {}};
  binding.cores.for_each([&](std::size_t core) {
    const std::size_t numa = node.cores[core].numa;
    if (numa < room.memory_mib.size() && room.memory_mib[numa] > 0) binding.numa.set(numa);
  });
  return binding;
}

/// Those of `cores` beside that NUMA node's memory.
Bitset near_memory(const NodeClass& node, const Bitset& cores, std::uint16_t numa) {
  Bitset out(cores.size());
  cores.for_each([&](std::size_t core) {
    if (node.cores[core].numa == numa) out.set(core);
  });
  return out;
}

std::vector<std::uint32_t> gpus_of(const NodeClass& node, const BindRoom& room) {
  std::vector<std::uint32_t> gpus;
  room.devices.for_each([&](std::size_t device) {
    if (device < node.devices.size() && node.devices[device].name == "gpu") {
      gpus.push_back(static_cast<std::uint32_t>(device));
    }
  });
  return gpus;
}

/// 0: a core of the task is beside the device; 1: beside its memory; 2: in its package; 3: none.
int distance(const NodeClass& node, const Bitset& cores, const DeviceInfo& device) {
  if (cores.intersects(device.near)) return 0;
  int least = 3;
  const auto package = std::ranges::find(node.cores, device.numa, &CoreInfo::numa);
  cores.for_each([&](std::size_t core) {
    if (node.cores[core].numa == device.numa) least = 1;
    const bool is_near =
        package != node.cores.end() && node.cores[core].package == package->package;
    if (is_near) least = std::min(least, 2);
  });
  return least;
}

void hint_gpus(const NodeClass& node,
               const std::vector<std::uint32_t>& gpus,
               std::vector<TaskBinding>& tasks) {
  std::vector<std::uint32_t> load(gpus.size(), 0);
  for (TaskBinding& task : tasks) {
    std::size_t best = 0;
    std::pair<int, std::uint32_t> least{4, 0};
    for (std::size_t i = 0; i < gpus.size(); ++i) {
      const std::pair here{distance(node, task.cores, node.devices[gpus[i]]), load[i]};
      if (here >= least) continue;
      least = here;
      best = i;
    }
    if (gpus.empty()) continue;
    task.gpu = gpus[best];
    ++load[best];
  }
}

std::string plural(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

Result<NodeBinding> plan_list(const NodeClass& node,
                              const BindRoom& room,
                              const BindRequest& request) {
  NodeBinding out;
  for (std::uint32_t task = 0; task < room.tasks; ++task) {
    Bitset cores(room.cores.size());
    for (const std::uint32_t core : request.list[task % request.list.size()]) {
      if (!room.cores.test(core)) {
        return fail(Code::refused, "--bind list: core " + std::to_string(core) +
                                       " is none of the job's, which are " +
                                       room.cores.to_ranges());
      }
      cores.set(core);
    }
    out.tasks.push_back(with_memory(node, room, std::move(cores)));
  }
  return out;
}

Result<NodeBinding> plan_beside_gpus(const NodeClass& node,
                                     const BindRoom& room,
                                     const std::vector<std::uint32_t>& gpus) {
  if (gpus.empty()) return fail(Code::refused, "--bind gpu: the step has no GPU (see: --gpus)");
  NodeBinding out;
  for (std::uint32_t task = 0; task < room.tasks; ++task) {
    // As many tasks in a row to each GPU; where these are more, GPUs that stand apart.
    const std::uint32_t gpu = gpus[std::uint64_t{task} * gpus.size() / room.tasks];
    const DeviceInfo& device = node.devices[gpu];
    Bitset cores = room.cores;
    cores &= device.near;
    if (cores.none()) cores = near_memory(node, room.cores, device.numa);
    if (cores.none()) cores = room.cores;
    out.tasks.push_back(with_memory(node, room, std::move(cores)));
    out.tasks.back().gpu = gpu;
  }
  return out;
}

Level level_of(BindKind kind) {
  return kind == BindKind::l3 ? Level::l3 : kind == BindKind::numa ? Level::numa : Level::package;
}

/// Tasks of this node that are bound to the core.
std::string ranks_on(const NodeBinding& binding,
                     std::size_t core,
                     const std::vector<std::uint32_t>& ranks) {
  std::string text;
  for (std::size_t task = 0; task < binding.tasks.size() && task < ranks.size(); ++task) {
    if (!binding.tasks[task].cores.test(core)) continue;
    text += (text.empty() ? "" : ",") + std::to_string(ranks[task]);
  }
  return text;
}

std::vector<std::string> gpu_lines(const NodeClass& node,
                                   const BindRoom& room,
                                   const NodeBinding& binding,
                                   const std::vector<std::uint32_t>& ranks) {
  std::vector<std::string> lines;
  if (binding.tasks.empty()) return lines;
  std::size_t number = 0;
  for (const std::uint32_t gpu : gpus_of(node, room)) {
    std::string tasks;
    for (std::size_t task = 0; task < binding.tasks.size() && task < ranks.size(); ++task) {
      if (binding.tasks[task].gpu != gpu) continue;
      tasks += (tasks.empty() ? "" : ",") + std::to_string(ranks[task]);
    }
    lines.push_back("gpu " + std::to_string(number++) + " at numa " +
                    std::to_string(node.devices[gpu].numa) +
                    (tasks.empty() ? ": nearest to none" : ": nearest to task " + tasks));
  }
  return lines;
}

std::string core_range(std::size_t first, std::size_t last) {
  return first == last ? "core " + std::to_string(first)
                       : "cores " + std::to_string(first) + "-" + std::to_string(last);
}

/// Kinds that share the cores out; automatic where nothing was asked for.
Result<NodeBinding> plan_shared(const NodeClass& node, const BindRoom& room, BindKind kind) {
  NodeBinding out;
  const std::size_t cores = room.cores.count();
  const std::size_t each = room.tasks == 0 ? 0 : cores / room.tasks;
  if (each == 0 || each < room.cores_per_task) {
    out.why = plural(room.tasks, "task") + " of " + plural(room.cores_per_task, "core") + " have " +
              plural(cores, "core");
    if (kind == BindKind::automatic) return out;
    return fail(Code::refused, "--bind: " + out.why + " (see: --bind none)");
  }
  const bool is_wide = kind != BindKind::automatic && kind != BindKind::core;
  for (Bitset& own : deal(node, room, each)) {
    out.tasks.push_back(with_memory(
        node, room, is_wide ? widened(node, room.cores, own, level_of(kind)) : std::move(own)));
  }
  return out;
}

}  // namespace

Result<NodeBinding> plan_binding(const NodeClass& node,
                                 const BindRoom& room,
                                 const BindRequest& request) {
  if (request.kind == BindKind::none) return NodeBinding{{}, "--bind none"};
  const std::vector<std::uint32_t> gpus = gpus_of(node, room);
  if (request.kind == BindKind::gpu) return plan_beside_gpus(node, room, gpus);
  const BindKind kind = request.kind == BindKind::unset ? BindKind::automatic : request.kind;
  auto out =
      kind == BindKind::list ? plan_list(node, room, request) : plan_shared(node, room, kind);
  if (out) hint_gpus(node, gpus, out->tasks);
  return out;
}

std::vector<std::string> binding_map(const NodeClass& node,
                                     const BindRoom& room,
                                     const NodeBinding& binding,
                                     const std::vector<std::uint32_t>& ranks) {
  std::vector<std::string> lines;
  Bitset left = room.cores;
  for (std::size_t core = left.next(0); core < left.size(); core = left.next(core)) {
    const Bitset here = beside(node, left, core, Level::l3);
    const CoreInfo& info = node.cores[core];
    std::string line = "package " + std::to_string(info.package) + " numa " +
                       std::to_string(info.numa) + " l3 " + std::to_string(info.l3) + ":";
    const char* separator = " ";
    for (std::size_t first = here.next(0); first < here.size();) {
      const std::string tasks = ranks_on(binding, first, ranks);
      std::size_t last = first;
      while (here.test(last + 1) && ranks_on(binding, last + 1, ranks) == tasks) ++last;
      line += separator + core_range(first, last) + (tasks.empty() ? " free" : " task " + tasks);
      separator = "; ";
      first = here.next(last + 1);
    }
    lines.push_back(std::move(line));
    left -= here;
  }
  for (std::string& line : gpu_lines(node, room, binding, ranks)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace cox
