// cox partition up|down: stops and resumes starts from partitions.
#include <array>

#include "cmds/client/action_report.h"
#include "cmds/client/commands.h"
#include "common/text.h"

namespace cox::cmds {
namespace partition_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {OptionSpec{"reason", 'r', "TEXT", "why; needed by down"},
                                       json_option, cluster_option, help_option};
  return table;
}

Result<wire::PartitionAction::Kind> parse_kind(const Parsed& given) {
  const auto checked = check_action(given, "partitions");
  if (!checked) return Failure(checked.error());
  const std::string& word = given.operands().front();
  if (word == "up") return wire::PartitionAction::UP;
  if (word == "down") return wire::PartitionAction::DOWN;
  return no_action(given, "partitions", {"up", "down"});
}

Result<int> run(const Parsed& given) {
  const auto kind = parse_kind(given);
  if (!kind) return Failure(kind.error());
  const auto reasoned = check_reason(given, *kind == wire::PartitionAction::DOWN);
  if (!reasoned) return Failure(reasoned.error());
  wire::ClientRequest request;
  wire::PartitionAction& action = *request.mutable_partition_action();
  action.set_kind(*kind);
  for (std::size_t i = 1; i < given.operands().size(); ++i) {
    for (const std::string_view name : split(given.operands()[i], ',')) {
      action.add_names(std::string(name));
    }
  }
  action.set_why(given.value("reason"));
  return act_on_named(given, request);
}

}  // namespace
}  // namespace partition_locals

const Command partition_command{"partition",
                                "up|down NAMES [--reason TEXT]",
                                "stop starts from partitions, or resume",
                                partition_locals::options,
                                Operands::anywhere,
                                0,
                                partition_locals::run};

}  // namespace cox::cmds
