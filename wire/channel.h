// One end of a connection as a machine over bytes: frames, handshake, MAC. No sockets: the owner
// feeds what it read and writes what it is given. Same code for daemons, commands and tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "wire/hello.pb.h"

namespace cox::wire {

inline constexpr std::uint32_t protocol_version = 3;
inline constexpr std::uint32_t protocol_oldest = 1;
inline constexpr std::size_t frame_bytes_max = 64U << 20;
/// Before the handshake is done a peer may not send more than this.
inline constexpr std::size_t handshake_bytes_max = 16U << 10;

/// MUNGE or a stand-in for tests; implemented in platform/.
class CredentialSource {
 public:
  struct Decoded {
    std::string payload;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };

  virtual ~CredentialSource() = default;
  virtual Result<std::string> encode(std::string_view payload, std::uint32_t only_uid) = 0;
  virtual Result<Decoded> decode(std::string_view credential) = 0;
};

struct ChannelOptions {
  PeerKind kind = PEER_CLIENT;    // connecting side: what we are
  std::string name;               // node name where kind is PEER_NODE or PEER_FORWARD
  AuthKind auth = AUTH_PEERCRED;  // accepting side: what is demanded
  std::string key;                // AUTH_KEY: 32 bytes, the cluster's or a step's
  std::string token;              // connecting: the open part of a token, whose secret is `key`
  bool takes_tokens = false;      // accepting: the key is a cluster's, who shows a token may come
  std::string nonce;              // 32 random bytes from the caller
  std::string secret;             // AUTH_MUNGE, connecting: 32 random bytes
  CredentialSource* credentials = nullptr;
  std::uint32_t uid = 0;  // accepting side: our own uid; AUTH_PEERCRED: the peer's
  std::uint32_t gid = 0;
  // Connecting side: `auth` is the least that is accepted (peer credentials only where it says so);
  // `server_uid` is whom the accepting side may run as under AUTH_MUNGE, beside root and `uid`.
  std::uint32_t server_uid = 0;
  std::size_t frame_max = frame_bytes_max;  // longer payloads of the peer are refused
  // Connecting side: proof and payloads leave with the hello, which saves a round trip. Only peer
  // credentials will do then; whoever listens was checked by its own (SO_PEERCRED).
  bool assumes_peercred = false;
};

struct Peer {
  PeerKind kind = PEER_UNKNOWN;
  AuthKind auth = AUTH_NONE;
  std::string name, version;
  std::uint32_t protocol = 0;
  std::string token;               // not empty: it knows no key, but the secret of this token
  std::uint32_t uid = 0, gid = 0;  // AUTH_KEY: whoever holds the key is the cluster's owner
};

class Channel {
 public:
  static Channel connecting(ChannelOptions options);
  static Channel accepting(ChannelOptions options);
  /// Both ends are ours (a socketpair): open at once, frames without MAC.
  static Channel trusted();
  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) noexcept;
  ~Channel();

  /// Takes bytes as they came; appends each complete payload to `frames`. After an error the
  /// connection must be closed (what take_output() holds may still be sent: it says why).
  Result<void> receive(std::string_view bytes, std::vector<std::string>* frames);
  /// Frames a payload; before the handshake is done it is kept and sent after it.
  /// A payload over frame_bytes_max breaks the channel: see status().
  void send(std::string_view payload);
  /// After an error of receive(): a last payload that says why, if the handshake was done.
  void send_last(std::string_view payload);
  /// Bytes to write now; empties the buffer.
  std::string take_output();
  bool has_output() const;
  /// The buffer behind take_output(), for an owner that copies and clears it: no allocation.
  std::string& output();
  /// Good, or why the connection must be closed.
  Result<void> status() const;
  /// Of a frame that has begun to arrive and has not ended.
  std::size_t unfinished_bytes() const;
  /// The peer is known and payloads may leave.
  bool is_open() const;
  const Peer& peer() const;

 private:
  struct Body;
  explicit Channel(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

/// What an accepting side says instead of a conversation, to whoever comes: a hello's answer.
std::string refusal_of_hello(const std::string& why);

}  // namespace cox::wire
