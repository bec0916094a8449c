// Daemons that `cox up` finds or has started: only those that answer are there.
#pragma once

#include <cstdint>
#include <string>

#include "cmds/client/session.h"
#include "cmds/up/starter.h"
#include "common/result.h"

namespace cox::cmds {

/// Connected as soon as the controller answers; where none holds the lock it is started. One that
/// was killed this moment still holds it, and lets go while we try.
Result<Session> connect_to_controller(const std::string& dir, Starter& starter);

/// Until the first `nodes` nodes of `record` are heard.
Result<void> wait_for_nodes(Session& session,
                            std::uint32_t nodes,
                            const ClusterRecord& record,
                            Starter& starter);

/// Nodes that are heard and in no partition, where no job will come to them: the configuration does
/// not have them. As a compact list; empty: none.
Result<std::string> left_out_nodes(Session& session);

/// Whether the node has no daemon. One that holds the lock has to answer as well: a process that
/// was killed holds it until it is gone, and would be taken for a node that runs jobs.
/// error: timed_out when it does not in 60 s
Result<bool> lacks_daemon(const std::string& dir, const std::string& node, Starter& starter);

}  // namespace cox::cmds
