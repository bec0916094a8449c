// See layout.h.
#include "noded/stepd/pmix/layout.h"

#include <algorithm>
#include <set>

namespace cox::stepd {
namespace {

// PMIX_MAX_NSLEN; the library cuts longer names without a word.
constexpr std::size_t nspace_bytes_max = 255;

}  // namespace

Result<void> check_plan(const MpiPlan& plan) {
  if (plan.nspace.empty() || plan.nspace.size() > nspace_bytes_max) {
    return fail(Code::bad_usage, "mpi name space '" + plan.nspace + "' is empty or too long");
  }
  if (plan.node_index >= plan.nodes.size()) {
    return fail(Code::bad_usage, "node " + std::to_string(plan.node_index) + " of " +
                                     std::to_string(plan.nodes.size()) + " nodes of the step");
  }
  std::uint32_t next = 0;
  for (const MpiNode& node : plan.nodes) {
    if (node.name.empty() || node.name.find_first_of(",;") != std::string::npos) {
      return fail(Code::bad_usage, "node name '" + node.name + "' cannot be used for mpi");
    }
    if (!node.ranks.empty() && node.ranks.size() != node.tasks) {
      return fail(Code::bad_usage, std::to_string(node.ranks.size()) + " ranks of " +
                                       std::to_string(node.tasks) + " tasks on " + node.name);
    }
    if (node.first_task != next) {
      return fail(Code::bad_usage, "first rank of " + node.name + " is " +
                                       std::to_string(node.first_task) + ", not " +
                                       std::to_string(next));
    }
    next += node.tasks;
  }
  if (plan.nodes[plan.node_index].tasks == 0) {
    return fail(Code::bad_usage, "no task on node " + plan.nodes[plan.node_index].name);
  }
  return {};
}

std::uint32_t tasks_of(const MpiPlan& plan) {
  std::uint32_t sum = 0;
  for (const MpiNode& node : plan.nodes) sum += node.tasks;
  return sum;
}

std::uint32_t node_of(const MpiPlan& plan, std::uint32_t rank) {
  if (!plan.node_by_rank.empty()) {
    return rank < plan.node_by_rank.size() ? plan.node_by_rank[rank]
                                           : static_cast<std::uint32_t>(plan.nodes.size());
  }
  // The first node whose block ends behind `rank`; blocks follow each other without a gap.
  const auto found = std::partition_point(
      plan.nodes.begin(), plan.nodes.end(),
      [rank](const MpiNode& node) { return node.first_task + node.tasks <= rank; });
  return static_cast<std::uint32_t>(found - plan.nodes.begin());
}

bool is_local(const MpiPlan& plan, std::uint32_t rank) {
  return node_of(plan, rank) == plan.node_index;
}

std::string node_names(const MpiPlan& plan) {
  std::string text;
  for (const MpiNode& node : plan.nodes) {
    if (node.tasks == 0) continue;
    if (!text.empty()) text += ',';
    text += node.name;
  }
  return text;
}

std::string ranks_by_node(const MpiPlan& plan) {
  std::string text;
  for (const MpiNode& node : plan.nodes) {
    if (node.tasks == 0) continue;
    if (!text.empty()) text += ';';
    text += rank_list(node);
  }
  return text;
}

std::string rank_list(const MpiNode& node) {
  std::string text;
  for (std::uint32_t i = 0; i < node.tasks; ++i) {
    if (i != 0) text += ',';
    text += std::to_string(node.rank(i));
  }
  return text;
}

std::string fence_id(std::vector<std::uint32_t> ranks) {
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  std::string text;
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(ranks[i]);
    if (last != i) text += '-' + std::to_string(ranks[last]);
    i = last + 1;
  }
  return text;
}

std::vector<std::uint32_t> nodes_of(const MpiPlan& plan, const std::vector<std::uint32_t>& ranks) {
  std::set<std::uint32_t> nodes;
  for (const std::uint32_t rank : ranks) nodes.insert(node_of(plan, rank));
  for (std::uint32_t i = 0; ranks.empty() && i < plan.nodes.size(); ++i) {
    if (plan.nodes[i].tasks != 0) nodes.insert(i);
  }
  return {nodes.begin(), nodes.end()};
}

}  // namespace cox::stepd
