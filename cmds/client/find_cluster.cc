// Looks for the cluster in the order that cox(1) documents.
#include "cmds/client/find_cluster.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds {
namespace {

constexpr const char* system_socket = "/run/coxswain/ctld.sock";
constexpr std::size_t key_bytes = 32;

std::string environment_text(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The cluster's key as the controller wrote it: 32 raw bytes or their hex text.
std::string read_key(const std::string& path) {
  const auto bytes = platform::read_file(path, 1024);
  if (!bytes) return "";
  if (bytes->size() == key_bytes) return *bytes;
  return from_hex(trim(*bytes)).value_or("");
}

/// Key for a controller on TCP: $COX_KEY_FILE, the default directory's, the system's.
std::string find_key() {
  const std::string named = environment_text("COX_KEY_FILE");
  if (!named.empty()) return read_key(named);
  const auto dir = own_cluster_dir();
  const std::string own = dir ? read_key(cluster_key_file(*dir)) : "";
  return own.empty() ? read_key("/etc/coxswain/cluster.key") : own;
}

Result<ClusterAddress> named_cluster(const std::string& text, const char* from) {
  // The directory of a cluster, also where its name could be a host's.
  if (platform::path_exists(text + "/.")) {
    return ClusterAddress{platform::Address{controller_socket(text), "", 0}, ""};
  }
  auto address = platform::parse_address(text);
  if (!address) return Failure(address.error().with_context(from));
  ClusterAddress found{*address, ""};
  if (!address->is_unix()) found.key = find_key();
  return found;
}

}  // namespace

std::string default_cluster_dir() {
  const std::string runtime = environment_text("XDG_RUNTIME_DIR");
  if (runtime.starts_with('/')) return runtime + "/coxswain";
  return "/tmp/coxswain-" + std::to_string(::getuid());
}

Result<std::string> own_cluster_dir() {
  std::string dir = default_cluster_dir();

  struct stat found {};

  const bool is_foreign = dir.starts_with("/tmp/") && ::lstat(dir.c_str(), &found) == 0 &&
                          (!S_ISDIR(found.st_mode) || found.st_uid != ::getuid());
  if (!is_foreign) return dir;
  return fail(Code::not_permitted, dir +
                                       ": is no directory of yours, so its cluster is left alone " +
                                       "(another: --cluster, --dir, COX_CLUSTER)");
}

std::string controller_socket(const std::string& dir) {
  return dir + "/ctld.sock";
}

std::string cluster_key_file(const std::string& dir) {
  return dir + "/cluster.key";
}

Result<ClusterAddress> find_cluster(const std::string& given) {
  if (!given.empty()) return named_cluster(given, "--cluster");
  const std::string environment = environment_text("COX_CLUSTER");
  if (!environment.empty()) return named_cluster(environment, "COX_CLUSTER");
  const auto dir = own_cluster_dir();
  if (!dir) return Failure(dir.error());
  const std::string own = controller_socket(*dir);
  for (const std::string& path : {own, std::string(system_socket)}) {
    if (platform::path_exists(path)) return ClusterAddress{platform::Address{path, "", 0}, ""};
  }
  return fail(Code::unreachable, "no controller: COX_CLUSTER is not set, and nothing is at " + own +
                                     " or " + system_socket + " (start one with: cox up)");
}

}  // namespace cox::cmds
