// What node daemons send, made into checked requests of the core, with the session of the
// connection on which it came.
#pragma once

#include "common/result.h"
#include "core/request.h"
#include "model/ids.h"
#include "wire/node.pb.h"

namespace cox::ctld {

/// `name`: under which the connection was authenticated; a node speaks for itself alone.
Result<core::RegisterNode> translate_register(const wire::Register& message,
                                              const std::string& name,
                                              Session session);

/// Every other message of a registered node. error: bad_usage names the value at fault
Result<core::Request> translate_node(const wire::NodeMessage& message,
                                     NodeId node,
                                     Session session);

}  // namespace cox::ctld
