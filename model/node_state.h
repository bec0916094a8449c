// The states of a node that people see: one word, the worst first. man/cox-explain.7 says what each
// means; a test compares.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cox {

enum class NodeState : std::uint8_t {
  lost = 0,       // not heard for lost_after, or back with another boot id
  down = 1,       // set aside by hand, nothing is to run there
  failed = 2,     // set aside by the controller after failed starts
  unhealthy = 3,  // set aside by its health check
  rebooting = 4,  // told to start anew, not back yet
  silent = 5,     // not heard for silent_after
  stuck = 6,      // processes there survive SIGKILL
  is_short = 7,   // reports less than is expected of it
  resting = 8,    // a start failed there lately
  draining = 9,   // set aside by hand, jobs still run
  drained = 10,   // set aside by hand, no job runs
  idle = 11,      // takes work, no job
  mixed = 12,     // takes work, some cores are given
  allocated = 13  // every core is given
};

std::string_view to_text(NodeState state);  // "idle"; "unknown" for a value that is none
std::optional<NodeState> parse_node_state(std::string_view text);

}  // namespace cox
