// Cores are dealt to tasks first, then widened to what the kind names.
#include "model/binding.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/text.h"

namespace cox {
namespace {

constexpr std::size_t list_tasks_max = 16'384;
constexpr std::size_t list_cores_max = 65'536;
constexpr std::array<std::pair<std::string_view, BindKind>, 6> kinds = {
    {{"auto", BindKind::automatic},
     {"none", BindKind::none},
     {"core", BindKind::core},
     {"l3", BindKind::l3},
     {"numa", BindKind::numa},
     {"socket", BindKind::socket}}};

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
  TaskBinding binding{std::move(cores), Bitset(node.numa_nodes)};
  binding.cores.for_each([&](std::size_t core) {
    const std::size_t numa = node.cores[core].numa;
    if (numa < room.memory_mib.size() && room.memory_mib[numa] > 0) binding.numa.set(numa);
  });
  return binding;
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

std::string core_range(std::size_t first, std::size_t last) {
  return first == last ? "core " + std::to_string(first)
                       : "cores " + std::to_string(first) + "-" + std::to_string(last);
}

}  // namespace

Result<BindRequest> parse_bind(const std::string& text) {
  BindRequest request;
  for (const auto& [name, kind] : kinds) {
    if (text != name) continue;
    request.kind = kind;
    return request;
  }
  constexpr std::string_view prefix = "list:";
  if (!text.starts_with(prefix)) {
    return bad_usage(quoted(text) + ": auto, core, l3, numa, socket, none or list:0-1/2-3");
  }
  request.kind = BindKind::list;
  for (const std::string_view part : split(std::string_view(text).substr(prefix.size()), '/')) {
    const auto cores = Bitset::from_ranges(part, list_cores_max);
    if (!cores || cores->none() || request.list.size() >= list_tasks_max) {
      return bad_usage(quoted(text) + ": cores of each task are expected, as in list:0-1/2,4");
    }
    auto& task = request.list.emplace_back();
    cores->for_each([&](std::size_t core) { task.push_back(static_cast<std::uint32_t>(core)); });
  }
  return request;
}

Result<NodeBinding> plan_binding(const NodeClass& node,
                                 const BindRoom& room,
                                 const BindRequest& request) {
  NodeBinding out;
  if (request.kind == BindKind::none) {
    out.why = "--bind none";
    return out;
  }
  if (request.kind == BindKind::list) return plan_list(node, room, request);
  const std::size_t cores = room.cores.count();
  const std::size_t each = room.tasks == 0 ? 0 : cores / room.tasks;
  if (each == 0 || each < room.cores_per_task) {
    out.why = plural(room.tasks, "task") + " of " + plural(room.cores_per_task, "core") + " have " +
              plural(cores, "core");
    if (request.kind == BindKind::automatic) return out;
    return fail(Code::refused, "--bind: " + out.why + " (see: --bind none)");
  }
  const bool is_wide = request.kind != BindKind::automatic && request.kind != BindKind::core;
  for (Bitset& own : deal(node, room, each)) {
    out.tasks.push_back(with_memory(
        node, room,
        is_wide ? widened(node, room.cores, own, level_of(request.kind)) : std::move(own)));
  }
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
  return lines;
}

}  // namespace cox
