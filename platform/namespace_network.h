// The network of emulated nodes: one named network namespace per node and one with the bridge
// that joins them. Nothing of it is in the host's own namespace.
#pragma once

#include <string>

#include "common/result.h"
#include "platform/descriptor.h"

namespace cox::platform {

/// "cox-1a2b3c4d": the name of the cluster's namespace with the bridge; nodes add "-INDEX".
/// error: not_found when the directory does not exist
Result<std::string> emulated_network_name(const std::string& cluster_dir);

/// The network namespace of a node, made and joined to the bridge when it is not there yet.
/// error: the reason in words, as a sentence about the node ends with
Result<Descriptor> open_emulated_network(const std::string& cluster_dir, unsigned index);

}  // namespace cox::platform
