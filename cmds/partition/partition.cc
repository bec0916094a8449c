// cox partition up|down: stops and resumes starts from partitions.
#include <array>

#include "cmds/client/action_report.h"
#include "cmds/client/commands.h"
#include "cmds/client/session.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

OptionTable options() {
  static constexpr std::array table = {OptionSpec{"reason", 'r', "TEXT", "why; needed by down"},
                                       json_option, cluster_option, help_option};
  return table;
}

Result<wire::PartitionAction::Kind> parse_kind(const Parsed& given) {
  if (given.operands().size() < 2) {
    return usage_error(given.command(), "an action and names of partitions are missing");
  }
  const std::string& word = given.operands().front();
  if (word == "up") return wire::PartitionAction::UP;
  if (word == "down") return wire::PartitionAction::DOWN;
  return usage_error(given.command(), quoted(word) + ": no action on partitions");
}

Result<int> run(const Parsed& given) {
  const auto kind = parse_kind(given);
  if (!kind) return Failure(kind.error());
  if (*kind == wire::PartitionAction::DOWN && given.value("reason").empty()) {
    return usage_error(given.command(), "--reason is missing: it tells others why");
  }
  wire::ClientRequest request;
  wire::PartitionAction& action = *request.mutable_partition_action();
  action.set_kind(*kind);
  for (std::size_t i = 1; i < given.operands().size(); ++i) {
    for (const std::string_view name : split(given.operands()[i], ',')) {
      action.add_names(std::string(name));
    }
  }
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

const Command partition_command{"partition",
                                "up|down NAMES [--reason TEXT]",
                                "stop starts from partitions, or resume",
                                options,
                                Operands::anywhere,
                                0,
                                run};

}  // namespace cox::cmds
