// See figures.h.
#include "sim/figures.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "common/node_list.h"

namespace cox::sim {
namespace {

struct Sum {
  double of = 0;
  std::size_t count = 0;

  double mean() const { return count == 0 ? 0 : of / static_cast<double>(count); }
};

std::string group_name(const Outcome& one, By by) {
  return by == By::user ? user_name(one.user) : account_name(one.group);
}

void set_shares(std::vector<Group>* groups) {
  double all = 0;
  for (const Group& one : *groups) all += static_cast<double>(one.figures.used_s);
  for (Group& one : *groups) {
    one.share = all > 0 ? static_cast<double>(one.figures.used_s) / all : 0;
  }
}

using Parts = std::map<std::string, std::vector<Outcome>>;

Parts parts_of(const std::vector<Outcome>& outcomes, By by) {
  Parts parts;
  for (const Outcome& one : outcomes) parts[group_name(one, by)].push_back(one);
  return parts;
}

/// By node, its switch; no more than there are nodes.
std::vector<std::uint32_t> leaf_of_nodes(const std::vector<std::string>& node_names,
                                         const std::vector<SwitchSettings>& switches) {
  std::unordered_map<std::string, std::uint32_t> leaf_by_name;
  for (std::uint32_t i = 0; i < switches.size(); ++i) {
    const auto names = expand_node_list(switches[i].nodes);
    if (!names) continue;  // the configuration was checked
    for (const std::string& name : *names) leaf_by_name.emplace(name, i);
  }
  std::vector<std::uint32_t> leaves;
  auto own = static_cast<std::uint32_t>(switches.size());
  for (const std::string& name : node_names) {
    const auto found = leaf_by_name.find(name);
    leaves.push_back(found == leaf_by_name.end() ? own++ : found->second);
  }
  return leaves;
}

}  // namespace

std::int64_t nearest_rank(const std::vector<std::int64_t>& sorted, std::size_t percent) {
  if (sorted.empty()) return 0;
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

Figures figures_of(const std::vector<Outcome>& outcomes, std::uint64_t processors) {
  Figures figures;
  figures.jobs = outcomes.size();
  if (outcomes.empty()) return figures;
  std::vector<std::int64_t> waits;
  waits.reserve(outcomes.size());
  double slowdowns = 0;
  std::int64_t wait_sum = 0;
  std::int64_t first = outcomes.front().submit_s;
  std::int64_t last = first;
  for (const Outcome& one : outcomes) {
    waits.push_back(one.wait_s());
    wait_sum += one.wait_s();
    figures.used_s += one.run_s() * one.processors;
    first = std::min(first, one.submit_s);
    last = std::max(last, one.end_s);
    slowdowns += one.bounded_slowdown();
  }
  std::ranges::sort(waits);
  const auto count = static_cast<double>(outcomes.size());
  figures.mean_wait_s = static_cast<double>(wait_sum) / count;
  figures.mean_bounded_slowdown = slowdowns / count;
  figures.p95_wait_s = nearest_rank(waits, 95);
  figures.p99_wait_s = nearest_rank(waits, 99);
  figures.max_wait_s = waits.back();
  const double offered = static_cast<double>(processors) * static_cast<double>(last - first);
  figures.utilisation = offered > 0 ? static_cast<double>(figures.used_s) / offered : 0;
  figures.fairness = fairness_of(outcomes);
  return figures;
}

std::optional<double> fairness_of(const std::vector<Outcome>& outcomes) {
  std::map<std::int64_t, Sum> users;  // in order: a sum of fractions depends on it
  for (const Outcome& one : outcomes) {
    if (one.user < 0) continue;
    Sum& sum = users[one.user];
    sum.of += one.bounded_slowdown();
    ++sum.count;
  }
  if (users.size() < 2) return std::nullopt;
  double sum = 0;
  double squares = 0;
  for (const auto& [user, slowdowns] : users) {
    sum += slowdowns.mean();
    squares += slowdowns.mean() * slowdowns.mean();
  }
  return sum * sum / (static_cast<double>(users.size()) * squares);
}

std::vector<Group> groups_of(const std::vector<Outcome>& outcomes,
                             By by,
                             std::uint64_t processors) {
  std::vector<Group> groups;
  if (by == By::nobody) return groups;
  for (const auto& [name, part] : parts_of(outcomes, by)) {
    groups.push_back({name, figures_of(part, processors)});
  }
  std::ranges::stable_sort(
      groups, [](const Group& a, const Group& b) { return a.figures.used_s > b.figures.used_s; });
  set_shares(&groups);
  return groups;
}

std::vector<Group> shown_groups(const std::vector<Outcome>& outcomes,
                                By by,
                                std::uint64_t processors,
                                std::size_t limit) {
  std::vector<Group> groups = groups_of(outcomes, by, processors);
  if (limit == 0 || groups.size() <= limit) return groups;
  std::vector<Outcome> others;
  Parts parts = parts_of(outcomes, by);
  double share = 0;
  for (std::size_t i = limit; i < groups.size(); ++i) {
    const std::vector<Outcome>& part = parts.at(groups[i].name);
    others.insert(others.end(), part.begin(), part.end());
    share += groups[i].share;
  }
  const std::size_t left = groups.size() - limit;
  groups.resize(limit);
  groups.push_back({std::to_string(left) + " others", figures_of(others, processors), share});
  return groups;
}

std::optional<double> mean_leaves(const std::vector<Outcome>& outcomes,
                                  const std::vector<std::string>& node_names,
                                  const std::vector<SwitchSettings>& switches) {
  if (switches.empty() || outcomes.empty()) return std::nullopt;
  const std::vector<std::uint32_t> leaf_of = leaf_of_nodes(node_names, switches);
  std::size_t all = 0;
  std::vector<std::uint32_t> leaves;
  for (const Outcome& one : outcomes) {
    leaves.clear();
    for (const std::uint32_t node : one.nodes) leaves.push_back(leaf_of[node]);
    std::ranges::sort(leaves);
    const auto rest = std::ranges::unique(leaves);
    all += leaves.size() - rest.size();
  }
  return static_cast<double>(all) / static_cast<double>(outcomes.size());
}

}  // namespace cox::sim
