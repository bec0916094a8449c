// A file that is written at the end of the work and opened before it: what cannot be written is
// known at once.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "common/result.h"
#include "platform/descriptor.h"

namespace cox::sim {

class OutputFile {
 public:
  /// Empties the file, or makes it. error: not_found or not_permitted, with its name
  static Result<OutputFile> open(const std::string& path);
  /// error: storage_full, or what else the system says
  Result<void> write(std::string_view text);

 private:
  OutputFile(std::string path, platform::Descriptor fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  platform::Descriptor fd_;
};

}  // namespace cox::sim
