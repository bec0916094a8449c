// cgroup v2: one tree; controllers are handed down level by level through cgroup.subtree_control.
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "common/text.h"
#include "platform/container_backends.h"
#include "platform/file.h"

namespace cox::platform {
namespace {

bool lists(const std::string& file, std::string_view controller) {
  const auto text = read_value(file);
  if (!text) return false;
  const auto words = split(*text, ' ');
  return std::find(words.begin(), words.end(), controller) != words.end();
}

bool is_cgroup_v2(const std::string& mount) {
  struct statfs status {};

  return ::statfs(mount.c_str(), &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

class CgroupV2 final : public Containment {
 public:
  CgroupV2(std::string mount, Descriptor quick_moves)
      : mount_(std::move(mount)),
        recorded_(!is_cgroup_v2(mount_)),
        quick_moves_(std::move(quick_moves)) {
    for (const char* controller : {"cpuset", "memory"}) {
      if (lists(mount_ + "/cgroup.controllers", controller)) controllers_.emplace_back(controller);
    }
  }

  std::string description() const override { return "cgroup v2"; }

  Result<void> create(const std::string& path, const ContainerLimits& limits) override {
    if (auto named = check_container_path(path); !named) return named;
    if (auto made = make(std::string(own_root) + "/" + path); !made) return made;
    return set_limits(directory(path), limits);
  }

  Result<void> enter(const std::string& path, int pid) override {
    if (auto named = check_container_path(path); !named) return named;
    return put(directory(path) + "/cgroup.procs", std::to_string(pid));
  }

  Result<std::uint32_t> kill_all(const std::string& path, int signal) override {
    if (auto named = check_container_path(path); !named) return Failure(named.error());
    const auto found = processes(path);
    if (found.empty()) return 0U;
    if (signal != SIGKILL) {
      signal_each(found, signal);
    } else if (!path_exists(directory(path) + "/cgroup.kill")) {
      kill_frozen(path);  // before Linux 5.14
    } else if (auto killed = put(directory(path) + "/cgroup.kill", "1"); !killed) {
      return Failure(killed.error());
    }
    return static_cast<std::uint32_t>(processes(path).size());
  }

  Result<void> freeze(const std::string& path, bool frozen) override {
    if (auto named = check_container_path(path); !named) return named;
    if (!path_exists(directory(path))) return {};
    return put(directory(path) + "/cgroup.freeze", frozen ? "1" : "0");
  }

  Result<ContainerUsage> usage(const std::string& path) override {
    if (auto named = check_container_path(path); !named) return Failure(named.error());
    const std::string group = directory(path);
    ContainerUsage out;
    out.usage.user_us = read_keyed(group + "/cpu.stat", "user_usec");
    out.usage.system_us = read_keyed(group + "/cpu.stat", "system_usec");
    out.usage.memory_peak_bytes = memory_peak(path);
    out.oom_kills = static_cast<std::uint64_t>(read_keyed(group + "/memory.events", "oom_kill"));
    return out;
  }

  std::vector<int> processes(const std::string& path) override {
    return check_container_path(path) ? cgroup_processes(directory(path)) : std::vector<int>{};
  }

  Result<void> remove(const std::string& path) override {
    if (auto named = check_container_path(path); !named) return named;
    peaks_.erase(path);
    auto gone = recorded_ ? remove_tree(directory(path)) : remove_cgroup(directory(path));
    if (gone && std::count(path.begin(), path.end(), '/') <= 1) {
      const std::string parent = parent_path(path);
      if (!parent.empty()) remove_empty(directory(parent));
      remove_empty(mount_ + "/" + own_root);
    }
    return gone;
  }

  std::vector<std::string> children(const std::string& path) override {
    return check_container_path(path) ? cgroup_children(directory(path))
                                      : std::vector<std::string>{};
  }

 private:
  std::string directory(const std::string& path) const {
    return mount_ + "/" + own_root + "/" + path;
  }

  Result<void> put(const std::string& file, std::string_view value) const {
    return write_value(file, value, recorded_);
  }

  /// `below` is relative to the mount. Makes the group and gives it the controllers.
  Result<void> make(const std::string& below) {
    const std::string group = mount_ + "/" + below;
    for (int tries = 0; ::mkdir(group.c_str(), 0755) != 0 && errno != EEXIST; ++tries) {
      const int why = errno;
      const std::string parent = parent_path(below);
      if (why != ENOENT || parent.empty() || tries == make_tries_max) {
        return Failure(system_error("make " + group, why));
      }
      if (auto above = make(parent); !above) return above;
    }
    return hand_down(parent_path(below));
  }

  /// Lets the groups directly below `below` have the controllers; from the top downwards.
  Result<void> hand_down(const std::string& below) {
    const std::string group = below.empty() ? mount_ : mount_ + "/" + below;
    const std::string control = group + "/cgroup.subtree_control";
    std::string wanted;
    for (const std::string& controller : controllers_) {
      if (!lists(control, controller)) wanted += (wanted.empty() ? "+" : " +") + controller;
    }
    if (wanted.empty()) return {};
    if (!below.empty()) {
      if (auto above = hand_down(parent_path(below)); !above) return above;
    }
    return put(control, wanted);
  }

  Result<void> set_limits(const std::string& group, const ContainerLimits& limits) const {
    const std::string bytes = std::to_string(limits.memory_bytes);
    const std::pair<const char*, std::string> values[] = {
        {"/cpuset.cpus", limits.cpus},
        {"/cpuset.mems", limits.memory_nodes},
        {"/memory.max", limits.memory_bytes > 0 ? bytes : ""},
    };
    for (const auto& [file, value] : values) {
      if (value.empty()) continue;
      if (auto set = put(group + file, value); !set) return set;
    }
    if (limits.memory_bytes <= 0) return {};
    auto no_swap = put(group + "/memory.swap.max", "0");
    const bool has_no_swap = !no_swap && no_swap.error().code == Code::not_found;
    return has_no_swap ? Result<void>{} : no_swap;
  }

  void remove_empty(const std::string& group) const {
    if (!recorded_) {
      ::rmdir(group.c_str());
    } else if (cgroup_children(group).empty()) {
      static_cast<void>(remove_tree(group));
    }
  }

  void kill_frozen(const std::string& path) {
    static_cast<void>(freeze(path, true));
    signal_each(processes(path), SIGKILL);
    static_cast<void>(freeze(path, false));
  }

  /// The kernel's high-water mark; before Linux 5.19 the largest value that was asked for.
  std::int64_t memory_peak(const std::string& path) {
    const std::string peak = directory(path) + "/memory.peak";
    if (path_exists(peak)) return read_number(peak);
    std::int64_t& largest = peaks_[path];
    largest = std::max(largest, read_number(directory(path) + "/memory.current"));
    return largest;
  }

  std::string mount_;
  bool recorded_ = false;
  std::vector<std::string> controllers_;
  std::map<std::string, std::int64_t> peaks_;
  Descriptor quick_moves_;
};

}  // namespace

std::optional<std::string> cgroup_v2_lacks(const std::string& mount) {
  for (const char* controller : {"cpuset", "memory"}) {
    if (!lists(mount + "/cgroup.controllers", controller)) {
      return "cgroup v2 at " + mount + " has no " + controller + " controller";
    }
  }
  if (::access(mount.c_str(), W_OK) != 0) return mount + " is not writable";
  return std::nullopt;
}

std::unique_ptr<Containment> open_cgroup_v2(const std::string& mount, Descriptor quick_moves) {
  return std::make_unique<CgroupV2>(mount, std::move(quick_moves));
}

}  // namespace cox::platform
