// wire's channel over platform's streams: an authenticated, framed connection of a daemon. Stands
// between the two because neither may know the other (docs/adr/0002-link-folder.md).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "link/admission.h"
#include "platform/loop.h"
#include "wire/channel.h"

namespace cox::link {

class Link {
 public:
  virtual ~Link() = default;
  /// All complete frames of one read at once. The first call comes after the handshake.
  virtual void on_frames(std::function<void(std::vector<std::string>)> callback) = 0;
  virtual void on_closed(std::function<void(const Error&)> callback) = 0;
  virtual void send(std::string_view payload) = 0;
  virtual void close(bool after_flush = false) = 0;
  virtual const wire::Peer& peer() const = 0;
  virtual platform::Stream& stream() = 0;
  /// Memory that this peer makes us hold: what it does not take, and frames it does not finish.
  virtual std::size_t held_bytes() const = 0;
};

/// What an accepting side demands: peer credentials on Unix sockets; key or munge otherwise.
struct Trust {
  wire::AuthKind remote_auth = wire::AUTH_KEY;
  std::string key;  // 32 bytes
  wire::CredentialSource* credentials = nullptr;
  bool takes_tokens = false;  // accepting: `key` is a cluster's (wire/join_token.h)
  bool key_on_unix = false;   // step endpoints: also a Unix peer must show the key, unless its uid
                              // is root's, ours, or `owner`
  std::uint32_t owner = 0;    // connecting under munge: whom the other side may run as, beside
                              // root and ourselves
  std::size_t frame_max = wire::frame_bytes_max;  // accepting: longer payloads are refused
  // Accepting: what a peer is sent whose bytes are refused, before its connection ends.
  std::function<std::string(const wire::Peer&, const Error&)> last_words;
  // Accepting: for how many connections there is room (null: any number), and how long a peer may
  // take to say who it is.
  std::shared_ptr<Admission> admission;
  Duration handshake_max = seconds(10);
};

/// `opened` runs when a peer's handshake is done; failed handshakes are closed in time and
/// told to `refused` (for the log), at most one line a second. So are those without room; the peer
/// is told why.
Result<platform::Address> listen(platform::Loop& loop,
                                 const platform::Address& address,
                                 unsigned mode,
                                 Trust trust,
                                 std::function<void(std::shared_ptr<Link>)> opened,
                                 std::function<void(const Error&)> refused);

/// `done` runs once: the open link, or why not.
void connect(platform::Loop& loop,
             const platform::Address& address,
             Trust trust,
             wire::PeerKind kind,
             const std::string& name,
             Duration time_out,
             std::function<void(Result<std::shared_ptr<Link>>)> done);

/// An already connected descriptor both ends of which are ours (socketpair): frames, no handshake.
Result<std::shared_ptr<Link>> adopt(platform::Loop& loop, int fd);

}  // namespace cox::link
