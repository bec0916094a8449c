// Chooses a backend by trying it, and says why a better one was not taken.
#include "platform/container.h"

#include <unistd.h>

#include "platform/container_backends.h"
#include "platform/file.h"

namespace cox::platform {
namespace {

/// Makes, limits and removes a container. error: what the system did not allow
Result<void> probe(Containment* backend) {
  const std::string path = "probe_" + std::to_string(::getpid());
  ContainerLimits limits;
  limits.memory_bytes = std::int64_t{1} << 30;
  auto made = backend->create(path, limits);
  auto gone = backend->remove(path);
  return made ? gone : made;
}

/// Where v2 is: alone at the root, or beside v1 in "unified".
std::string v2_mount(const std::string& root) {
  return path_exists(root + "/cgroup.controllers") ? root : root + "/unified";
}

std::string join_reasons(const std::string& v2, const std::string& v1) {
  return v2.empty() ? v1 : v2 + "; " + v1;
}

}  // namespace

bool Containment::allows_inner_processes() const {
  return false;
}

Result<ContainerUsage> Containment::memory_usage(const std::string& path) {
  return usage(path);
}

std::string Containment::marker(const std::string&) const {
  return {};
}

Result<void> Containment::set_supervisor(const std::string&, int) {
  return {};
}

std::unique_ptr<Containment> open_containment(const std::string& root,
                                              const std::string& state_dir) {
  std::string why;
  const std::string mount = v2_mount(root);
  if (path_exists(mount + "/cgroup.controllers")) {
    auto lacks = cgroup_v2_lacks(mount);
    if (!lacks) {
      auto v2 = open_cgroup_v2(mount, favor_quick_moves());
      auto works = probe(v2.get());
      if (works) return v2;
      lacks = works.error().message;
    }
    why = *lacks;
  }
  auto lacks = cgroup_v1_lacks(root);
  if (!lacks) {
    auto v1 = open_cgroup_v1(root, favor_quick_moves());
    auto works = probe(v1.get());
    if (works) return v1;
    lacks = works.error().message;
  }
  // On a machine with v2 alone, that v1 is missing explains nothing.
  if (mount == root) return open_process_groups(state_dir, why);
  return open_process_groups(state_dir, join_reasons(why, *lacks));
}

std::unique_ptr<Containment> open_known_containment(const std::string& root,
                                                    const std::string& state_dir,
                                                    const std::string& description) {
  if (description == "cgroup v2") return open_cgroup_v2(v2_mount(root));
  if (description == "cgroup v1") return open_cgroup_v1(root);
  const std::string prefix = "process groups: ";
  const bool has_reason = description.rfind(prefix, 0) == 0;
  return open_process_groups(state_dir, has_reason ? description.substr(prefix.size()) : "");
}

}  // namespace cox::platform
