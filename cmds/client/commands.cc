// The table of commands.
#include "cmds/client/commands.h"

#include <array>
#include <string>

namespace cox::cmds {

std::span<const Command* const> all_commands() {
  static constexpr std::array<const Command*, 30> table = {
      &up_command,        &down_command,      &join_command,    &submit_command,
      &run_command,       &alloc_command,     &queue_command,   &show_command,
      &why_command,       &wait_command,      &ps_command,      &attach_command,
      &bcast_command,     &logs_command,      &cancel_command,  &hold_command,
      &release_command,   &requeue_command,   &suspend_command, &resume_command,
      &update_command,    &nodes_command,     &node_command,    &partitions_command,
      &partition_command, &config_command,    &history_command, &sim_command,
      &doctor_command,    &completion_command};
  return table;
}

Failure usage_error(const Command& command, const std::string& message) {
  return fail(Code::bad_usage,
              message + " (usage: cox " + command.name + " " + command.usage + ")");
}

}  // namespace cox::cmds
