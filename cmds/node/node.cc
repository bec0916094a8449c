// cox node drain|resume|down: takes nodes out of service and back.
#include <array>

#include "cmds/client/action_report.h"
#include "cmds/client/commands.h"
#include "cmds/client/session.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"reason", 'r', "TEXT", "why; needed by drain and down"}, json_option,
      cluster_option, help_option};
  return table;
}

Result<wire::NodeAction::Kind> parse_kind(const Parsed& given) {
  if (given.operands().size() < 2) {
    return usage_error(given.command(), "an action and names of nodes are missing");
  }
  const std::string& word = given.operands().front();
  if (word == "drain") return wire::NodeAction::DRAIN;
  if (word == "down") return wire::NodeAction::DOWN;
  if (word == "resume") return wire::NodeAction::RESUME;
  return usage_error(given.command(), quoted(word) + ": no action on nodes");
}

Result<int> run(const Parsed& given) {
  const auto kind = parse_kind(given);
  if (!kind) return Failure(kind.error());
  const bool needs_reason = *kind != wire::NodeAction::RESUME;
  if (needs_reason && given.value("reason").empty()) {
    return usage_error(given.command(), "--reason is missing: it tells others why");
  }
  wire::ClientRequest request;
  wire::NodeAction& action = *request.mutable_node_action();
  action.set_kind(*kind);
  const std::vector<std::string> names(given.operands().begin() + 1, given.operands().end());
  action.set_names(join(names, ","));
  action.set_why(given.value("reason"));
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  ActionReport report;
  report.add_done(reply->done().count());
  for (const wire::ActionError& refusal : reply->done().errors()) {
    report.refuse(refusal.name(), to_error(refusal.error()));
  }
  return report.finish(given);
}

}  // namespace

const Command node_command{"node",
                           "drain|resume|down NAMES [--reason TEXT]",
                           "take nodes out of service, or back",
                           options,
                           Operands::anywhere,
                           0,
                           run};

}  // namespace cox::cmds
