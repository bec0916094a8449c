// See prospect.h. Invariant: each of `tallies_` counts `capacity_` of every candidate of its group.
#include "core/schedule/prospect.h"

#include <algorithm>
#include <numeric>

#include "common/assert.h"
#include "core/job/layout.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

const Component& first_component(const JobRequest& request) {
  return request.common->components.front();
}

/// Any `tasks` cores would do, if memory did not matter.
bool is_scattered(const JobRequest& request, const FreeNodes& view) {
  const Component& c = first_component(request);
  return c.tasks != 0 && c.tasks_per_node == 0 && c.cpus_per_task <= 1 && c.nodes_min <= 1 &&
         c.nodes_max >= std::min<std::size_t>(c.tasks, view.candidates.size()) &&
         view.nodes_max == 0 && !c.exclusive && !c.exclusive_user && c.devices.empty() &&
         !view.whole_nodes && !view.cpu_is_thread && request.common->nodes_wanted.empty() &&
         request.common->nodes_excluded.empty() && request.common->wishes.is_blank();
}

/// Jobs on the node that keep it out, which mostly none does.
std::int32_t parts_closing(const State& state, NodeId node, const Tenant& tenant) {
  if (!tenant.is_apart && state.index.apart_on_node.empty()) return 0;
  return static_cast<std::int32_t>(
      std::ranges::count_if(state.index.jobs_on_node[node.value], [&](const JobId id) {
        return exclude_each_other(tenant, tenant_of(state.find_job(id)->request));
      }));
}

void add_bits(Bitset& to, const Bitset& bits, bool frees) {
  if (bits.size() != to.size()) return;  // nothing was taken
  if (frees) {
    to |= bits;
  } else {
    to -= bits;
  }
}

}  // namespace

Tally::Tally(const JobRequest& request, std::uint32_t nodes_granted, const NodeKinds* kinds)
    : kinds_(kinds),
      tasks_(first_component(request).tasks),
      nodes_least_(std::max<std::size_t>(first_component(request).nodes_min,
                                         request.common->nodes_wanted.size())),
      nodes_most_(tasks_ == 0
                      ? nodes_least_
                      : std::min<std::uint64_t>(first_component(request).nodes_max, tasks_)),
      named_(request.common->nodes_wanted.size()),
      tasks_least_(tasks_ != 0 ? 1 : std::max(1U, first_component(request).tasks_per_node)) {
  if (nodes_granted != 0 && tasks_ != 0) {
    nodes_most_ = std::min<std::uint64_t>(nodes_most_, nodes_granted);
  }
}

std::uint32_t Tally::clipped(std::uint32_t capacity) const {
  if (capacity < tasks_least_) return 0;
  return tasks_ == 0 ? tasks_least_ : capacity;
}

void Tally::change(std::uint32_t capacity, bool is_wanted, std::uint8_t kinds, int by) {
  if (capacity == 0) return;
  const auto sign = static_cast<std::uint64_t>(static_cast<std::int64_t>(by));
  room_ += sign * capacity;
  if (is_wanted) {
    wanted_ += sign;
    wanted_room_ += sign * capacity;
    if (kinds_ == nullptr) return;
  } else {
    nodes_ += sign;
  }
  std::vector<Alike>& counts = is_wanted ? counts_wanted_ : counts_;
  const auto is_before = [capacity, kinds](const Alike& one) {
    return one.capacity != capacity ? one.capacity > capacity : one.kinds < kinds;
  };
  auto place = std::ranges::partition_point(counts, is_before);
  if (place == counts.end() || place->capacity != capacity || place->kinds != kinds) {
    place = counts.insert(place, {capacity, kinds, 0});
  }
  place->count += by;
}

bool Tally::fits() const {
  if (wanted_ < named_ || nodes() < nodes_least_ || nodes_least_ > nodes_most_) return false;
  if (kinds_ != nullptr) return fits_kinds();
  if (tasks_ == 0) return true;
  if (room_ < tasks_) return false;
  // Named nodes first, then the roomiest: what these cannot hold, no choice of nodes holds.
  std::uint64_t left = nodes_most_ - wanted_;
  std::uint64_t tasks = wanted_room_;
  for (const auto& [capacity, kinds, count] : counts_) {
    const std::uint64_t part = std::min(left, static_cast<std::uint64_t>(count));
    tasks += part * capacity;
    left -= part;
    if (left == 0) break;
  }
  return tasks >= tasks_;
}

/// As put_kinds_first() of the select plug-ins chooses: nodes that stand for a kind, named ones and
/// roomy ones first, and beside them the roomiest others.
bool Tally::fits_kinds() const {
  if (kinds_->total() > nodes_most_) return false;
  Dealing dealing(*kinds_);
  std::uint64_t left = nodes_most_ - kinds_->total();
  std::uint64_t tasks = wanted_room_;
  for (const Alike& named : counts_wanted_) {
    const auto count = static_cast<std::uint64_t>(named.count);
    const std::uint64_t beside = count - dealing.take(named.kinds, count);
    if (beside > left) return false;
    left -= beside;
  }
  for (const Alike& one : counts_) {
    const auto count = static_cast<std::uint64_t>(one.count);
    const std::uint64_t standing = dealing.take(one.kinds, count);
    const std::uint64_t beside = std::min(left, count - standing);
    tasks += (standing + beside) * one.capacity;
    left -= beside;
  }
  return dealing.is_complete() && tasks >= tasks_;
}

Prospect::Prospect(const State& state,
                   const PartitionSettings& partition,
                   const Bitset& ready,
                   const JobRequest& request)
    : common_(request.common),
      constrained_(state, ready, request),
      candidates_(constrained_.nodes()),
      view_{candidates_,
            state.record.nodes,
            state.index.free,
            state.record.classes,
            partition.cpu_is_thread,
            partition.whole_nodes,
            partition.max_nodes,
            1,
            nullptr,
            constrained_.kinds()},
      need_(request, view_),
      tallies_(constrained_.groups(), Tally(request, partition.max_nodes, constrained_.kinds())),
      wanted_(candidates_.size()),
      tenant_(tenant_of(request)),
      levels_(candidates_.size()),
      is_scattered_(is_scattered(request, view_)),
      capacity_(candidates_.size()) {
  for (const std::string& name : request.common->nodes_wanted) {
    const auto node = state.node_named(name);
    if (node.has_value() && candidates_.test(node->value)) wanted_.set(node->value);
  }
  if (need_.wants_devices()) {
    devices_.resize(candidates_.size());
    pools_.resize(candidates_.size());
  }
  candidates_.for_each([&](std::size_t i) {
    const NodeFree& free = state.index.free[i];
    levels_[i] =
        Level{static_cast<std::int32_t>(free.cores.count()), static_cast<std::int32_t>(free.jobs),
              std::accumulate(free.memory_mib.begin(), free.memory_mib.end(), std::int64_t{0})};
    levels_[i].closing = parts_closing(state, NodeId{static_cast<std::uint32_t>(i)}, tenant_);
    if (need_.wants_devices()) {
      devices_[i] = free.devices;
      pools_[i] = free.pools;
    }
    cores_ += levels_[i].cores;
    capacity_[i] = capacity_at(i);
    count(i, capacity_[i], true);
  });
}

std::uint32_t Prospect::capacity_at(std::size_t i) const {
  const NodeId node{static_cast<std::uint32_t>(i)};
  const Level& level = levels_[i];
  if (level.closing > 0) return 0;
  const bool wants_devices = need_.wants_devices();
  const Room room = need_.room_with(
      node, static_cast<std::uint64_t>(std::max(0, level.cores)), level.memory_mib, level.jobs <= 0,
      wants_devices ? &devices_[i] : nullptr, wants_devices ? &pools_[i] : nullptr);
  return tallies_.front().clipped(need_.capacity(node, room));
}

void Prospect::count(std::size_t node, std::uint32_t capacity, bool adds) {
  const std::uint8_t kinds = view_.kinds == nullptr ? std::uint8_t{0} : view_.kinds->of(node);
  for (std::size_t i = 0; i < tallies_.size(); ++i) {
    if (tallies_.size() > 1 && !constrained_.is_in(node, i)) continue;
    if (adds) {
      tallies_[i].add(capacity, wanted_.test(node), kinds);
    } else {
      tallies_[i].remove(capacity, wanted_.test(node), kinds);
    }
  }
}

bool Prospect::fits() const {
  return std::ranges::any_of(tallies_, &Tally::fits);
}

void Prospect::set_capacity(std::size_t node, std::uint32_t capacity) {
  if (capacity == capacity_[node]) return;
  count(node, capacity_[node], false);
  count(node, capacity, true);
  capacity_[node] = capacity;
}

void Prospect::recount(std::size_t node) {
  set_capacity(node, capacity_at(node));
}

void Prospect::apply(const Part& part, bool frees) {
  const std::size_t node = part.node.value;
  if (!candidates_.test(node)) return;
  Level& level = levels_[node];
  const auto cores = static_cast<std::int32_t>(frees ? part.cores : -part.cores);
  level.cores += cores;
  cores_ += cores;
  level.jobs += frees ? -1 : 1;
  if (exclude_each_other(tenant_, part.tenant)) level.closing += frees ? -1 : 1;
  level.memory_mib += frees ? part.memory_mib : -part.memory_mib;
  if (!need_.wants_devices()) return;
  add_bits(devices_[node], part.devices, frees);
  for (std::size_t i = 0; i < part.pools.size(); ++i) {
    pools_[node][i] += frees ? part.pools[i] : -part.pools[i];
  }
}

std::optional<Second> Prospect::advance(const Timeline& timeline,
                                        const LicenseTimeline& licenses,
                                        Duration length,
                                        Second not_before) {
  const std::vector<Change>& changes = timeline.changes();
  for (std::size_t i = 0; i < changes.size();) {
    const Second at = changes[i].at;
    for (; i < changes.size() && changes[i].at == at; ++i) {
      const std::size_t node = changes[i].part.node.value;
      apply(changes[i].part, changes[i].frees);
      if (candidates_.test(node)) recount(node);
    }
    // What became free before `not_before` may be just what it waits for.
    Second start = std::max(at, not_before);
    if (i < changes.size() && changes[i].at <= start) continue;
    if (!fits()) continue;
    if (const Licenses& asked = common_->wishes->licenses; !asked.empty()) {
      // Behind a job without a limit nothing is in sight.
      if (start == second_never) return std::nullopt;
      const auto first = licenses.earliest(asked, start, length);
      if (!first.has_value()) return std::nullopt;
      start = *first;
      if (i < changes.size() && changes[i].at <= start) continue;
    }
    if (lasts(changes, i, end_second(start, length))) return start;
  }
  return std::nullopt;
}

bool Prospect::lasts(const std::vector<Change>& changes, std::size_t from, Second end) {
  std::vector<std::pair<std::size_t, std::uint32_t>> before;  // capacities to put back
  std::size_t i = from;
  for (; i < changes.size() && (changes[i].at < end || end == second_never); ++i) {
    const std::size_t node = changes[i].part.node.value;
    apply(changes[i].part, changes[i].frees);
    if (!candidates_.test(node)) continue;
    const std::uint32_t here = capacity_at(node);
    if (here >= capacity_[node]) continue;
    before.emplace_back(node, capacity_[node]);
    set_capacity(node, here);
  }
  const bool fits_all = fits();
  while (i > from) {
    --i;
    apply(changes[i].part, !changes[i].frees);
  }
  if (fits_all) return true;  // the least of each node is what choose() may count on
  while (!before.empty()) {
    set_capacity(before.back().first, before.back().second);
    before.pop_back();
  }
  return false;
}

std::vector<std::size_t> Prospect::choose_nodes() const {
  const auto found = std::ranges::find_if(tallies_, &Tally::fits);
  ASSERT(found != tallies_.end());
  const auto group = static_cast<std::size_t>(found - tallies_.begin());
  std::vector<std::size_t> order;
  constrained_.group(group).for_each([&](std::size_t node) {
    if (capacity_[node] > 0) order.push_back(node);
  });
  // A choice that stays the same when nodes outside it lose something: ties by number only.
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    if (wanted_.test(a) != wanted_.test(b)) return wanted_.test(a);
    return capacity_[a] > capacity_[b];
  });
  auto least = static_cast<std::size_t>(found->nodes_least());
  if (view_.kinds != nullptr) {
    std::size_t of_kinds = put_kinds_first(
        *view_.kinds, order, [this](std::size_t node) { return view_.kinds->of(node); });
    while (of_kinds < order.size() && wanted_.test(order[of_kinds])) ++of_kinds;
    least = std::max(least, of_kinds);
  }
  std::size_t count = least;
  std::uint64_t room = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    room += capacity_[order[i]];
    if (i + 1 >= least && room >= found->tasks()) {
      count = i + 1;
      break;
    }
  }
  ASSERT(count <= order.size());
  order.resize(count);
  std::ranges::sort(order);
  return order;
}

std::vector<Part> Prospect::choose() const {
  const std::vector<std::size_t> order = choose_nodes();
  std::vector<std::uint32_t> tasks;
  for (const std::size_t node : order) tasks.push_back(capacity_[node]);
  if (const std::uint64_t all = tallies_.front().tasks(); all != 0) tasks = spread(all, tasks);
  ASSERT(tasks.size() == order.size());
  std::vector<Part> parts;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const NodeId node{static_cast<std::uint32_t>(order[i])};
    Part part;
    part.node = node;
    part.tenant = tenant_;
    part.cores = need_.whole_nodes() ? static_cast<std::uint32_t>(levels_[order[i]].cores)
                                     : static_cast<std::uint32_t>(need_.cores_for(node, tasks[i]));
    part.memory_mib = need_.memory_for(node, tasks[i]);
    if (need_.wants_devices()) {
      const Node& here = view_.nodes[order[i]];
      const NodeClass& kind = view_.classes[here.node_class.value];
      auto taken = take_devices(need_.component(), here, kind, devices_[order[i]], pools_[order[i]],
                                Bitset(kind.cores.size()));
      if (taken.has_value()) {
        part.devices = std::move(taken->devices);
        part.pools = std::move(taken->pools);
      }
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

void Prospect::lose(const std::vector<Part>& parts) {
  for (const Part& part : parts) {
    apply(part, false);
    if (candidates_.test(part.node.value)) recount(part.node.value);
  }
}

std::uint64_t Prospect::spare_cores() const {
  // Where each free core is a task more, each core taken is one less.
  const Tally& tally = tallies_.front();
  const bool is_linear = is_scattered_ && static_cast<std::uint64_t>(cores_) == tally.room();
  return is_linear ? tally.room() - tally.tasks() : ~std::uint64_t{0};
}

bool Prospect::survives(const std::vector<Part>& parts) {
  std::vector<std::pair<std::size_t, std::uint32_t>> before;
  for (const Part& part : parts) {
    const std::size_t node = part.node.value;
    apply(part, false);
    if (!candidates_.test(node)) continue;
    before.emplace_back(node, capacity_[node]);
    recount(node);
  }
  const bool fits_still = fits();
  for (const Part& part : parts) apply(part, true);
  for (const auto& [node, capacity] : before) set_capacity(node, capacity);
  return fits_still;
}

}  // namespace cox::core
