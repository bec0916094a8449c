// The files of a database while it is open: whether they still have their names.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "common/result.h"
#include "platform/file.h"

namespace cox::ctld {

class OwnFiles {
 public:
  /// Of the database at `path`, and its log.
  explicit OwnFiles(const std::string& path);

  /// Costs two system calls. error: internal names the file that was removed or replaced since it
  /// was first seen; what stands in no directory, as under a VFS of a test, is never seen
  Result<void> check();

 private:
  struct File {
    std::string path;
    std::optional<platform::FileIdentity> known;
  };

  std::array<File, 2> files_;
};

}  // namespace cox::ctld
