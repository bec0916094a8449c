// What daemons that died can leave: supervisors, containers with processes, networks.
#pragma once

#include <string>

#include "cmds/client/cluster_dir.h"
#include "common/result.h"

namespace cox::cmds {

/// Ends and removes all of it for a cluster whose daemons are gone. `with_network`: also the
/// emulated network. error: refused when processes remain
Result<void> clear_leftovers(const std::string& dir,
                             const ClusterRecord& record,
                             bool with_network);

/// Processes that listen at the sockets of DIR/steps-*: supervisors that still live.
std::vector<Daemon> living_supervisors(const std::string& dir);

}  // namespace cox::cmds
