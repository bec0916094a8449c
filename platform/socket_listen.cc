// Listening sockets. A Unix socket is made under another name and linked into place, so that
// whoever sees it can connect; hence one that refuses is dead and may be replaced.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "platform/file.h"
#include "platform/socket.h"

namespace cox::platform {
namespace {

constexpr int backlog = 4096;

/// What is in the way on a network, and where to look.
std::string mend_of(const Address& address, int number) {
  if (address.is_unix()) return "";
  if (number == EADDRINUSE) {
    return " (another program listens there; which one: ss -ltnp sport = :" +
           std::to_string(address.port) + ")";
  }
  if (number == EADDRNOTAVAIL) return " (no address of this host; its own: ip address)";
  if (number == EACCES) return " (ports below 1024 are root's)";
  return "";
}

Failure listen_failed(const Address& address, int number) {
  Error error = system_error("listen on " + address.text(), number);
  error.message += mend_of(address, number);
  return Failure(std::move(error));
}

Failure taken(const Address& address) {
  return fail(Code::refused, "listen on " + address.text() + ": a daemon already listens there");
}

/// `path`: of the socket where it is a Unix one, until it is put in the place of `address`.
Result<Descriptor> bind_and_listen(const SocketAddress& at,
                                   const Address& address,
                                   const std::string& path,
                                   unsigned mode) {
  auto fd = open_socket(at);
  if (!fd) return fd;
  const int on = 1;
  ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd->get(), at.get(), at.length) != 0) return listen_failed(address, errno);
  if (address.is_unix() && ::chmod(path.c_str(), mode) != 0) {
    return listen_failed(address, errno);
  }
  if (::listen(fd->get(), backlog) != 0) return listen_failed(address, errno);
  return fd;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool somebody_listens(const Address& address) {
  auto found = resolve(address);
  if (!found) return false;
  auto fd = open_socket(found->front());
  if (!fd) return true;
  const int error = start_connect(fd->get(), found->front());
  return error == 0 || error == EAGAIN || error == EINPROGRESS;
}

/// Under the directory's lock, so that of two that replace the same dead socket one sees the other.
Result<void> replace_dead(const Address& fresh, const Address& address) {
  const auto name = directory_of(address.path);
  Descriptor directory(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return listen_failed(address, errno);
  if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) return taken(address);

  struct stat there {};

  const bool present = ::lstat(address.path.c_str(), &there) == 0;
  if (present && !S_ISSOCK(there.st_mode)) return listen_failed(address, EEXIST);
  if (present && somebody_listens(address)) return taken(address);
  if (::rename(fresh.path.c_str(), address.path.c_str()) != 0) return listen_failed(address, errno);
  return {};
}

Result<void> put_in_place(const Address& fresh, const Address& address) {
  if (::link(fresh.path.c_str(), address.path.c_str()) == 0) return {};
  if (errno != EEXIST) return listen_failed(address, errno);
  return replace_dead(fresh, address);
}

Result<Descriptor> listen_unix(const Address& address, unsigned mode) {
  Address fresh = address;
  fresh.path = fresh_socket_path(address.path, ::getpid());
  ::unlink(fresh.path.c_str());
  const auto name = resolve(fresh);
  if (!name) return listen_failed(address, errno != 0 ? errno : EINVAL);
  auto fd = bind_and_listen(name->front(), address, fresh.path, mode);
  if (!fd) return fd;
  const auto placed = put_in_place(fresh, address);
  ::unlink(fresh.path.c_str());
  if (!placed) return Failure(placed.error());
  return fd;
}

}  // namespace

std::string fresh_socket_path(const std::string& path, int pid) {
  const auto slash = path.rfind('/');
  std::string fresh = path;
  return fresh.insert(slash == std::string::npos ? 0 : slash + 1, "." + std::to_string(pid) + ".");
}

Result<Descriptor> open_listener(const Address& address, unsigned mode) {
  if (address.is_unix()) return listen_unix(address, mode);
  const auto found = resolve(address);
  if (!found) return Failure(found.error());
  return bind_and_listen(found->front(), address, {}, mode);
}

Address listening_address(int fd, const Address& asked) {
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  Address address = asked;
  if (asked.is_unix() || ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) {
    return address;
  }
  const in_port_t port = name.ss_family == AF_INET6
                             ? reinterpret_cast<const sockaddr_in6*>(&name)->sin6_port
                             : reinterpret_cast<const sockaddr_in*>(&name)->sin_port;
  address.port = ntohs(port);
  return address;
}

}  // namespace cox::platform
