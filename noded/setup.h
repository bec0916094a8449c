// What a node daemon settles before its loop runs: directories, the node's own namespaces, the
// inventory, the containment, the key.
#pragma once

#include "noded/daemon.h"
#include "noded/log.h"
#include "noded/options.h"
#include "noded/paths.h"

namespace cox::noded {

/// Folders of this node under the run directory. Users pass through those of sockets and temporary
/// files, and read none of them.
Result<void> make_directories(const Paths& paths);

/// To be called before any thread exists: an emulated node enters its namespaces here.
Result<Setup> make_setup(Options options, const Log& log);

}  // namespace cox::noded
