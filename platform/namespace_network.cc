// Network namespaces through iproute2, with its batch mode: three short processes per node.
#include "platform/namespace_network.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/text.h"
#include "platform/file.h"
#include "platform/namespace.h"
#include "platform/process.h"

namespace cox::platform {
namespace {

constexpr const char* named_dir = "/run/netns/";
constexpr unsigned nodes_max = 60'000;  // fits a /16 without its ends

std::uint32_t fnv1a(std::string_view text) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return hash;
}

std::string hex_of(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>((number >> shift) & 0xffU));
  }
  return to_hex(bytes);
}

Result<std::string> find_ip() {
  for (const char* path : {"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"}) {
    if (::access(path, X_OK) == 0) return std::string(path);
  }
  return fail(Code::not_found, "no ip command (package iproute2)");
}

Result<Descriptor> memory_file(std::string_view bytes) {
  Descriptor file(::memfd_create("ip", MFD_CLOEXEC));
  if (!file.is_open()) return Failure(system_error("memfd", errno));
  if (auto written = write_all(file.get(), "memfd", bytes); !written) {
    return Failure(written.error());
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// Runs `ip ARGUMENTS` with `script` as its input; its first line of complaint is the error.
Result<void> run_ip(std::vector<std::string> arguments, std::string_view script = {}) {
  auto program = find_ip();
  auto input = memory_file(script);
  auto complaints = memory_file({});
  if (!program) return Failure(program.error());
  if (!input) return Failure(input.error());
  if (!complaints) return Failure(complaints.error());
  SpawnRequest request;
  request.program = *program;
  request.argv = {"ip"};
  request.argv.insert(request.argv.end(), arguments.begin(), arguments.end());
  request.environment = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  request.descriptors = {{0, input->get()}, {2, complaints->get()}};
  auto child = spawn(request);
  if (!child) return Failure(child.error());
  auto status = wait_for(child->pid);
  if (!status) return Failure(status.error());
  if (exit_code_of(*status) == 0) return {};
  ::lseek(complaints->get(), 0, SEEK_SET);
  const std::string text = read_all(complaints->get(), "memfd", 65'536).value_or("");
  const std::string line(trim(text.substr(0, text.find('\n'))));
  return fail(Code::internal, "ip " + join(arguments, " ") + ": " + quoted(line, 120));
}

/// Nodes of a cluster start together; one of them makes the bridge, the others wait for it.
Result<Descriptor> lock_network(const std::string& cluster_dir) {
  auto lock = open_append(cluster_dir + "/network.lock", 0600);
  if (!lock) return lock;
  while (::flock(lock->get(), LOCK_EX) != 0) {
    if (errno != EINTR) return Failure(system_error("lock network", errno));
  }
  return lock;
}

/// The namespace has its name here. A file of that name that is none stands for one that was made
/// in another mount namespace, where other nodes may be in it: a second one would cut them off.
Result<bool> is_made(const std::string& name) {
  const std::string path = named_dir + name;

  struct statfs about {};

  if (::statfs(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return false;
    return Failure(system_error("look at " + path, errno));
  }
  if (about.f_type == NSFS_MAGIC) return true;
  return fail(Code::refused,
              path + ": is no network here; where mounts are others, it may be (end the cluster " +
                  "where it was made, or remove the file)");
}

Result<void> make_bridge(const std::string& cluster_dir, const std::string& name) {
  auto lock = lock_network(cluster_dir);
  if (!lock) return Failure(lock.error());
  auto known = is_made(name);
  if (!known) return Failure(known.error());
  if (*known) return {};
  if (auto made = run_ip({"netns", "add", name}); !made) return made;
  auto joined = run_ip({"-n", name, "-batch", "-"},
                       "link set lo up\nlink add br0 type bridge\nlink set br0 up\n");
  if (!joined) static_cast<void>(run_ip({"netns", "del", name}));
  return joined;
}

Result<void> make_node(const std::string& bridge, const std::string& name, unsigned index) {
  auto known = is_made(name);
  if (!known) return Failure(known.error());
  if (*known) return {};
  const std::string port = "v" + std::to_string(index);
  if (auto made = run_ip({"netns", "add", name}); !made) return made;
  auto joined = run_ip({"-n", bridge, "-batch", "-"},
                       "link add " + port + " type veth peer name eth0 netns " + name +
                           "\nlink set " + port + " master br0 up\n");
  if (joined) {
    joined =
        run_ip({"-n", name, "-batch", "-"}, "link set lo up\naddr add " + emulated_address(index) +
                                                "/16 broadcast + dev eth0\nlink set eth0 up\n");
  }
  if (!joined) static_cast<void>(run_ip({"netns", "del", name}));
  return joined;
}

std::vector<std::string> names_of(const std::string& bridge) {
  std::vector<std::string> names;
  for (const std::string& name :
       list_directory("/run/netns").value_or(std::vector<std::string>{})) {
    if (name == bridge || name.rfind(bridge + "-", 0) == 0) names.push_back(name);
  }
  return names;
}

}  // namespace

std::string emulated_address(unsigned index) {
  return "10.217." + std::to_string(index / 250) + "." + std::to_string(index % 250 + 1);
}

Result<std::string> emulated_network_name(const std::string& cluster_dir) {
  auto real = real_path(cluster_dir);
  if (!real) return real;
  return "cox-" + hex_of(fnv1a(*real));
}

Result<Descriptor> open_emulated_network(const std::string& cluster_dir, unsigned index) {
  if (::geteuid() != 0) return fail(Code::not_permitted, "not root");
  if (index >= nodes_max) {
    return fail(Code::bad_usage, "node index " + std::to_string(index) + " is too large");
  }
  auto bridge = emulated_network_name(cluster_dir);
  if (!bridge) return Failure(bridge.error());
  const std::string name = *bridge + "-" + std::to_string(index);
  if (auto made = make_bridge(cluster_dir, *bridge); !made) return Failure(made.error());
  if (auto made = make_node(*bridge, name, index); !made) return Failure(made.error());
  Descriptor space(::open((named_dir + name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!space.is_open()) return Failure(system_error("open " + (named_dir + name), errno));
  return space;
}

Result<void> cleanup_emulated_network(const std::string& cluster_dir) {
  if (::geteuid() != 0) return {};
  auto bridge = emulated_network_name(cluster_dir);
  if (!bridge) return Failure(bridge.error());
  std::string script;
  for (const std::string& name : names_of(*bridge)) script += "netns del " + name + "\n";
  if (auto gone = remove_path(cluster_dir + "/network.lock"); !gone) return gone;
  if (script.empty()) return {};
  auto removed = run_ip({"-force", "-batch", "-"}, script);
  // Who does the same at the same time took some of them.
  return names_of(*bridge).empty() ? Result<void>{} : removed;
}

}  // namespace cox::platform
