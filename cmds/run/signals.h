// Ctrl-C and its kin as something to poll for.
#pragma once

#include <optional>

#include "common/result.h"
#include "platform/descriptor.h"

namespace cox::cmds {

class Signals {
 public:
  /// Takes INT, TERM, HUP, QUIT and WINCH for this process, for good.
  static Result<Signals> open();

  int descriptor() const { return fd_.get(); }

  /// The next signal that came, if any, but for WINCH; never waits.
  std::optional<int> take();
  /// Whether a WINCH was among those taken since the last call.
  bool take_resize();

 private:
  explicit Signals(platform::Descriptor fd) : fd_(std::move(fd)) {}

  platform::Descriptor fd_;
  bool has_resized_ = false;
};

}  // namespace cox::cmds
