// A directory in shared memory for the segments of one step on one node. Emulated nodes of one
// machine may see the same /dev/shm, where Open MPI's segment names of two nodes are equal and its
// ranks crash; and segments of killed ranks would stay for ever.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace cox::stepd {

class SharedMemory {
 public:
  /// Makes `root`/`name` for uid:gid and removes what crashed supervisors left in `root`. Where
  /// `root` cannot be written, path() is empty and the MPI library's own choice stands.
  SharedMemory(std::string root, const std::string& name, std::uint32_t uid, std::uint32_t gid);
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  /// Removes the directory with all in it.
  ~SharedMemory();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int lock_ = -1;  // held as long as we live: a directory whose lock is free is a leftover
};

}  // namespace cox::stepd
