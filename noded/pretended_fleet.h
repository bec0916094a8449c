// All pretended nodes of a process: n1, n2 and so on, which come to the controller in this order.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "noded/daemon.h"
#include "noded/forward.h"
#include "noded/pretended_node.h"

namespace cox::noded {

class PretendedFleet {
 public:
  /// `setup`: of the process; its inventory is that of each node but for the name.
  PretendedFleet(platform::Loop& loop, const Log& log, Setup setup);

  /// error: another daemon listens at the socket for commands
  Result<void> start();
  void stop();

 private:
  void start_next();
  void second_passed();

  platform::Loop& loop_;
  const Log& log_;
  Setup setup_;
  PretendedPlace place_;
  Forward forward_;
  std::vector<std::unique_ptr<PretendedNode>> nodes_;
};

}  // namespace cox::noded
