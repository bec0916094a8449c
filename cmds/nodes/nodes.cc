// cox nodes: the fleet, one line per state and class, or with --long one per node.
#include "cmds/nodes/nodes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <tuple>

#include "cmds/client/commands.h"
#include "cmds/client/labelled.h"
#include "cmds/client/nothing.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/memory_text.h"
#include "model/node_state.h"
#include "model/selector.h"

namespace cox::cmds {
namespace nodes_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"long", 0, "", "one line per node"},
      OptionSpec{"partition", 'p', "LIST", "nodes of these partitions only"},
      OptionSpec{"state", 's', "LIST", "nodes in these states only"},
      OptionSpec{"class", 'c', "LIST", "nodes of these classes only"},
      OptionSpec{"label", 'l', "SELECTOR", "nodes with such labels only"},
      format_option,
      no_header_option,
      json_option,
      cluster_option,
      help_option};
  return table;
}

/// Nodes that agree in all that the short list shows.
struct Group {
  std::string state, node_class, partitions, reason;
  std::uint32_t cores = 0;
  std::uint64_t used = 0;
  std::int64_t memory_mib = 0;
  std::vector<std::string> names;
};

const std::vector<Column<Group>>& group_columns() {
  static const std::vector<Column<Group>> columns = {
      {"count", true, true, [](const Group& g) { return std::to_string(g.names.size()); }},
      {"state", false, true, [](const Group& g) { return g.state; }},
      {"cores", true, true, [](const Group& g) { return std::to_string(g.cores); }},
      {"used", true, true, [](const Group& g) { return std::to_string(g.used); }},
      {"memory", true, true, [](const Group& g) { return memory_text(g.memory_mib); }},
      {"partitions", false, true, [](const Group& g) { return g.partitions; }},
      {"nodes", false, true, [](const Group& g) { return fold_node_list(g.names); }},
      {"reason", false, true, [](const Group& g) { return g.reason; }},
      {"class", false, false, [](const Group& g) { return g.node_class; }},
  };
  return columns;
}

std::vector<Group> group(const wire::NodeList& list) {
  using Key = std::tuple<std::string, std::string, std::int64_t, std::string, std::string>;
  std::map<Key, Group> groups;
  for (const wire::NodeView& node : list.nodes()) {
    Group& found = groups[Key(node.state(), node.node_class(), node.memory_mib(), node.partitions(),
                              node.reason())];
    found.state = node.state();
    found.node_class = node.node_class();
    found.partitions = node.partitions();
    found.reason = node.reason();
    found.cores = node.cores();
    found.used += node.cores_used();
    found.memory_mib = node.memory_mib();
    found.names.push_back(node.name());
  }
  std::vector<Group> rows;
  for (auto& [key, row] : groups) rows.push_back(std::move(row));
  return rows;
}

/// The words of all states, the best first.
std::vector<std::string> known_states() {
  std::vector<std::string> words;
  for (int i = static_cast<int>(NodeState::allocated); i >= 0; --i) {
    words.emplace_back(to_text(static_cast<NodeState>(i)));
  }
  return words;
}

/// One of the words of `list`, which is empty when the option was not given.
bool is_in(const std::string& list, const std::string& words) {
  if (list.empty()) return true;
  for (const std::string_view wanted : split(list, ',')) {
    for (const std::string_view word : split(words, ',')) {
      if (word == wanted) return true;
    }
  }
  return false;
}

/// The states asked for, in either case.
std::string wanted_states(const Parsed& given) {
  std::string words = given.list("state");
  for (char& c : words) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return words;
}

Result<void> check_states(const Parsed& given) {
  if (!given.has("state")) return {};
  const std::vector<std::string> known = known_states();
  const std::string words = wanted_states(given);
  for (const std::string_view wanted : split(words, ',')) {
    if (std::ranges::find(known, wanted) != known.end()) continue;
    const auto near = nearest(wanted, known);
    return fail(Code::bad_usage, "--state " + quoted(wanted) + ": no state of a node" +
                                     (near ? ", did you mean " + *near + "?" : "") +
                                     " (there are: " + join(known, ", ") + ")");
  }
  return {};
}

/// Classes have names that nobody guesses: one that no node is of is a mistake.
Result<void> check_classes(const Parsed& given, const wire::NodeList& list) {
  if (!given.has("class")) return {};
  std::set<std::string> known;
  for (const wire::NodeView& node : list.nodes()) known.insert(node.node_class());
  const std::string classes = given.list("class");
  for (const std::string_view wanted : split(classes, ',')) {
    if (known.contains(std::string(wanted))) continue;
    return fail(Code::not_found, "--class " + quoted(wanted) +
                                     ": no class of these nodes (there are: " +
                                     join({known.begin(), known.end()}, ", ") + ")");
  }
  return {};
}

/// Keeps the nodes that every option given wants. error: bad_usage, not_found
Result<wire::NodeList> choose(const Parsed& given, const wire::NodeList& list) {
  if (auto checked = check_states(given); !checked) return Failure(checked.error());
  if (auto checked = check_classes(given, list); !checked) return Failure(checked.error());
  const auto text = selector_asked(given);
  if (!text) return Failure(text.error());
  const auto selector = Selector::parse(*text);
  if (!selector) return Failure(selector.error().with_context("--label"));
  const std::string states = wanted_states(given);
  const std::string partitions = given.list("partition");
  const std::string classes = given.list("class");
  wire::NodeList kept;
  for (const wire::NodeView& node : list.nodes()) {
    const bool is_wanted = is_in(partitions, node.partitions()) && is_in(states, node.state()) &&
                           is_in(classes, node.node_class()) &&
                           selector->matches(take_labels(node.labels()));
    if (is_wanted) *kept.add_nodes() = node;
  }
  return kept;
}

Result<std::string> document(const Parsed& given, const wire::NodeList& list) {
  if (given.has("json")) {
    JsonWriter json;
    json.begin_array("nodes");
    for (const wire::NodeView& node : list.nodes()) write_json(node, &json);
    json.end_array();
    return json.take();
  }
  if (given.has("long")) return table_text(given, node_columns(), list.nodes());
  return table_text(given, group_columns(), group(list));
}

Result<int> run(const Parsed& given) {
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  const auto checked = check_partitions(given, *session, false);
  if (!checked) return Failure(checked.error());
  wire::ClientRequest request;
  request.mutable_list_nodes()->set_names(join(given.operands(), ","));
  const auto reply = session->ask(request);
  if (!reply) return Failure(reply.error());
  const auto list = choose(given, reply->nodes());
  if (!list) return Failure(list.error());
  const auto text = document(given, *list);
  if (!text) return Failure(text.error());
  const auto printed = print(*text);
  if (!printed) return Failure(printed.error());
  if (list->nodes().empty()) note_nothing(given, "node", {"partition", "state", "class", "label"});
  return 0;
}

}  // namespace
}  // namespace nodes_locals

std::vector<std::string> group_column_names() {
  std::vector<std::string> names;
  for (const auto& column : nodes_locals::group_columns()) names.emplace_back(column.name);
  return names;
}

const Command nodes_command{"nodes",
                            "[NAMES] [OPTIONS]",
                            "the nodes, grouped by state and class",
                            nodes_locals::options,
                            Operands::anywhere,
                            0,
                            nodes_locals::run};

}  // namespace cox::cmds
