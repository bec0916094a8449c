// unshare(2) and what must follow it: id maps, hostname, private mounts.
#include "platform/namespace.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "common/node_list.h"
#include "common/text.h"
#include "platform/file.h"
#include "platform/namespace_network.h"

namespace cox::platform {
namespace {

constexpr const char* shm = "/dev/shm";

Result<void> write_proc(const std::string& name, const std::string& value) {
  const std::string path = "/proc/self/" + name;
  auto file = open_append(path);
  if (!file) return Failure(file.error());
  return write_all(file->get(), path, value);
}

/// Ids stand for themselves: files, sockets and tasks show the same owner inside and outside.
Result<void> map_ids(uid_t uid, gid_t gid) {
  const std::string user = std::to_string(uid);
  const std::string group = std::to_string(gid);
  if (auto denied = write_proc("setgroups", "deny"); !denied) return denied;
  if (auto mapped = write_proc("gid_map", group + " " + group + " 1\n"); !mapped) return mapped;
  return write_proc("uid_map", user + " " + user + " 1\n");
}

/// Root does it directly; others, and a root without that right, in a user namespace.
Result<void> leave_host() {
  constexpr int spaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
  if (::unshare(spaces) == 0) return {};
  if (errno != EPERM) return Failure(system_error("unshare", errno));
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(spaces | CLONE_NEWUSER) != 0) return Failure(system_error("unshare", errno));
  return map_ids(uid, gid);
}

Result<void> set_hostname(const std::string& name) {
  if (!is_node_name(name)) return fail(Code::bad_usage, "no host name: " + quoted(name));
  if (::sethostname(name.data(), name.size()) == 0) return {};
  return Failure(system_error("set hostname", errno));
}

/// Our mounts stay ours; the host's later mounts still reach us.
Result<void> separate_mounts() {
  if (::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0) return {};
  return Failure(system_error("separate mounts", errno));
}

Result<void> mount_shm(std::int64_t bytes) {
  std::string options = "mode=1777";
  if (bytes > 0) options += ",size=" + std::to_string(bytes);
  if (::mount("tmpfs", shm, "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0) return {};
  return Failure(system_error("mount /dev/shm", errno));
}

std::string hosts_text(const EmulatedNode& node, bool has_network) {
  std::string text = read_file("/etc/hosts", 1U << 20).value_or("127.0.0.1 localhost\n");
  if (!text.empty() && text.back() != '\n') text += '\n';
  for (unsigned index = 0; index < node.nodes.size(); ++index) {
    // In a shared network every name of the cluster means this machine.
    text += (has_network ? emulated_address(index) : "127.0.0.1") + " " + node.nodes[index] + "\n";
  }
  if (node.nodes.empty()) {
    text += (has_network ? emulated_address(node.index) : "127.0.0.1") + " " + node.name + "\n";
  }
  return text;
}

/// Names of the nodes resolve inside: MPI libraries ask for their own host's. Best effort.
void mount_hosts(const EmulatedNode& node, bool has_network) {
  const std::string file = std::string(shm) + "/.hosts";
  if (!write_file_atomic(file, hosts_text(node, has_network))) return;
  static_cast<void>(::mount(file.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr));
  ::unlink(file.c_str());
}

/// Enters the node's own network; else the error says why it is shared instead.
Result<void> enter_network(const EmulatedNode& node) {
  if (!node.network) return fail(Code::not_found, "not asked for");
  auto space = open_emulated_network(node.cluster_dir, node.index);
  if (!space) return Failure(space.error());
  if (::setns(space->get(), CLONE_NEWNET) == 0) return {};
  return Failure(system_error("enter network", errno));
}

std::string describe(const Emulation& has, const std::string& failure, const std::string& network) {
  std::vector<std::string> own;
  if (has.has_hostname) own.emplace_back("hostname");
  if (has.has_shm) own.emplace_back("/dev/shm");
  if (has.has_network) own.emplace_back("network");
  std::string text = "nothing of its own";
  if (!own.empty()) {
    const std::string last = own.back();
    own.pop_back();
    text = "own " + (own.empty() ? last : join(own, ", ") + " and " + last);
  }
  if (!failure.empty()) text += "; " + failure;
  if (!has.has_network) text += "; network shared: " + network;
  return text;
}

}  // namespace

Emulation enter_emulated_node(const EmulatedNode& node) {
  Emulation has;
  std::string failure;
  const auto note = [&failure](const Result<void>& done) {
    if (!done && failure.empty()) failure = done.error().message;
    return done.has_value();
  };
  // The network first: its names are mounts that a private mount namespace would not pass on.
  const auto entered = enter_network(node);
  const std::string network = entered ? "" : entered.error().message;
  has.has_network = entered.has_value();
  if (!entered && entered.error().code == Code::refused) has.cut_off = network;
  if (has.has_network) has.address = emulated_address(node.index);
  if (note(leave_host())) {
    has.has_hostname = note(set_hostname(node.name));
    // Not in a chroot, for one: its root is no mount.
    has.has_shm = note(separate_mounts()) && note(mount_shm(node.shm_bytes));
    if (has.has_shm && has.has_hostname) mount_hosts(node, has.has_network);
  }
  has.description = describe(has, failure, network);
  return has;
}

}  // namespace cox::platform
