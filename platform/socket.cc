// Name lookup, connecting, and who is at the other end.
#include "platform/socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>

#include "platform/file.h"
#include "platform/helper_program.h"

namespace cox::platform {
namespace {

std::int64_t monotonic_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

/// A path that does not fit is reached through its directory's descriptor.
Result<SocketAddress> unix_address(const std::string& path) {
  SocketAddress address;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::string text = path;
  if (text.size() >= sizeof name.sun_path) {
    const auto slash = path.rfind('/');
    const auto directory = path.substr(0, slash + 1);
    address.directory.reset(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!address.directory.is_open()) {
      return Failure(connect_error(Address{path, {}, 0}, errno));
    }
    text =
        "/proc/self/fd/" + std::to_string(address.directory.get()) + "/" + path.substr(slash + 1);
  }
  if (text.size() >= sizeof name.sun_path) {
    return fail(Code::bad_usage, path + ": the name of a socket is too long");
  }
  std::memcpy(name.sun_path, text.c_str(), text.size() + 1);
  std::memcpy(&address.storage, &name, sizeof name);
  address.length = sizeof name;
  return address;
}

struct AddressListFreed {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

using AddressList = std::unique_ptr<addrinfo, AddressListFreed>;

/// Of an address in numbers, which asks no plug-in of libc's. 0 or an error of getaddrinfo.
int read_numbers(const std::string& host, std::uint16_t port, AddressList* to) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  to->reset(error == 0 ? list : nullptr);
  return error;
}

int wait_connected(int fd, std::int64_t deadline_ms) {
  for (;;) {
    const auto left = std::max<std::int64_t>(0, deadline_ms - monotonic_ms());
    pollfd ready{fd, POLLOUT, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
    if (count > 0) return finish_connect(fd);
    if (count == 0) return ETIMEDOUT;
    if (errno != EINTR) return errno;
  }
}

/// A full backlog makes a Unix connect that does not block fail; the kernel waits instead.
int connect_waiting(int fd, const SocketAddress& address, std::int64_t deadline_ms) {
  if (address.storage.ss_family != AF_UNIX) {
    const int error = start_connect(fd, address);
    return error == EINPROGRESS ? wait_connected(fd, deadline_ms) : error;
  }
  const auto left = std::max<std::int64_t>(1, deadline_ms - monotonic_ms());
  const timeval limit{left / 1000, left % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  const int error = start_connect(fd, address);
  ::fcntl(fd, F_SETFL, flags);
  return error == EAGAIN ? ETIMEDOUT : error;
}

}  // namespace

Error connect_error(const Address& address, int number) {
  return {Code::unreachable, system_error(address.text(), number).message};
}

bool needs_lookup(const Address& address) {
  if (address.is_unix()) return false;
  AddressList list;
  return read_numbers(address.host, address.port, &list) != 0;
}

Result<std::vector<SocketAddress>> resolve(const Address& address) {
  std::vector<SocketAddress> found;
  if (address.is_unix()) {
    auto one = unix_address(address.path);
    if (!one) return Failure(one.error());
    found.push_back(*std::move(one));
    return found;
  }
  std::vector<std::string> hosts{address.host};
  if (needs_lookup(address)) {
    auto asked = find_host_addresses(address.host);
    if (!asked) return fail(Code::unreachable, address.text() + ": " + asked.error().message);
    hosts = *std::move(asked);
  }
  for (const std::string& host : hosts) {
    AddressList list;
    if (read_numbers(host, address.port, &list) != 0) continue;
    SocketAddress next;
    std::memcpy(&next.storage, list->ai_addr, list->ai_addrlen);
    next.length = list->ai_addrlen;
    found.push_back(std::move(next));
  }
  if (found.empty()) return fail(Code::unreachable, address.text() + ": no address");
  return found;
}

void set_no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void notice_dead_peer(int fd) {
  const int on = 1;
  const int silence_ms = 20'000;
  const int idle_s = 10;
  const int pause_s = 5;
  const int questions = 2;
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof silence_ms);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &pause_s, sizeof pause_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &questions, sizeof questions);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

Result<Descriptor> open_socket(const SocketAddress& address) {
  Descriptor fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) return Failure(system_error("socket", errno));
  if (address.storage.ss_family != AF_UNIX) {
    set_no_delay(fd.get());
    notice_dead_peer(fd.get());
  }
  return fd;
}

int start_connect(int fd, const SocketAddress& address) {
  for (;;) {
    if (::connect(fd, address.get(), address.length) == 0) return 0;
    if (errno != EINTR) return errno;
  }
}

int finish_connect(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

Result<Descriptor> connect_blocking(const Address& address, Duration time_out) {
  const auto deadline_ms = monotonic_ms() + std::max<std::int64_t>(1, time_out.us / 1000);
  const auto found = resolve(address);
  if (!found) return Failure(found.error());
  int error = EADDRNOTAVAIL;
  for (const auto& one : *found) {
    auto fd = open_socket(one);
    if (!fd) return fd;
    error = connect_waiting(fd->get(), one, deadline_ms);
    if (error == 0) return fd;
  }
  return Failure(connect_error(address, error));
}

PeerIds peer_ids(int fd) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  sockaddr_storage name{};
  socklen_t name_length = sizeof name;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &name_length) != 0 ||
      name.ss_family != AF_UNIX ||
      ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
    return {};
  }
  return {credentials.uid, credentials.gid, credentials.pid, true};
}

std::string peer_text_of(int fd) {
  if (const auto ids = peer_ids(fd); ids.known) {
    return "uid " + std::to_string(ids.uid) + " pid " + std::to_string(ids.pid);
  }
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr*>(&name), length, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "a peer that is gone";
  }
  const bool v6 = name.ss_family == AF_INET6;
  return (v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
}

}  // namespace cox::platform
