// Words of a node's failures that have a cause of their own. The node's daemon says them, and the
// doctor knows the cause by them, whatever stands around.
#pragma once

#include <string_view>

namespace cox {

/// The user of a job has no entry in the node's databases.
inline constexpr std::string_view user_unknown_on_node = "is unknown on this node";
/// The daemon may only run jobs of its own user.
inline constexpr std::string_view daemon_is_not_root = "this node's daemon does not run as root";

}  // namespace cox
