// The configuration in force: whether its file still says the same, and what it leaves without use.
#include <map>

#include "cmds/client/cluster_dir.h"
#include "cmds/doctor/findings.h"
#include "common/count_text.h"
#include "common/node_list.h"
#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds {
namespace {

constexpr std::size_t file_bytes_max = 4U << 20;
constexpr const char* mend_of_short = "mend the node, or what [[node]] expects of it";

Result<wire::ConfigReply> ask_config(Session& session,
                                     wire::ConfigAction::Kind kind,
                                     const std::string& text,
                                     const std::string& name) {
  wire::ClientRequest request;
  request.mutable_config_action()->set_kind(kind);
  request.mutable_config_action()->set_text(text);
  request.mutable_config_action()->set_name(name);
  const auto reply = session.ask(request);
  if (!reply) return Failure(reply.error());
  return reply->config();
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

using ByReason = std::map<std::string, std::vector<std::string>>;

/// A rack of nodes that lack the same is one finding.
void add_shorts(const ByReason& shorts, bool is_now, std::vector<Finding>* findings) {
  for (const auto& [reason, names] : shorts) {
    const bool is_one = names.size() == 1;
    const std::string verb = !is_now ? " would get" : is_one ? " gets" : " get";
    findings->push_back(
        {Grade::warning, "config",
         (is_one ? "node " : "nodes ") + fold_node_list(names) + verb + " no work: " + reason,
         mend_of_short});
  }
}

/// What the file would change now, and what of the fleet does not match it.
void compare(const wire::ConfigReply& plan,
             const std::string& file,
             std::vector<Finding>* findings) {
  const auto changes = static_cast<std::size_t>(plan.changes_size() + plan.at_start_size());
  if (!file.empty() && changes == 0) {
    findings->push_back({Grade::ok, "config", file + " is in force", ""});
  } else if (!file.empty()) {
    findings->push_back({Grade::warning, "config",
                         file + " differs from what is in force: " + count_text(changes, "key"),
                         "see cox config plan " + file + "; then cox config apply " + file});
  }
  for (const std::string& warning : plan.warnings()) {
    findings->push_back({Grade::warning, "config", warning, ""});
  }
  ByReason shorts;
  for (const wire::NodeShort& one : plan.shorts()) shorts[one.why()].push_back(one.node());
  add_shorts(shorts, false, findings);
}

/// Whatever the file says: nodes that get no work now.
void examine_shorts(const wire::NodeList& nodes, std::vector<Finding>* findings) {
  ByReason shorts;
  for (const wire::NodeView& node : nodes.nodes()) {
    if (node.state() == "short") shorts[node.reason()].push_back(node.name());
  }
  add_shorts(shorts, true, findings);
}

void examine_partitions(const wire::PartitionList& list, std::vector<Finding>* findings) {
  for (const wire::PartitionView& one : list.partitions()) {
    if (one.state() == "down") {
      findings->push_back(
          {Grade::warning, "partitions",
           one.name() + " is down" + (one.reason().empty() ? "" : ": ") + one.reason(),
           "cox partition up " + one.name()});
    } else if (one.nodes() == 0) {
      findings->push_back({Grade::warning, "partitions", one.name() + " has no node",
                           "see its nodes or select in cox config show"});
    }
  }
}

}  // namespace

Result<void> examine_config(Session& session,
                            const std::string& dir,
                            std::vector<Finding>* findings) {
  const auto shown = ask_config(session, wire::ConfigAction::SHOW, "", "");
  if (!shown) return Failure(shown.error());
  findings->push_back(
      {Grade::ok, "config", "revision " + std::to_string(shown->revision()) + " is in force", ""});
  const auto record = read_record(dir);
  const std::string file = record ? record->config : "";
  const auto text =
      file.empty() ? Result<std::string>(shown->text()) : platform::read_file(file, file_bytes_max);
  if (!text) {
    findings->push_back({Grade::failed, "config", text.error().message,
                         "cox config show > " + file + " writes what is in force"});
  } else {
    const auto plan = ask_config(session, wire::ConfigAction::PLAN, *text,
                                 file.empty() ? "cox config show" : file);
    if (plan) {
      compare(*plan, file, findings);
    } else if (plan.error().code == Code::bad_usage) {
      findings->push_back({Grade::failed, "config", first_line(plan.error().message),
                           "a restart would refuse it; see cox config check"});
    } else if (plan.error().code != Code::not_permitted) {
      return Failure(plan.error());
    }
  }
  wire::ClientRequest fleet;
  fleet.mutable_list_nodes();
  const auto nodes = session.ask(fleet);
  if (!nodes) return Failure(nodes.error());
  examine_shorts(nodes->nodes(), findings);
  wire::ClientRequest request;
  request.mutable_list_partitions();
  const auto partitions = session.ask(request);
  if (!partitions) return Failure(partitions.error());
  examine_partitions(partitions->partitions(), findings);
  return {};
}

}  // namespace cox::cmds
