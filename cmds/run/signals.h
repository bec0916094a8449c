// Ctrl-C and its kin as something to poll for.
#pragma once

#include <optional>

#include "common/result.h"
#include "platform/descriptor.h"

namespace cox::cmds {

class Signals {
 public:
  /// Takes INT, TERM, HUP and QUIT for this process, for good.
  static Result<Signals> open();

  int descriptor() const { return fd_.get(); }

  /// The next signal that came, if any; never waits.
  std::optional<int> take();

 private:
  explicit Signals(platform::Descriptor fd) : fd_(std::move(fd)) {}

  platform::Descriptor fd_;
};

}  // namespace cox::cmds
