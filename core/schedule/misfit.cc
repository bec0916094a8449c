// See misfit.h. The arithmetic is that of the select plug-ins, one kind of resource at a time.
#include "core/schedule/misfit.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>

#include "common/text.h"
#include "model/memory_text.h"

namespace cox::core {
namespace {

std::string number(std::uint64_t n) {
  return std::to_string(n);
}

class Misfit {
 public:
  Misfit(const State& state, const PartitionSettings& partition, const JobRequest& request)
      : state_(state),
        partition_(partition),
        request_(request),
        nodes_(candidates()),
        view_{nodes_,
              state.record.nodes,
              state.index.free,
              state.record.classes,
              partition.cpu_is_thread,
              partition.whole_nodes},
        need_(request, view_) {}

  std::vector<VerdictCheck> checks() {
    check_named();
    check_count();
    check_cores();
    check_memory();
    check_devices();
    check_tasks();
    return std::move(checks_);
  }

 private:
  Bitset candidates() const {
    Bitset nodes = partition_nodes(state_, partition_.name);
    for (const std::string& name : request_.common->nodes_excluded) {
      const auto node = state_.node_named(name);
      if (node.has_value() && nodes.test(node->value)) nodes.reset(node->value);
    }
    return nodes;
  }

  const Component& component() const { return need_.component(); }

  std::uint64_t nodes_least() const {
    return std::max<std::uint64_t>(component().nodes_min, request_.common->nodes_wanted.size());
  }

  /// Tasks that a node must have room for to be of any use.
  std::uint32_t tasks_least() const {
    return component().tasks != 0 ? 1 : std::max(1U, component().tasks_per_node);
  }

  void note(const std::string& name, bool passed, const std::string& detail, std::uint64_t amount) {
    checks_.push_back(
        VerdictCheck{name + " in partition " + partition_.name, passed, detail, amount});
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

  /// `found` of the candidates have what a node needs.
  void note_suiting(const std::string& name, std::uint64_t found, const std::string& what) {
    note(name, found >= nodes_least(),
         number(found) + " of " + number(nodes_.count()) + " nodes have " + what, found);
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
         absent.size());
  }

  void check_count() {
    const std::string excluded =
        request_.common->nodes_excluded.empty() ? "" : " that are not excluded";
    note("number of nodes", nodes_.count() >= nodes_least(),
         number(nodes_least()) + " needed, it has " + number(nodes_.count()) + excluded,
         nodes_.count());
  }

  void check_cores() {
    std::uint64_t most = 0;
    std::uint64_t cores = 0;
    const auto suits = [&](NodeId node, Room room) {
      most = std::max(most, room.cores);
      cores = std::max(cores, need_.cores_for(node, tasks_least()));
      room.memory_mib = std::numeric_limits<std::int64_t>::max();
      room.has_devices = true;
      return need_.capacity(node, room) >= tasks_least();
    };
    const std::uint64_t found = count(suits);
    note_suiting("cores of a node", found,
                 number(cores) + " cores, the largest has " + number(most));
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
                 memory_text(wanted) + " of memory, the largest has " + memory_text(most));
  }

  void check_devices() {
    if (component().devices.empty()) return;
    std::vector<std::string> wanted;
    for (const DeviceRequest& one : component().devices) {
      wanted.push_back(one.name + (one.type.empty() ? "" : ":" + one.type) + ":" +
                       number(one.count));
    }
    note_suiting("devices of a node",
                 count([](NodeId, const Room& room) { return room.has_devices; }),
                 quoted(join(wanted, ",")));
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
    rooms.resize(std::min<std::size_t>({rooms.size(), component().nodes_max, tasks}));
    std::uint64_t room = 0;
    for (const std::uint64_t one : rooms) room += one;
    note(
        "room for tasks", room >= tasks,
        number(tasks) + " needed, its " + number(rooms.size()) + " best nodes hold " + number(room),
        room);
  }

  const State& state_;
  const PartitionSettings& partition_;
  const JobRequest& request_;
  const Bitset nodes_;
  const FreeNodes view_;
  const Need need_;
  std::vector<VerdictCheck> checks_;
};

}  // namespace

std::vector<VerdictCheck> check_fleet(const State& state,
                                      const PartitionSettings& partition,
                                      const JobRequest& request) {
  return Misfit(state, partition, request).checks();
}

}  // namespace cox::core
