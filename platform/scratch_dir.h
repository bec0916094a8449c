// A directory for one test, gone afterwards.
#pragma once

#include <cstdlib>
#include <string>

#include "platform/file.h"

namespace cox::platform {

class ScratchDir {
 public:
  ScratchDir() {
    std::string name = "/tmp/cox-test.XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }

  ~ScratchDir() {
    if (!path_.empty()) static_cast<void>(remove_tree(path_));
  }

  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  const std::string& path() const { return path_; }

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace cox::platform
