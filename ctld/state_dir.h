// The controller's directory: DIR/ctld.pid (locked), and where no other place is named,
// DIR/cluster.key and DIR/state/.
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

  /// There from the moment on in which there is a journal; holds its directory.
  std::string begun_file() const { return path + "/ctld.begun"; }

  std::string socket() const { return path + "/ctld.sock"; }
};

struct Places {
  std::string path;
  std::string state;     // empty: DIR/state
  std::string key_file;  // empty: DIR/cluster.key
};

/// Where a controller was before there is a journal: beside a checkpoint or a history, or where
/// `begun_file` says so. Without it acknowledged jobs would be lost in silence, their tasks ended
/// and their ids given out again. error: refused names the file that is missing
Result<void> check_state_files(const std::string& state_path, const std::string& begun_file);
/// Leaves the note that there is a journal.
Result<void> note_state_files(const std::string& state_path, const std::string& begun_file);

/// Makes what is missing. error: refused names the process that has the directory
Result<StateDir> open_state_dir(const Places& places);

}  // namespace cox::ctld
