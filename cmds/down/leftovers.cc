// Finds supervisors by their sockets and processes by their containers, and ends them.
#include "cmds/down/leftovers.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <csignal>

#include "platform/container.h"
#include "platform/descriptor.h"
#include "platform/file.h"
#include "platform/namespace.h"
#include "wire/directory_mark.h"

namespace cox::cmds {
namespace {

constexpr const char* cgroup_root = "/sys/fs/cgroup";
constexpr int supervisor_patience_ms = 5000;
constexpr int kill_tries_max = 100;

/// The process that listens at a Unix socket; 0 when none does.
int listener_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return 0;
  std::copy(path.begin(), path.end(), address.sun_path);
  const platform::Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return 0;
  }
  ucred peer{};
  socklen_t length = sizeof peer;
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.pid : 0;
}

/// SIGKILL until nothing is left in `path`, then removes it.
Result<void> clear_container(platform::Containment& containment, const std::string& path) {
  for (int i = 0; i < kill_tries_max; ++i) {
    const auto left = containment.kill_all(path, SIGKILL);
    if (!left) return Failure(left.error());
    if (*left == 0 && containment.remove(path)) return {};
    ::poll(nullptr, 0, 10);
  }
  return fail(Code::refused, "processes in " + path + " do not end");
}

Result<void> clear_node(const std::string& dir,
                        const std::string& cluster,
                        const std::string& node) {
  const std::string groups = dir + "/groups-" + node;
  const auto containment = platform::open_containment(cgroup_root, groups);
  const std::string base = cluster + "/" + node;
  for (const std::string& child : containment->children(base)) {
    const auto cleared = clear_container(*containment, base + "/" + child);
    if (!cleared) return cleared;
  }
  static_cast<void>(containment->remove(base));
  static_cast<void>(containment->remove(cluster));
  return {};
}

}  // namespace

std::vector<Daemon> living_supervisors(const std::string& dir) {
  std::vector<Daemon> found;
  const auto names = platform::list_directory(dir);
  if (!names) return found;
  for (const std::string& name : *names) {
    if (!name.starts_with("steps-")) continue;
    const auto sockets = platform::list_directory(dir + "/" + name);
    if (!sockets) continue;
    for (const std::string& socket : *sockets) {
      const int pid = listener_of(dir + "/" + name + "/" + socket);
      if (pid > 0) found.push_back({"coxstepd " + socket, pid});
    }
  }
  return found;
}

Result<void> clear_leftovers(const std::string& dir,
                             const ClusterRecord& record,
                             bool with_network) {
  const auto ended = end_processes(living_supervisors(dir), supervisor_patience_ms);
  if (!ended) return ended;
  const auto real = platform::real_path(dir);
  if (!real) return Failure(real.error());
  for (std::uint32_t i = 0; i < record.nodes && !record.pretends; ++i) {
    const auto cleared = clear_node(*real, wire::private_container(*real), node_name(i));
    if (!cleared) return cleared;
  }
  return with_network ? platform::cleanup_emulated_network(dir) : Result<void>();
}

}  // namespace cox::cmds
