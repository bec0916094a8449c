// The blocking end of a connection, for commands: no event loop, no Asio, a start in a millisecond.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/time.h"
#include "platform/address.h"
#include "wire/channel.h"

namespace cox::link {

class ClientLink {
 public:
  /// Connects and shakes hands. Over a Unix socket without a key nothing is waited for: a refusal
  /// is told by the first receive(). `key`: for TCP with auth = "local" and for step endpoints.
  /// `server_uid`: under MUNGE, whom the controller may run as beside root and ourselves.
  /// `token`: the open part of a token whose secret is `key` (wire/join_token.h).
  /// error: unreachable names the address and the system's reason
  static Result<ClientLink> connect(const platform::Address& address,
                                    const std::string& key,
                                    Duration time_out,
                                    std::uint32_t server_uid = 0,
                                    const std::string& token = {});
  ClientLink(ClientLink&&) noexcept;
  ClientLink& operator=(ClientLink&&) noexcept;
  ~ClientLink();

  Result<void> send(std::string_view payload);  // blocks until written
  /// The next frame; none at the time-out. error: unreachable when the peer closed
  Result<std::optional<std::string>> receive(Duration time_out);
  /// For poll() beside other descriptors; then receive with a zero time-out until none.
  int descriptor() const;

 private:
  struct Body;
  explicit ClientLink(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

}  // namespace cox::link
