// [[node]], [[switch]] and [[license]]: the machines that are known, what they should be, what
// joins them, and what jobs may hold of the whole cluster.
#include <algorithm>
#include <memory>

#include "common/node_list.h"
#include "common/text.h"
#include "config/reading.h"
#include "config/texts.h"
#include "model/license.h"

namespace cox::config {
namespace {

constexpr std::int64_t cores_max = 16'384;
constexpr std::int64_t gpus_max = 4096;
constexpr std::size_t labels_max = 256;
constexpr std::size_t nodes_max = 1'000'000;  // of all tables together

void take_labels(Reading& reading, const toml::node& node, Labels* to) {
  const std::string key = "node.labels";
  const auto* labels = node.as_table();
  if (labels == nullptr) {
    return reading.reader.complain(
        node.source(), key, type_text(node.type()) + " where { KEY = \"VALUE\", ... } is needed");
  }
  if (labels->size() > labels_max) {
    return reading.reader.complain(node.source(), key,
                                   std::to_string(labels->size()) +
                                       " labels are over the limit of " +
                                       std::to_string(labels_max));
  }
  for (const auto& [name, value] : *labels) {
    std::string text;
    const std::size_t before = reading.reader.complaints().size();
    reading.reader.text(key + "." + quoted(name.str()), &text)(value);
    if (reading.reader.complaints().size() != before) continue;
    if (!is_label_key(name.str()) || !is_label_value(text)) {
      reading.reader.complain(name.source(), key,
                              '"' + quoted(name.str()) + " = " + quoted(text) +
                                  "\" is no label: letters, digits and -_./:+@, at most 64");
      continue;
    }
    to->emplace(name.str(), std::move(text));
  }
}

/// Complains of names that another table has.
void claim(Reading& reading, const toml::table& table, const std::string& list) {
  auto& lines = reading.node_lines;
  if (lines.size() > nodes_max) return;
  const auto names = expand_node_list(list);
  if (!names) return;
  const std::uint32_t line = table.source().begin.line;
  for (const std::string& name : *names) {
    const auto [entry, is_new] = lines.emplace(name, line);
    if (is_new) continue;
    return reading.reader.complain(
        table.source(), "node.names",
        "node " + name + " is in the table of line " + std::to_string(entry->second) + " as well");
  }
  if (lines.size() <= nodes_max) return;
  reading.reader.complain(table.source(), "node.names",
                          "more than " + std::to_string(nodes_max) + " nodes are named");
}

void take_node(Reading& reading, const toml::table& table) {
  NodeSettings node;
  Reader& reader = reading.reader;
  const std::string expect = "node.expect";
  reader.read(
      table, "node",
      {{"names", reader.checked("node.names", &check_nodes, &node.names)},
       {"labels",
        [&reading, &node](const toml::node& value) { take_labels(reading, value, &node.labels); }},
       {"expect",
        reader.table(
            expect, {{"cores", reader.number(expect + ".cores", 0, cores_max, &node.expect.cores)},
                     {"memory", reader.memory(expect + ".memory", &node.expect.memory_mib)},
                     {"gpus", reader.number(expect + ".gpus", 0, gpus_max, &node.expect.gpus)}})}});
  if (!table.contains("names")) return reader.complain(table.source(), "node", "has no names");
  if (node.names.empty()) return;
  claim(reading, table, node.names);
  reading.config.settings.nodes.push_back(std::move(node));
}

void check_switches(Reading& reading,
                    const Names& names,
                    const toml::source_region& place,
                    const std::string& list) {
  const auto below = expand_node_list(list);
  if (!below) return;
  for (const std::string& name : *below) {
    if (names.has(name)) continue;
    return reading.reader.complain(place, "switch.switches",
                                   "no switch \"" + name + "\"" + names.nearest_text(name));
  }
}

void take_switch(Reading& reading, const std::shared_ptr<Names>& names, const toml::table& table) {
  SwitchSettings made;
  Reader& reader = reading.reader;
  reader.read(table, "switch",
              {{"name", reader.checked("switch.name", &check_name, &made.name)},
               {"nodes", reader.checked("switch.nodes", &check_nodes, &made.nodes)},
               {"switches", reader.checked("switch.switches", &check_nodes, &made.switches)}});
  if (!names->take(reading, made.name, table)) return;
  if (made.nodes.empty() == made.switches.empty() &&
      table.contains("nodes") == table.contains("switches")) {
    return reader.complain(table.source(), "switch",
                           '"' + made.name + "\" needs either nodes or switches");
  }
  const toml::source_region place = table.source();
  reading.afterwards.emplace_back([&reading, names, place, made] {
    if (!made.nodes.empty()) check_known_nodes(reading, place, "switch.nodes", made.nodes);
    if (!made.switches.empty()) check_switches(reading, *names, place, made.switches);
  });
  reading.config.settings.switches.push_back(std::move(made));
}

void take_license(Reading& reading, Names& names, const toml::table& table) {
  LicenseSettings made;
  Reader& reader = reading.reader;
  const std::size_t before = reader.complaints().size();
  reader.read(table, "license",
              {{"name", reader.text("license.name", &made.name)},
               {"total", reader.number("license.total", 0, licenses_max, &made.total)}});
  if (reader.complaints().size() != before) return;
  if (table.contains("name") && !is_license_name(made.name)) {
    return reader.complain(
        table.source(), "license.name",
        '"' + quoted(made.name) + "\" is no name: letters, digits and -_./+@, at most 64");
  }
  if (!names.take(reading, made.name, table)) return;
  if (!table.contains("total")) {
    return reader.complain(table.source(), "license", '"' + made.name + "\" has no total");
  }
  reading.config.settings.licenses.push_back(std::move(made));
}

}  // namespace

std::vector<Key> fleet_keys(Reading& reading) {
  const auto names = std::make_shared<Names>("switch");
  const auto licenses = std::make_shared<Names>("license");
  return {
      {"node", reading.reader.tables(
                   "node", [&reading](const toml::table& table) { take_node(reading, table); })},
      {"switch", reading.reader.tables("switch",
                                       [&reading, names](const toml::table& table) {
                                         take_switch(reading, names, table);
                                       })},
      {"license", reading.reader.tables("license", [&reading, licenses](const toml::table& table) {
         take_license(reading, *licenses, table);
       })}};
}

void check_known_nodes(Reading& reading,
                       const toml::source_region& place,
                       const std::string& key,
                       const std::string& list) {
  const auto& lines = reading.node_lines;
  const auto wanted = expand_node_list(list);
  if (lines.empty() || !wanted) return;
  for (const std::string& name : *wanted) {
    if (lines.contains(name)) continue;
    std::vector<std::string> known;
    for (const auto& [word, line] : lines) known.push_back(word);
    std::ranges::sort(known);
    const auto near = nearest(name, known);
    return reading.reader.complain(place, key,
                                   "node " + quoted(name) + " is in no [[node]]" +
                                       (near ? "; did you mean \"" + *near + "\"?" : ""));
  }
}

}  // namespace cox::config
