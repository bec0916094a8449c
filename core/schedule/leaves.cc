// See leaves.h.
#include "core/schedule/leaves.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace cox::core {
namespace {

constexpr std::size_t sets_max = 64;  // up to here all of them are looked at

struct Leaf {
  Bitset nodes;
  std::size_t all = 0, idle = 0, cores = 0;
};

std::vector<Leaf> leaves_of(const State& state, const Bitset& nodes) {
  std::map<std::uint32_t, Leaf> by_leaf;
  nodes.for_each([&](std::size_t node) {
    const std::uint32_t which = state.index.leaf_of_node[node];
    if (which == no_leaf) return;
    Leaf& leaf = by_leaf.try_emplace(which, Leaf{Bitset(nodes.size())}).first->second;
    leaf.nodes.set(node);
    ++leaf.all;
    leaf.idle += state.index.free[node].jobs == 0 ? 1 : 0;
    leaf.cores += state.index.free[node].cores.count();
  });
  std::vector<Leaf> leaves;
  for (auto& [which, leaf] : by_leaf) leaves.push_back(std::move(leaf));
  return leaves;
}

using Chosen = std::vector<std::size_t>;  // places in the list of leaves, ascending

/// How many sets of `count` of `all` there are, or more than sets_max.
std::size_t sets_of(std::size_t all, std::size_t count) {
  std::size_t sets = 1;
  for (std::size_t i = 0; i < count && sets <= sets_max; ++i) sets = sets * (all - i) / (i + 1);
  return sets;
}

std::vector<Chosen> all_sets(std::size_t all, std::size_t count) {
  std::vector<Chosen> sets;
  Chosen one(count);
  std::iota(one.begin(), one.end(), std::size_t{0});
  while (true) {
    sets.push_back(one);
    std::size_t last = count;
    while (last > 0 && one[last - 1] == all - count + last - 1) --last;
    if (last == 0) return sets;
    ++one[last - 1];
    for (std::size_t i = last; i < count; ++i) one[i] = one[i - 1] + 1;
  }
}

/// The `count` leaves that have most of `what`; of equals the first.
Chosen richest(const std::vector<Leaf>& leaves, std::size_t count, std::size_t Leaf::*what) {
  Chosen order(leaves.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return leaves[a].*what > leaves[b].*what; });
  order.resize(count);
  std::ranges::sort(order);
  return order;
}

std::vector<Chosen> good_sets(const std::vector<Leaf>& leaves, std::size_t count) {
  std::vector<Chosen> sets;
  for (std::size_t first = 0; first + count <= leaves.size(); ++first) {
    Chosen& one = sets.emplace_back(count);
    std::iota(one.begin(), one.end(), first);
  }
  for (const auto what : {&Leaf::idle, &Leaf::cores, &Leaf::all}) {
    Chosen one = richest(leaves, count, what);
    if (std::ranges::find(sets, one) == sets.end()) sets.push_back(std::move(one));
  }
  return sets;
}

}  // namespace

bool knows_leaves(const Settings& settings) {
  return std::ranges::any_of(settings.switches,
                             [](const SwitchSettings& one) { return !one.nodes.empty(); });
}

std::vector<Bitset> leaf_sets(const State& state, const Bitset& nodes, std::uint32_t count) {
  if (!knows_leaves(state.record.settings)) return {};
  const std::vector<Leaf> leaves = leaves_of(state, nodes);
  const std::size_t most = std::min<std::size_t>(count, leaves.size());
  if (leaves.empty()) return {Bitset(nodes.size())};
  const bool are_few = most == 1 || sets_of(leaves.size(), most) <= sets_max;
  std::vector<Chosen> chosen = are_few ? all_sets(leaves.size(), most) : good_sets(leaves, most);
  const auto cores = [&leaves](const Chosen& one) {
    std::size_t sum = 0;
    for (const std::size_t i : one) sum += leaves[i].cores;
    return sum;
  };
  // Where least is free, least is broken up.
  std::ranges::stable_sort(chosen,
                           [&](const Chosen& a, const Chosen& b) { return cores(a) < cores(b); });
  std::vector<Bitset> sets;
  for (const Chosen& one : chosen) {
    Bitset& set = sets.emplace_back(nodes.size());
    for (const std::size_t i : one) set |= leaves[i].nodes;
  }
  return sets;
}

std::size_t most_idle(const State& state, const Bitset& nodes, std::uint32_t count) {
  const std::vector<Leaf> leaves = leaves_of(state, nodes);
  const std::size_t most = std::min<std::size_t>(count, leaves.size());
  std::size_t idle = 0;
  for (const std::size_t i : richest(leaves, most, &Leaf::idle)) idle += leaves[i].idle;
  return idle;
}

}  // namespace cox::core
