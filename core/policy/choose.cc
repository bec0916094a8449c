// See choose.h. One look over the candidates; when that fails, one more over their whole rooms
// tells NotNow from Never.
#include "core/policy/choose.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "common/assert.h"
#include "core/job/layout.h"

namespace cox::core {
namespace {

struct Choice {
  NodeId node;
  std::uint32_t capacity = 0;
  bool is_wanted = false;
};

struct Found {
  std::vector<Choice> candidates;  // those with room for enough tasks, by NodeId
  std::size_t wanted = 0;          // of these, named by the request
  std::uint64_t standing = 0;      // for a kind that is counted, at most
};

using RoomOf = Room (Need::*)(NodeId) const;

bool is_named(const JobRequest& request, const Node& node) {
  return std::ranges::find(request.common->nodes_wanted, node.name) !=
         request.common->nodes_wanted.end();
}

/// Tasks that a node must have room for to be of any use.
std::uint32_t tasks_least(const Component& c) {
  return c.tasks != 0 ? 1 : std::max(1U, c.tasks_per_node);
}

/// Whether the candidates in their order, with no look at the rest, hold the request.
bool fits_first_nodes(const JobRequest& request, const Need& need) {
  const Component& c = need.component();
  if (!request.common->nodes_wanted.empty() || need.view().kinds != nullptr) return false;
  const std::size_t most = c.tasks == 0 ? c.nodes_min : std::min(need.nodes_max(), c.tasks);
  std::size_t nodes = 0;
  std::uint64_t tasks = 0;
  const Bitset& candidates = need.view().candidates;
  for (std::size_t i = candidates.next(0); i < candidates.size() && nodes < most;
       i = candidates.next(i + 1)) {
    const NodeId node{static_cast<std::uint32_t>(i)};
    const std::uint32_t capacity = need.capacity(node, need.whole_room(node));
    if (capacity < tasks_least(c)) continue;
    ++nodes;
    tasks += capacity;
    if (nodes >= c.nodes_min && tasks >= c.tasks) return true;
  }
  return false;
}

Found find_candidates(const JobRequest& request, const Need& need, RoomOf room_of) {
  Found found;
  const std::uint32_t least = tasks_least(need.component());
  need.view().candidates.for_each([&](std::size_t i) {
    const NodeId node{static_cast<std::uint32_t>(i)};
    const std::uint32_t capacity = need.capacity(node, (need.*room_of)(node));
    if (capacity < least) return;
    const bool wanted =
        !request.common->nodes_wanted.empty() && is_named(request, need.view().nodes[i]);
    found.wanted += wanted ? 1 : 0;
    found.candidates.push_back(Choice{node, capacity, wanted});
  });
  return found;
}

bool by_use(const Choice& a, const Choice& b) {
  if (a.is_wanted != b.is_wanted) return a.is_wanted;
  if (a.capacity != b.capacity) return a.capacity > b.capacity;
  return a.node < b.node;
}

/// Nodes of counted kinds to the front. How many nodes there are at least, with all that are named.
std::size_t order_by_kinds(const NodeKinds& kinds, std::vector<Choice>& ordered, Found* found) {
  const std::size_t standing = put_kinds_first(
      kinds, ordered, [&kinds](const Choice& one) { return kinds.of(one.node.value); });
  found->standing = standing;
  std::size_t least = standing;
  while (least < ordered.size() && ordered[least].is_wanted) ++least;
  return least;
}

/// The fewest nodes that hold the request: named nodes first, then the roomiest. Nothing: too few.
std::optional<std::size_t> count_nodes(const JobRequest& request, const Need& need, Found& found) {
  const Component& c = need.component();
  std::size_t least = std::max<std::size_t>(c.nodes_min, request.common->nodes_wanted.size());
  if (found.wanted < request.common->nodes_wanted.size() || found.candidates.size() < least)
    return {};
  std::ranges::sort(found.candidates, by_use);
  if (const NodeKinds* kinds = need.view().kinds; kinds != nullptr) {
    const std::size_t of_kinds = order_by_kinds(*kinds, found.candidates, &found);
    if (found.standing < kinds->total() || (c.tasks == 0 && of_kinds > least)) return {};
    least = std::max(least, of_kinds);
  }
  if (c.tasks == 0) return least;
  const std::size_t most =
      std::min<std::size_t>({need.nodes_max(), c.tasks, found.candidates.size()});
  std::uint64_t tasks = 0;
  for (std::size_t i = 0; i < most; ++i) {
    tasks += found.candidates[i].capacity;
    if (i + 1 >= least && tasks >= c.tasks) return i + 1;
  }
  return {};
}

/// Among the nodes with room for an even part, the `count` that taste likes best; the roomiest when
/// these are too few. Ascending by NodeId.
std::vector<Choice> take_best(const Need& need,
                              const Taste& taste,
                              std::vector<Choice> ordered,
                              std::size_t count) {
  const Component& c = need.component();
  const auto nodes = static_cast<std::uint32_t>(count);
  const std::uint32_t even = c.tasks != 0 ? (c.tasks + nodes - 1) / nodes : tasks_least(c);
  std::size_t roomy = 0;
  while (roomy < ordered.size() && (ordered[roomy].is_wanted || ordered[roomy].capacity >= even)) {
    ++roomy;
  }
  const std::size_t wanted = static_cast<std::size_t>(
      std::ranges::count_if(ordered, [](const Choice& one) { return one.is_wanted; }));
  const bool is_even = roomy >= count && (wanted == 0 || ordered[wanted - 1].capacity >= even);
  if (is_even && roomy > count) {
    std::vector<std::pair<std::uint64_t, Choice>> scored;
    for (std::size_t i = wanted; i < roomy; ++i) {
      const Choice& one = ordered[i];
      scored.emplace_back(taste.score(need, one.node, even), one);
    }
    const auto better = [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second.node < b.second.node;
    };
    std::ranges::partial_sort(scored, scored.begin() + static_cast<std::ptrdiff_t>(count - wanted),
                              better);
    for (std::size_t i = wanted; i < count; ++i) ordered[i] = scored[i - wanted].second;
  }
  ordered.resize(count);
  std::ranges::sort(ordered, {}, &Choice::node);
  return ordered;
}

/// The same where kinds are counted: `ordered` has their nodes first.
std::vector<Choice> take_best_of_kinds(const Need& need,
                                       const Taste& taste,
                                       std::vector<Choice> ordered,
                                       std::size_t count) {
  const Component& c = need.component();
  const auto nodes = static_cast<std::uint32_t>(count);
  const std::uint32_t even = c.tasks != 0 ? (c.tasks + nodes - 1) / nodes : tasks_least(c);
  std::vector<std::pair<std::uint64_t, Choice>> scored;
  for (const Choice& one : ordered) {
    if (one.capacity < even) continue;
    scored.emplace_back(one.is_wanted ? 0 : taste.score(need, one.node, even) + 1, one);
  }
  std::ranges::stable_sort(scored, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second.node < b.second.node;
  });
  std::vector<Choice> roomy;
  for (const auto& [score, one] : scored) roomy.push_back(one);
  Found found;
  const auto is_wanted = [](const Choice& one) { return one.is_wanted; };
  const bool has_named =
      std::ranges::count_if(roomy, is_wanted) == std::ranges::count_if(ordered, is_wanted);
  const std::size_t least = order_by_kinds(*need.view().kinds, roomy, &found);
  const bool is_enough = has_named && found.standing == need.view().kinds->total() &&
                         least <= count && roomy.size() >= count;
  if (is_enough) ordered = std::move(roomy);
  ordered.resize(count);
  std::ranges::sort(ordered, {}, &Choice::node);
  return ordered;
}

NodeShare share_of(const Need& need, const Taste& taste, NodeId node, std::uint32_t tasks) {
  const Node& here = need.view().nodes[node.value];
  const NodeClass& node_class = need.view().classes[here.node_class.value];
  const NodeFree& free = need.view().free[node.value];
  NodeShare share;
  share.node = node;
  share.tasks = tasks;
  share.cores =
      need.whole_nodes() ? free.cores : taste.pick(need, node, tasks, need.cores_for(node, tasks));
  share.memory_mib =
      take_memory(node_class, free.memory_mib, share.cores, need.memory_for(node, tasks));
  auto devices =
      take_devices(need.component(), here, node_class, free.devices, free.pools, share.cores);
  ASSERT(devices.has_value());
  share.devices = std::move(devices->devices);
  share.pools = std::move(devices->pools);
  return share;
}

Placement place(const Need& need, const Taste& taste, const std::vector<Choice>& nodes) {
  const Component& c = need.component();
  std::vector<std::uint32_t> room;
  for (const Choice& one : nodes) room.push_back(one.capacity);
  std::vector<std::uint32_t> tasks(nodes.size(), tasks_least(c));
  if (c.tasks != 0) tasks = spread(c.tasks, room);
  ASSERT(tasks.size() == nodes.size());
  Placement placement;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    placement.allocation.nodes.push_back(share_of(need, taste, nodes[i].node, tasks[i]));
  }
  return placement;
}

/// The common case without a list: no node named, and a first node that suits perfectly.
std::optional<NodeId> perfect_node(const JobRequest& request,
                                   const Need& need,
                                   const Taste& taste) {
  const Component& c = need.component();
  if (c.nodes_min != 1 || !request.common->nodes_wanted.empty()) return std::nullopt;
  if (need.view().kinds != nullptr) return std::nullopt;
  const std::uint32_t tasks = c.tasks != 0 ? c.tasks : tasks_least(c);
  const Bitset& candidates = need.view().candidates;
  for (std::size_t i = candidates.next(0); i < candidates.size(); i = candidates.next(i + 1)) {
    const NodeId node{static_cast<std::uint32_t>(i)};
    if (need.capacity(node, need.free_room(node)) < tasks) continue;
    if (taste.score(need, node, tasks) == 0) return node;
  }
  return std::nullopt;
}

std::uint64_t short_by(const JobRequest& request, const FreeNodes& view, const Found& found) {
  const std::size_t least = std::max<std::size_t>(request.common->components.front().nodes_min,
                                                  request.common->nodes_wanted.size());
  if (found.candidates.size() < least) return least - found.candidates.size();
  if (view.kinds == nullptr || found.standing >= view.kinds->total()) return 1;
  return view.kinds->total() - found.standing;
}

}  // namespace

bool fits_whole(const JobRequest& request, const FreeNodes& view) {
  const Need need(request, view);
  if (fits_first_nodes(request, need)) return true;
  Found whole = find_candidates(request, need, &Need::whole_room);
  return count_nodes(request, need, whole).has_value();
}

Selection choose(const JobRequest& request, const FreeNodes& view, const Taste& taste) {
  const Need need(request, view);
  if (const auto node = perfect_node(request, need, taste); node.has_value()) {
    const std::uint32_t room = need.capacity(*node, need.free_room(*node));
    return place(need, taste, {Choice{*node, room, false}});
  }
  Found free = find_candidates(request, need, &Need::free_room);
  if (const auto count = count_nodes(request, need, free); count.has_value()) {
    const auto take = view.kinds == nullptr ? take_best : take_best_of_kinds;
    return place(need, taste, take(need, taste, std::move(free.candidates), *count));
  }
  Found whole = find_candidates(request, need, &Need::whole_room);
  if (count_nodes(request, need, whole).has_value()) {
    return NotNow{Reason::resources, short_by(request, view, free)};
  }
  return Never{Reason::never_fits, short_by(request, view, whole)};
}

}  // namespace cox::core
