// Sockets as both the loop and the blocking commands make them: resolve, listen, connect, who is
// there. No event loop here.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/time.h"
#include "platform/address.h"
#include "platform/descriptor.h"

namespace cox::platform {

/// An address as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  Descriptor directory;  // keeps the short name of a Unix path over 107 bytes valid

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// True where resolve() may have to ask the network for a name, which blocks.
bool needs_lookup(const Address& address);
/// error: unreachable names the host or path
Result<std::vector<SocketAddress>> resolve(const Address& address);

/// A listening socket, not blocking. A Unix socket appears with its mode and already listening; one
/// that nobody listens on is replaced, in one step. error: refused when a daemon listens there
Result<Descriptor> open_listener(const Address& address, unsigned mode);
/// The name under which process `pid` makes a Unix socket before it appears at `path`: one that is
/// killed meanwhile leaves it behind.
std::string fresh_socket_path(const std::string& path, int pid);
/// Where `fd` listens: `asked` with the port that the system picked.
Address listening_address(int fd, const Address& asked);

/// A socket of the address's family, with our options; does not block.
Result<Descriptor> open_socket(const SocketAddress& address);
/// 0 or errno; EINPROGRESS where the connection is under way.
int start_connect(int fd, const SocketAddress& address);
/// errno of a connection that was under way.
int finish_connect(int fd);
/// Connects, waiting; tries every address of a name. error: unreachable names address and reason
Result<Descriptor> connect_blocking(const Address& address, Duration time_out);
/// "ADDRESS: reason", unreachable.
Error connect_error(const Address& address, int number);

struct PeerIds {
  std::uint32_t uid = 0, gid = 0;
  std::int32_t pid = 0;
  bool known = false;  // only of Unix sockets
};

PeerIds peer_ids(int fd);
/// "127.0.0.1:40312", or "uid 1000 pid 4711" on a Unix socket.
std::string peer_text_of(int fd);
/// Sends small frames at once on TCP; nothing on Unix sockets.
void set_no_delay(int fd);
/// A TCP peer that acknowledges nothing for 20 seconds, or sends nothing and does not answer the
/// kernel's questions for as long, is gone: the stream ends. Left alone the kernel waits for 15
/// minutes, and on an idle stream for ever.
void notice_dead_peer(int fd);

}  // namespace cox::platform
