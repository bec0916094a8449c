// The node's own socket for commands: whoever may open it talks to the controller through the node,
// without a key, as the user that the kernel says they are. docs/protocol.md section 8.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "link/link.h"
#include "noded/log.h"
#include "noded/relay.h"
#include "platform/loop.h"

namespace cox::noded {

/// Connections that are relayed at the same time; each takes two descriptors.
inline constexpr unsigned relays_max = 256;
inline constexpr unsigned relays_of_user_max = 128;
/// Of one request: a script and an environment of 8 MiB together. Larger ones go to the controller.
inline constexpr std::size_t relayed_bytes_max = 8U << 20;

class Forward {
 public:
  Forward(platform::Loop& loop, const Log& log, RelayPlace place)
      : loop_(loop), log_(log), place_(std::move(place)) {}

  Forward(const Forward&) = delete;
  Forward& operator=(const Forward&) = delete;

  /// error: refused when another daemon listens there
  Result<void> listen(const std::string& path);

 private:
  void opened(std::shared_ptr<link::Link> client);
  Result<void> admit(const wire::Peer& peer) const;

  platform::Loop& loop_;
  const Log& log_;
  RelayPlace place_;
  std::map<std::uint64_t, std::shared_ptr<Relay>> relays_;
  std::map<std::uint32_t, unsigned> of_user_;
  std::uint64_t last_ = 0;
};

}  // namespace cox::noded
