// cox node drain|resume|down|reboot: takes nodes out of service and back, and starts them anew.
#include <array>

#include "cmds/client/action_report.h"
#include "cmds/client/commands.h"
#include "common/text.h"

namespace cox::cmds {
namespace node_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"reason", 'r', "TEXT", "why; needed by all but resume"},
      OptionSpec{"asap", 0, "", "reboot: no new jobs until then"}, json_option, cluster_option,
      help_option};
  return table;
}

Result<wire::NodeAction::Kind> parse_kind(const Parsed& given) {
  const auto checked = check_action(given, "nodes");
  if (!checked) return Failure(checked.error());
  const std::string& word = given.operands().front();
  if (word == "drain") return wire::NodeAction::DRAIN;
  if (word == "down") return wire::NodeAction::DOWN;
  if (word == "resume") return wire::NodeAction::RESUME;
  if (word == "reboot") return wire::NodeAction::REBOOT;
  return no_action(given, "nodes", {"drain", "down", "resume", "reboot"});
}

Result<int> run(const Parsed& given) {
  const auto kind = parse_kind(given);
  if (!kind) return Failure(kind.error());
  const auto reasoned = check_reason(given, *kind != wire::NodeAction::RESUME);
  if (!reasoned) return Failure(reasoned.error());
  if (given.has("asap") && *kind != wire::NodeAction::REBOOT) {
    return usage_error(given.command(), "--asap: only a reboot has it");
  }
  wire::ClientRequest request;
  wire::NodeAction& action = *request.mutable_node_action();
  action.set_kind(*kind);
  const std::vector<std::string> names(given.operands().begin() + 1, given.operands().end());
  action.set_names(join(names, ","));
  action.set_why(given.value("reason"));
  action.set_asap(given.has("asap"));
  return act_on_named(given, request);
}

}  // namespace
}  // namespace node_locals

const Command node_command{"node",
                           "drain|resume|down|reboot NAMES [OPTIONS]",
                           "take nodes out of service, or back, or start them anew",
                           node_locals::options,
                           Operands::anywhere,
                           0,
                           node_locals::run};

}  // namespace cox::cmds
