// See misfit.h. The arithmetic is that of the select plug-ins, one kind of resource at a time.
#include "core/schedule/misfit.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>

#include "common/count_text.h"
#include "common/node_list.h"
#include "common/text.h"
#include "core/schedule/constrained.h"
#include "core/schedule/leaves.h"
#include "core/schedule/licenses.h"
#include "model/memory_text.h"

namespace cox::core {
namespace {

std::string device_text(const DeviceRequest& one) {
  return device_kind(one.name, one.type) + ":" + std::to_string(one.count);
}

/// Whichever option it was given with: a command knows and names that (cmds/client/wording.h).
std::string gres_text(const std::string& devices) {
  return "--gres " + quoted(devices);
}

/// What makes the job need so many nodes.
std::string nodes_asked(const Component& c, std::uint64_t least) {
  const bool by_tasks = c.tasks != 0 && c.tasks_per_node != 0 &&
                        (c.tasks + c.tasks_per_node - 1) / c.tasks_per_node == least;
  if (!by_tasks) return "--nodes " + std::to_string(least);
  return "--ntasks " + std::to_string(c.tasks) + ", at " + std::to_string(c.tasks_per_node) +
         " on each of " + count_text(least, "node");
}

class Misfit {
 public:
  Misfit(const State& state, const PartitionSettings& partition, const JobRequest& request)
      : state_(state),
        partition_(partition),
        request_(request),
        constrained_(state, partition_nodes(state, partition.name), request),
        nodes_(constrained_.nodes()),
        view_{nodes_,
              state.record.nodes,
              state.index.free,
              state.record.classes,
              partition.cpu_is_thread,
              partition.whole_nodes,
              partition.max_nodes,
              partition.rows},
        need_(request, view_) {}

  std::vector<FleetCheck> checks() {
    check_licenses_exist();
    check_named();
    check_constraint();
    check_count();
    check_leaves();
    check_cores();
    check_memory();
    check_devices();
    check_tasks();
    return std::move(checks_);
  }

 private:
  const Component& component() const { return need_.component(); }

  std::uint64_t nodes_least() const {
    return std::max<std::uint64_t>(component().nodes_min, request_.common->nodes_wanted.size());
  }

  /// Tasks that a node must have room for to be of any use.
  std::uint32_t tasks_least() const {
    return component().tasks != 0 ? 1 : std::max(1U, component().tasks_per_node);
  }

  void note(const std::string& name,
            bool passed,
            const std::string& detail,
            std::uint64_t amount,
            const std::string& refusal) {
    checks_.push_back(FleetCheck{
        VerdictCheck{name + " in partition " + partition_.name, passed, detail, amount}, refusal});
  }

  template <class Suits>
  std::uint64_t count(Suits suits) const {
    std::uint64_t found = 0;
    nodes_.for_each([&](std::size_t i) {
      const NodeId node{static_cast<std::uint32_t>(i)};
      found += suits(node, need_.whole_room(node)) ? 1 : 0;
    });
    return found;
  }

  std::string place() const { return "partition " + partition_.name; }

  /// `found` of the candidates have what a node needs. `asked`: the option at fault and its value;
  /// `most`: what the best node has.
  void note_suiting(const std::string& name,
                    std::uint64_t found,
                    const std::string& what,
                    const std::string& asked,
                    const std::string& most) {
    std::string refusal = asked + ": no node of " + place() + " has more than " + most;
    if (found > 0) {
      refusal = asked + ": only " + count_text(found, "node") + " of " + place() +
                (found == 1 ? " has" : " have") + " so much, " + std::to_string(nodes_least()) +
                " needed";
    }
    note(name, found >= nodes_least(),
         std::to_string(found) + " of " + std::to_string(nodes_.count()) + " nodes have " + what,
         found, refusal);
  }

  void check_named() {
    if (request_.common->nodes_wanted.empty()) return;
    std::vector<std::string> absent;
    for (const std::string& name : request_.common->nodes_wanted) {
      const auto node = state_.node_named(name);
      if (!node.has_value() || !nodes_.test(node->value)) absent.push_back(name);
    }
    note("nodes named", absent.empty(),
         absent.empty() ? "all are there" : "it has no node " + quoted(join(absent, ", ")),
         absent.size(),
         "--nodelist " + quoted(fold_node_list(absent)) + ": " + place() + " has no such node");
  }

  void check_licenses_exist() {
    if (licenses_of(request_).empty()) return;
    const auto there = check_licenses(state_.record.settings, licenses_of(request_));
    note("licenses", there.has_value(),
         there.has_value() ? "the cluster has so many" : there.error().message, 0,
         there.has_value() ? "" : there.error().message);
  }

  /// Labels, of any group and of each kind that is counted.
  void check_constraint() {
    const Constraint& constraint = request_.common->wishes->constraint;
    if (constraint.empty()) return;
    std::uint64_t most = 0;  // in one group
    for (std::size_t i = 0; i < constrained_.groups(); ++i) {
      most = std::max<std::uint64_t>(most, constrained_.group(i).count());
    }
    note_labels("labels", constraint.text(), most, nodes_least(),
                constrained_.groups() > 1 ? ", the most of one group" : "");
    for (std::size_t i = 0; i < constraint.counted().size(); ++i) {
      const Constraint::Counted& kind = constraint.counted()[i];
      std::uint64_t found = 0;
      nodes_.for_each([&](std::size_t node) {
        found += (constrained_.kinds()->of(node) >> i & 1) != 0 ? 1 : 0;
      });
      note_labels("labels counted", kind.text, found, kind.count, "");
    }
  }

  void note_labels(const std::string& name,
                   const std::string& text,
                   std::uint64_t found,
                   std::uint64_t needed,
                   const std::string& of_what) {
    const std::string match = (found == 1 ? " node matches " : " nodes match ") + quoted(text);
    note(name, found >= needed,
         std::to_string(found) + match + of_what + ", " + std::to_string(needed) + " needed", found,
         "--constraint " + quoted(request_.common->wishes->constraint.text()) + ": " +
             std::to_string(found) + (found == 1 ? " node of " : " nodes of ") + place() +
             (found == 1 ? " matches " : " match ") + quoted(text) + of_what + ", " +
             std::to_string(needed) + " needed");
  }

  void check_count() {
    const std::string excluded =
        request_.common->nodes_excluded.empty() ? "" : " that are not excluded";
    note("number of nodes", nodes_.count() >= nodes_least(),
         std::to_string(nodes_least()) + " needed, it has " + std::to_string(nodes_.count()) +
             excluded,
         nodes_.count(),
         nodes_asked(component(), nodes_least()) + ": " + place() + " has " +
             count_text(nodes_.count(), "node") + excluded);
  }

  void check_leaves() {
    const LeafLimit& limit = request_.common->wishes->switches;
    if (!limit.counts() || !knows_leaves(state_.record.settings)) return;
    std::size_t most = 0;
    for (std::size_t i = 0; i < constrained_.groups(); ++i) {
      most = std::max(most, constrained_.group(i).count());
    }
    const std::string detail = count_text(most, "node") + " on at most " +
                               std::to_string(limit.count) +
                               (limit.count == 1 ? " switch" : " switches");
    note("nodes on few switches", most >= nodes_least(),
         detail + ", " + std::to_string(nodes_least()) + " needed", most,
         "--switches " + leaf_limit_text(limit) + ": " + place() + " has " + detail + ", " +
             std::to_string(nodes_least()) + " needed");
  }

  void check_cores() {
    std::uint64_t most = 0;
    std::uint64_t cores = 0;
    std::uint64_t tasks_most = 0;
    const auto suits = [&](NodeId node, Room room) {
      most = std::max(most, room.cores);
      cores = std::max(cores, need_.cores_for(node, tasks_least()));
      room.memory_mib = std::numeric_limits<std::int64_t>::max();
      room.has_devices = true;
      const std::uint32_t capacity = need_.capacity(node, room);
      tasks_most = std::max<std::uint64_t>(tasks_most, capacity);
      return capacity >= tasks_least();
    };
    const std::uint64_t found = count(suits);
    const bool is_wide = tasks_most == 0;  // not even one task
    note_suiting("cores of a node", found,
                 std::to_string(cores) + " cores, the largest has " + std::to_string(most),
                 is_wide ? "--cpus-per-task " + std::to_string(need_.cpus_per_task())
                         : "--ntasks-per-node " + std::to_string(tasks_least()),
                 is_wide ? count_text(most, "core") : "room for " + count_text(tasks_most, "task"));
  }

  void check_memory() {
    std::int64_t most = 0;
    std::int64_t wanted = 0;
    const auto suits = [&](NodeId node, const Room& room) {
      const std::int64_t here = need_.memory_for(node, tasks_least());
      most = std::max(most, room.memory_mib);
      wanted = std::max(wanted, here);
      return here <= room.memory_mib;
    };
    const std::uint64_t found = count(suits);
    note_suiting("memory of a node", found,
                 memory_text(wanted) + " of memory, the largest has " + memory_text(most),
                 memory_asked(wanted), memory_text(most));
  }

  std::string memory_asked(std::int64_t wanted) const {
    const std::int64_t each = component().memory_per_cpu_mib;
    if (each <= 0) return "--mem " + memory_text(wanted);
    const std::string asked = "--mem-per-cpu " + memory_text(each);
    return each == wanted ? asked : asked + ", on one node " + memory_text(wanted);
  }

  void check_devices() {
    if (component().devices.empty()) return;
    std::vector<std::string> wanted;
    const DeviceRequest* scarce = nullptr;  // the first of which no node has enough
    for (const DeviceRequest& one : component().devices) {
      wanted.push_back(device_text(one));
      if (scarce == nullptr && most_devices(one) < one.count) scarce = &one;
    }
    const std::string all = join(wanted, ",");
    note_suiting("devices of a node",
                 count([](NodeId, const Room& room) { return room.has_devices; }), quoted(all),
                 gres_text(scarce == nullptr ? all : device_text(*scarce)),
                 scarce == nullptr ? "a part of it" : std::to_string(most_devices(*scarce)));
  }

  /// Of those that suit `wanted`, on the node with most of them.
  std::uint64_t most_devices(const DeviceRequest& wanted) const {
    const auto suits = [&](const std::string& name, const std::string& type) {
      return name == wanted.name && (wanted.type.empty() || type == wanted.type);
    };
    std::uint64_t most = 0;
    nodes_.for_each([&](std::size_t i) {
      const Node& node = state_.record.nodes[i];
      std::uint64_t here = 0;
      for (const DeviceInfo& device : state_.class_of(node).devices) {
        here += suits(device.name, device.type) ? 1 : 0;
      }
      for (const Pool& pool : node.pools) {
        if (suits(pool.name, pool.type)) here += static_cast<std::uint64_t>(pool.total);
      }
      most = std::max(most, here);
    });
    return most;
  }

  /// All tasks on as many nodes as the request may have, the roomiest first.
  void check_tasks() {
    const std::uint32_t tasks = component().tasks;
    if (tasks == 0) return;
    std::vector<std::uint64_t> rooms;
    nodes_.for_each([&](std::size_t i) {
      const NodeId node{static_cast<std::uint32_t>(i)};
      rooms.push_back(need_.capacity(node, need_.whole_room(node)));
    });
    std::ranges::sort(rooms, std::greater<>());
    rooms.resize(std::min<std::size_t>({rooms.size(), need_.nodes_max(), tasks}));
    std::uint64_t room = 0;
    for (const std::uint64_t one : rooms) room += one;
    const std::string best = rooms.size() == 1 ? "best node holds" : "best nodes hold";
    note("room for tasks", room >= tasks,
         std::to_string(tasks) + " needed, its " + std::to_string(rooms.size()) + " " + best + " " +
             std::to_string(room),
         room,
         "--ntasks " + std::to_string(tasks) + ": " + count_text(rooms.size(), "node") + " of " +
             place() + (rooms.size() == 1 ? " has" : " have") + " room for " +
             std::to_string(room) + " at most");
  }

  const State& state_;
  const PartitionSettings& partition_;
  const JobRequest& request_;
  const Constrained constrained_;
  const Bitset& nodes_;
  const FreeNodes view_;
  const Need need_;
  std::vector<FleetCheck> checks_;
};

}  // namespace

std::vector<FleetCheck> check_fleet(const State& state,
                                    const PartitionSettings& partition,
                                    const JobRequest& request) {
  return Misfit(state, partition, request).checks();
}

}  // namespace cox::core
