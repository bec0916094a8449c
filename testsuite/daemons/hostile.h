// What the tests of hostile users and peers share: being another user, and raw connections.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "platform/descriptor.h"
#include "testsuite/daemons/cluster.h"
#include "wire/hello.pb.h"

namespace cox::daemons {

/// While it lives this process connects as that user. Needs root.
class Disguise {
 public:
  explicit Disguise(std::uint32_t uid = nobody);
  ~Disguise();
  Disguise(const Disguise&) = delete;
  Disguise& operator=(const Disguise&) = delete;
};

/// A connected client whose requests the controller takes as nobody's.
Client client_as_nobody(const Cluster& cluster);

/// A client without its own ideas: what is sent leaves as it is, and nothing is read.
class RawPeer {
 public:
  explicit RawPeer(const std::string& socket_path);

  /// The opening of an honest client or node on a Unix socket.
  void say_hello(wire::PeerKind kind = wire::PEER_CLIENT, const std::string& name = {});
  /// One frame around `payload`.
  void send_frame(std::string_view payload);
  /// False once the other side has closed; waits until what fits was taken.
  bool send(std::string_view bytes);

  bool is_open() const { return fd_.is_open(); }

  /// True when the other side has ended the connection, now or within half a minute.
  bool is_cut_off();
  /// Everything that comes until the other side closes.
  std::string hear_out();

  void close() { fd_ = {}; }

 private:
  platform::Descriptor fd_;
};

std::string framed(std::string_view payload);

/// VmRSS or VmHWM of a process.
std::size_t memory_kib(int pid, std::string_view field);

}  // namespace cox::daemons
