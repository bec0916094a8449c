// See constrained.h.
#include "core/schedule/constrained.h"

#include <algorithm>
#include <utility>

#include "common/text.h"
#include "core/schedule/leaves.h"
#include "core/schedule/tenants.h"

namespace cox::core {
namespace {

/// What `answer` makes of the labels of each table, and at the end of none.
template <class Answer>
auto of_tables(const Settings& settings, Answer answer) {
  std::vector<decltype(answer(Labels{}))> answers;
  answers.reserve(settings.nodes.size() + 1);
  for (const NodeSettings& table : settings.nodes) answers.push_back(answer(table.labels));
  answers.push_back(answer(Labels{}));
  return answers;
}

std::size_t table_of(const State& state, std::size_t node) {
  return std::min<std::size_t>(state.index.table_of_node[node], state.record.settings.nodes.size());
}

void exclude(const State& state, const JobRequest& request, Bitset& nodes) {
  for (const std::string& name : request.common->nodes_excluded) {
    const auto node = state.node_named(name);
    if (node.has_value() && nodes.test(node->value)) nodes.reset(node->value);
  }
}

}  // namespace

Constrained::Constrained(const State& state, const Bitset& nodes, const JobRequest& request)
    : nodes_(nodes) {
  exclude(state, request, nodes_);
  closed_ = closed_nodes(state, nodes_, request);
  if (request.common->wishes.is_blank()) return;
  const Constraint& constraint = request.common->wishes->constraint;
  if (!constraint.empty()) filter(state, constraint);
  const LeafLimit& switches = request.common->wishes->switches;
  if (switches.counts()) limit_leaves(state, switches.count);
}

/// Of each group those on so few switches.
void Constrained::limit_leaves(const State& state, std::uint32_t count) {
  if (!knows_leaves(state.record.settings)) return;
  std::vector<Bitset> limited;
  Bitset all(nodes_.size());
  for (std::size_t i = 0; i < groups(); ++i) {
    for (Bitset& set : leaf_sets(state, group(i), count)) {
      all |= set;
      limited.push_back(std::move(set));
    }
  }
  groups_ = std::move(limited);
  nodes_ = std::move(all);
}

void Constrained::filter(const State& state, const Constraint& constraint) {
  const auto fits = of_tables(state.record.settings,
                              [&](const Labels& labels) { return constraint.fit(labels); });
  const Bitset all = std::move(nodes_);
  nodes_ = Bitset(all.size());
  groups_.assign(constraint.choices().size(), Bitset(all.size()));
  std::vector<std::uint8_t> of_node(constraint.counted().empty() ? 0 : all.size());
  all.for_each([&](std::size_t node) {
    const Constraint::Fit& fit = fits[table_of(state, node)];
    if (fit.choices == 0) return;
    nodes_.set(node);
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if ((fit.choices >> i & 1U) != 0) groups_[i].set(node);
    }
    if (!of_node.empty()) of_node[node] = fit.kinds;
  });
  if (constraint.counted().empty()) return;
  std::vector<std::uint32_t> counts;
  for (const Constraint::Counted& one : constraint.counted()) counts.push_back(one.count);
  kinds_.emplace(std::move(of_node), std::move(counts));
}

Bitset labelled_nodes(const State& state, const Bitset& nodes, const std::string& selector) {
  Bitset labelled(nodes.size());
  const auto wanted = Selector::parse(selector);
  if (!wanted.has_value()) return labelled;
  const auto matches = of_tables(state.record.settings,
                                 [&](const Labels& labels) { return wanted->matches(labels); });
  nodes.for_each([&](std::size_t node) {
    if (matches[table_of(state, node)]) labelled.set(node);
  });
  return labelled;
}

Result<void> check_labels(const Settings& settings, const JobRequest& request) {
  if (request.common->wishes.is_blank()) return {};
  const Constraint& constraint = request.common->wishes->constraint;
  if (constraint.empty()) return {};
  auto fits = of_tables(settings, [&](const Labels& labels) { return constraint.fit(labels); });
  // Where tables are there, what none of them names is in no partition.
  if (!settings.nodes.empty()) fits.pop_back();
  const std::string head = "--constraint " + quoted(constraint.text()) + ": no node has ";
  if (std::ranges::none_of(fits, [](const auto& fit) { return fit.choices != 0; })) {
    return fail(Code::refused, head + "such labels (see: cox nodes --long)");
  }
  for (std::size_t i = 0; i < constraint.counted().size(); ++i) {
    const bool is_there =
        std::ranges::any_of(fits, [i](const auto& fit) { return (fit.kinds >> i & 1) != 0; });
    if (is_there) continue;
    return fail(Code::refused, head + "the labels of " + quoted(constraint.counted()[i].text) +
                                   " (see: cox nodes --long)");
  }
  return {};
}

}  // namespace cox::core
