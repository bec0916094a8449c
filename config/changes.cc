// Both are written as files and compared line by line, so that no key can be forgotten here.
#include "config/changes.h"

#include <map>
#include <tuple>

#include "common/natural_order.h"
#include "common/node_list.h"
#include "common/text.h"
#include "config/config.h"

namespace cox::config {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;  // key, value

struct Table {
  std::string name;
  Rows rows;
};

/// "[[partition]]" with name = "debug" is "partition debug".
std::vector<Table> tables_of(const Settings& settings) {
  const std::string text = to_toml(settings);
  std::vector<Table> tables;
  bool is_list = false;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    if (line.front() == '[') {
      is_list = line.starts_with("[[");
      const std::size_t brackets = is_list ? 2 : 1;
      tables.push_back({std::string(line.substr(brackets, line.size() - 2 * brackets)), {}});
      continue;
    }
    const std::size_t equals = line.find(" = ");
    const std::string key(line.substr(0, equals));
    std::string value(line.substr(equals + 3));
    if (is_list && tables.back().rows.empty()) {
      // Its first key names a table of a list.
      tables.back().name += " " + value.substr(1, value.size() - 2);
      is_list = false;
      continue;
    }
    tables.back().rows.emplace_back(key, std::move(value));
  }
  return tables;
}

std::string whole(const Table& table) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : table.rows) parts.push_back(key + " = " + value);
  return parts.empty() ? "{ }" : "{ " + join(parts, ", ") + " }";
}

std::string value_of(const Rows& rows, const std::string& key) {
  for (const auto& [name, value] : rows) {
    if (name == key) return value;
  }
  return {};
}

void compare(const Table& before, const Table& after, std::vector<Change>& changes) {
  for (const auto& [key, value] : before.rows) {
    std::string now = value_of(after.rows, key);
    if (now != value) changes.push_back({before.name, key, value, std::move(now)});
  }
  for (const auto& [key, value] : after.rows) {
    if (value_of(before.rows, key).empty()) changes.push_back({before.name, key, {}, value});
  }
}

constexpr std::string_view node_table = "node ";

bool is_of_nodes(const Table& table) {
  return table.name.starts_with(node_table);
}

/// What nodes have before and after, whichever tables say it: what changes alike is one change.
class NodeChanges {
 public:
  void add_before(const Table& table) { add(table, &Tables::first); }

  void add_after(const Table& table) { add(table, &Tables::second); }

  void find(std::vector<Change>& changes) {
    std::map<Tables, std::vector<Change>> known;  // nodes of two tables differ alike
    for (const auto& [name, tables] : nodes_) {
      auto found = known.find(tables);
      if (found == known.end()) found = known.emplace(tables, changes_of(tables)).first;
      for (const Change& change : found->second) note(name, change);
    }
    for (const Alike& one : alike_) {
      changes.push_back(one.change);
      changes.back().table = std::string(node_table) + fold_node_list(one.nodes);
    }
  }

 private:
  using Tables = std::pair<const Table*, const Table*>;

  struct Alike {
    Change change;
    std::vector<std::string> nodes;
  };

  void add(const Table& table, const Table* Tables::*side) {
    const auto names = expand_node_list(table.name.substr(node_table.size()));
    if (!names) return;  // they were checked when the file was read
    for (const std::string& name : *names) nodes_[name].*side = &table;
  }

  static std::vector<Change> changes_of(const Tables& tables) {
    if (tables.first == nullptr) return {{"", {}, {}, whole(*tables.second)}};
    if (tables.second == nullptr) return {{"", {}, whole(*tables.first), {}}};
    std::vector<Change> changes;
    compare(*tables.first, *tables.second, changes);
    return changes;
  }

  void note(const std::string& node, const Change& change) {
    const std::tuple key{change.key, change.from, change.to};
    const auto [place, is_new] = places_.emplace(key, alike_.size());
    if (is_new) alike_.push_back({change, {}});
    alike_[place->second].nodes.push_back(node);
  }

  std::map<std::string, Tables, NaturalOrder> nodes_;
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> places_;
  std::vector<Alike> alike_;
};

}  // namespace

std::vector<Change> changes_between(const Settings& before, const Settings& after) {
  if (before == after) return {};
  std::vector<Change> changes;
  const auto old_tables = tables_of(before);
  const auto new_tables = tables_of(after);
  std::map<std::string, const Table*> by_name;
  NodeChanges of_nodes;
  for (const Table& table : new_tables) {
    is_of_nodes(table) ? of_nodes.add_after(table) : (void)by_name.emplace(table.name, &table);
  }
  for (const Table& table : old_tables) {
    if (is_of_nodes(table)) {
      of_nodes.add_before(table);
      continue;
    }
    const auto found = by_name.find(table.name);
    if (found == by_name.end()) {
      changes.push_back({table.name, {}, whole(table), {}});
    } else {
      compare(table, *found->second, changes);
      by_name.erase(found);
    }
  }
  for (const Table& table : new_tables) {
    if (by_name.contains(table.name)) changes.push_back({table.name, {}, {}, whole(table)});
  }
  of_nodes.find(changes);
  return changes;
}

}  // namespace cox::config
