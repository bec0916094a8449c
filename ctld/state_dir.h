// The controller's directory: DIR/ctld.pid (locked), DIR/cluster.key, DIR/state/.
#pragma once

#include <string>

#include "common/result.h"
#include "platform/file.h"

namespace cox::ctld {

struct StateDir {
  std::string path;
  std::string state_path;
  std::string cluster_key;  // 32 bytes; who has them is the cluster's owner
  platform::LockFile lock;
};

/// Makes what is missing. `state`: empty for DIR/state.
/// error: refused names the process that has the directory
Result<StateDir> open_state_dir(const std::string& path, const std::string& state);

}  // namespace cox::ctld
