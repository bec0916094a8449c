// Changes as sentences, or as documents.
#include "cmds/config/reports.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "common/count_text.h"
#include "common/node_list.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

constexpr int jobs_named_max = 10;

Result<int> finish(const Result<void>& printed) {
  if (!printed) return Failure(printed.error());
  return 0;
}

/// Who wrote the reasons and names is not known: each stays one line of visible text.
std::string shown(const std::string& text) {
  return quoted(text, text.size());
}

/// A list that no fold makes short says how many it has.
std::string nodes_text(const std::string& list) {
  constexpr std::size_t list_bytes_max = 160;
  if (list.size() <= list_bytes_max) return list;
  const std::size_t comma = list.rfind(',', list_bytes_max);
  if (comma == std::string::npos) return list;
  const std::string some = list.substr(0, comma);
  const std::size_t open = some.rfind('[');
  const bool is_open = open != std::string::npos && some.find(']', open) == std::string::npos;
  const auto names = expand_node_list(list);
  return some + ",..." + (is_open ? "]" : "") +
         (names ? " (" + count_text(names->size(), "node") + ")" : "");
}

/// "node n[1,3,5,...] (512 nodes)"
std::string table_text(const std::string& table) {
  constexpr std::string_view node = "node ";
  return table.starts_with(node) ? "node " + nodes_text(table.substr(node.size())) : table;
}

std::string change_text(const wire::ConfigChange& change) {
  const std::string table = table_text(change.table());
  const std::string from = shown(change.from()), to = shown(change.to());
  if (change.key().empty()) return table + (from.empty() ? ": new: " + to : ": gone");
  const std::string key = table + ": " + change.key() + ": ";
  if (from.empty()) return key + "new: " + to;
  return key + from + " -> " + (to.empty() ? "not set" : to);
}

/// Nodes that lack the same, together.
std::string shorts_text(const wire::ConfigReply& reply) {
  std::vector<std::pair<std::string, std::vector<std::string>>> alike;  // why, nodes
  for (const auto& one : reply.shorts()) {
    auto found = std::ranges::find(alike, one.why(), [](const auto& group) { return group.first; });
    if (found == alike.end()) found = alike.insert(alike.end(), {one.why(), {}});
    found->second.push_back(one.node());
  }
  std::string text;
  for (const auto& [why, nodes] : alike) {
    text += (nodes.size() == 1 ? "node " : "nodes ") + nodes_text(fold_node_list(nodes)) +
            ": no new work: " + why + "\n";
  }
  return text;
}

std::string partitions_text(const std::string& names) {
  return names.empty() ? "none" : names;
}

std::string jobs_text(const wire::StrandedJobs& group, const char* fate) {
  std::vector<std::string> names;
  for (const std::string& name : group.names()) {
    if (names.size() == jobs_named_max) break;
    names.push_back(name);
  }
  const std::string more = group.count() > names.size() ? ", ..." : "";
  return count_text(group.count(), "job") + " of " + group.user() + fate + " (" +
         join(names, ", ") + more + "): " + shown(group.why());
}

std::string changes_text(const wire::ConfigReply& reply) {
  std::string text;
  for (const auto& change : reply.changes()) text += change_text(change) + "\n";
  for (const auto& move : reply.moves()) {
    text += "nodes " + nodes_text(move.nodes()) + ": partitions " + partitions_text(move.from()) +
            " -> " + partitions_text(move.to()) + "\n";
  }
  text += shorts_text(reply);
  for (const auto& group : reply.stranded()) {
    text += jobs_text(group, " could not start any more") + "\n";
  }
  for (const auto& group : reply.orphaned()) {
    text += jobs_text(group, " would wait on without what they name") + "\n";
  }
  for (const auto& group : reply.lasting()) {
    text += jobs_text(group, " go on as they are") + "\n";
  }
  for (const auto& change : reply.at_start()) {
    text += change_text(change) + " (by a start of coxctld with this file)\n";
  }
  return text;
}

void write_changes(const char* key,
                   const google::protobuf::RepeatedPtrField<wire::ConfigChange>& changes,
                   JsonWriter* json) {
  json->begin_array(key);
  for (const wire::ConfigChange& change : changes) {
    json->begin_object();
    json->text("table", change.table());
    change.key().empty() ? json->null("key") : json->text("key", change.key());
    change.from().empty() ? json->null("from") : json->text("from", change.from());
    change.to().empty() ? json->null("to") : json->text("to", change.to());
    json->end_object();
  }
  json->end_array();
}

void write_names(const char* key, const std::string& list, JsonWriter* json) {
  json->begin_array(key);
  if (!list.empty()) {
    for (const std::string_view name : split(list, ',')) json->item(name);
  }
  json->end_array();
}

void write_groups(const char* key,
                  const google::protobuf::RepeatedPtrField<wire::StrandedJobs>& groups,
                  JsonWriter* json) {
  json->begin_array(key);
  for (const wire::StrandedJobs& group : groups) {
    json->begin_object();
    json->text("user", group.user());
    json->text("why", group.why());
    json->number("count", std::uint64_t{group.count()});
    json->begin_array("jobs");
    for (const std::uint64_t job : group.jobs()) json->item(job);
    json->end_array();
    json->begin_array("job_ids");
    for (const std::string& name : group.names()) json->item(name);
    json->end_array();
    json->end_object();
  }
  json->end_array();
}

void write_effects(const wire::ConfigReply& reply, JsonWriter* json) {
  json->begin_array("moves");
  for (const wire::NodeMove& move : reply.moves()) {
    json->begin_object();
    json->text("nodes", move.nodes());
    write_names("from", move.from(), json);
    write_names("to", move.to(), json);
    json->end_object();
  }
  json->end_array();
  json->begin_array("short_nodes");
  for (const wire::NodeShort& one : reply.shorts()) {
    json->begin_object();
    json->text("node", one.node());
    json->text("why", one.why());
    json->end_object();
  }
  json->end_array();
  write_groups("stranded", reply.stranded(), json);
  write_groups("lasting", reply.lasting(), json);
  write_groups("orphaned", reply.orphaned(), json);
}

void write_warnings(const wire::ConfigReply& reply, JsonWriter* json) {
  json->begin_array("warnings");
  for (const std::string& warning : reply.warnings()) json->item(warning);
  json->end_array();
}

void print_warnings(const wire::ConfigReply& reply) {
  for (const std::string& warning : reply.warnings()) print_error("warning: " + warning);
}

std::string revision_text(const wire::ConfigRevision& revision) {
  std::string text = "revision " + std::to_string(revision.revision()) + ", " +
                     local_time(revision.at_us()) + ", by " + shown(revision.who());
  if (!revision.why().empty()) text += ": " + shown(revision.why());
  text += "\n";
  for (const auto& change : revision.changes()) text += "    " + change_text(change) + "\n";
  return text;
}

}  // namespace

Result<int> report_check(const Parsed& given,
                         const std::string& file,
                         const wire::ClientReply& reply) {
  print_warnings(reply.config());
  if (!given.has("json")) return 0;
  JsonWriter json;
  json.text("file", file);
  write_warnings(reply.config(), &json);
  return finish(print(json.take()));
}

Result<int> report_changes(const Parsed& given, const wire::ClientReply& reply, bool is_done) {
  const wire::ConfigReply& config = reply.config();
  print_warnings(config);
  if (given.has("json")) {
    JsonWriter json;
    json.number("revision", config.revision());
    write_warnings(config, &json);
    write_changes("changes", config.changes(), &json);
    write_changes("at_start", config.at_start(), &json);
    write_effects(config, &json);
    return finish(print(json.take()));
  }
  std::string text = changes_text(config);
  if (config.changes().empty()) {
    text += config.at_start().empty() ? "nothing changes\n" : "nothing changes before that\n";
  }
  if (is_done) text += "revision " + std::to_string(config.revision()) + " is in force\n";
  return finish(print(text));
}

Result<int> report_history(const Parsed& given, const wire::ClientReply& reply) {
  if (!given.has("json")) {
    std::string text;
    for (const auto& revision : reply.config().revisions()) text += revision_text(revision);
    return finish(print(text));
  }
  JsonWriter json;
  json.begin_array("revisions");
  for (const wire::ConfigRevision& revision : reply.config().revisions()) {
    json.begin_object();
    json.number("revision", revision.revision());
    json.number("at_us", std::int64_t{revision.at_us()});
    json.number("uid", revision.by());
    json.text("who", revision.who());
    json.text("why", revision.why());
    write_changes("changes", revision.changes(), &json);
    json.end_object();
  }
  json.end_array();
  return finish(print(json.take()));
}

Result<int> report_settings(const Parsed& given, const wire::ClientReply& reply) {
  if (!given.has("json")) {
    return finish(print("# Revision " + std::to_string(reply.config().revision()) + "\n" +
                        reply.config().text()));
  }
  JsonWriter json;
  json.number("revision", reply.config().revision());
  write_json(reply.config().settings(), &json);
  return finish(print(json.take()));
}

}  // namespace cox::cmds
