// share = "timeslice": where jobs take turns nobody else may run beside them, so that a node of
// such a partition is in no other. What a partition has is known here as exactly as in the
// controller: labels come from this file alone.
#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/node_list.h"
#include "config/reading.h"

namespace cox::config {
namespace {

/// A node that two partitions have; without a name all nodes are both's.
struct Shared {
  std::string node;
  std::size_t owner = 0;  // place of the partition that had it first
};

/// Who has which node. Partitions with turns claim theirs; others only ask.
class Claims {
 public:
  explicit Claims(const Settings& settings) : settings_(settings) {
    first_.resize(settings.nodes.size());
    for (std::size_t i = 0; i < settings.nodes.size(); ++i) {
      const auto names = expand_node_list(settings.nodes[i].names);
      if (!names) continue;
      for (const std::string& name : *names) table_of_.emplace(name, i);
    }
  }

  /// What of the partition at `place` somebody has already. With `claims` the rest becomes its own.
  std::optional<Shared> look(std::size_t place, bool claims) {
    const PartitionSettings& partition = settings_.partitions[place];
    const auto selector = Selector::parse(partition.select);
    if (!selector) return std::nullopt;  // it has its own complaint
    if (!partition.nodes.empty()) return look_at_list(place, partition.nodes, *selector, claims);
    return settings_.nodes.empty() ? look_at_all(place, *selector, claims)
                                   : look_at_tables(place, *selector, claims);
  }

 private:
  std::optional<Shared> look_at_list(std::size_t place,
                                     const std::string& list,
                                     const Selector& selector,
                                     bool claims) {
    const auto names = expand_node_list(list);
    if (!names) return std::nullopt;
    for (const std::string& name : *names) {
      const auto table = table_of_.find(name);
      const bool is_listed = table != table_of_.end();
      if (!is_listed && !settings_.nodes.empty()) continue;  // it has its own complaint
      if (!selector.matches(is_listed ? settings_.nodes[table->second].labels : Labels{})) {
        continue;
      }
      if (auto shared = look_at_node(place, name, claims)) return shared;
      if (is_listed && claims) note_first(table->second, name);
    }
    return std::nullopt;
  }

  std::optional<Shared> look_at_node(std::size_t place, const std::string& name, bool claims) {
    if (all_) return Shared{name, *all_};
    if (!claims) {
      const auto known = owners_.find(name);
      return known == owners_.end() ? std::nullopt : std::optional(Shared{name, known->second});
    }
    const auto [entry, is_new] = owners_.emplace(name, place);
    if (!is_new) return Shared{name, entry->second};
    if (any_.empty()) any_ = name;
    return std::nullopt;
  }

  /// No node is described, so that any may come.
  std::optional<Shared> look_at_all(std::size_t place, const Selector& selector, bool claims) {
    if (!selector.matches(Labels{})) return std::nullopt;
    if (all_) return Shared{{}, *all_};
    if (!any_.empty()) return Shared{any_, owners_.at(any_)};
    if (claims) all_ = place;
    return std::nullopt;
  }

  /// Of each table one claimed node is known: enough to find that there is one.
  std::optional<Shared> look_at_tables(std::size_t place, const Selector& selector, bool claims) {
    for (std::size_t i = 0; i < settings_.nodes.size(); ++i) {
      if (!selector.matches(settings_.nodes[i].labels)) continue;
      if (!first_[i].empty()) return Shared{first_[i], owners_.at(first_[i])};
      if (claims) claim_table(place, i);
    }
    return std::nullopt;
  }

  void claim_table(std::size_t place, std::size_t table) {
    const auto names = expand_node_list(settings_.nodes[table].names);
    if (!names) return;
    for (const std::string& name : *names) {
      owners_.emplace(name, place);
      note_first(table, name);
    }
  }

  void note_first(std::size_t table, const std::string& name) {
    if (first_[table].empty()) first_[table] = name;
  }

  const Settings& settings_;
  std::unordered_map<std::string, std::size_t> table_of_;  // of each node: its [[node]]
  std::unordered_map<std::string, std::size_t> owners_;    // partitions with turns
  std::vector<std::string> first_;                         // of each [[node]]: a node with an owner
  std::string any_;                                        // where none is described: one of those
  std::optional<std::size_t> all_;                         // who has all nodes that may come
};

}  // namespace

void check_turns(Reading& reading, const std::vector<toml::source_region>& places) {
  const auto& partitions = reading.config.settings.partitions;
  if (std::ranges::none_of(partitions, &PartitionSettings::takes_turns)) return;
  Claims claims(reading.config.settings);
  for (const bool with_turns : {true, false}) {
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      if (partitions[i].takes_turns() != with_turns) continue;
      const auto shared = claims.look(i, with_turns);
      if (!shared) continue;
      const std::string what = shared->node.empty() ? "every node" : "node " + shared->node;
      reading.reader.complain(places[i], "partition.nodes",
                              what + " of partition " + partitions[i].name + " is in partition " +
                                  partitions[shared->owner].name +
                                  " as well, where jobs take turns: such nodes are in no other");
    }
  }
}

}  // namespace cox::config
