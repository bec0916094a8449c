// cgroup v1: the same path below the freezer, memory and cpuacct hierarchies, and below cpuset for
// containers that bind CPUs or memory nodes. A directory costs 0.1 ms, so none is made for nothing.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <string_view>

#include "platform/container_backends.h"
#include "platform/file.h"
#include "platform/short_wait.h"

namespace cox::platform {
namespace {

constexpr Duration freeze_wait_max = milliseconds(2);

const std::vector<std::string> required{"cpuset", "memory", "freezer", "cpuacct"};
/// Where every container has a directory; the freezer first, whose list of processes counts.
const std::vector<std::string> everywhere{"freezer", "memory", "cpuacct"};

class CgroupV1 final : public Containment {
 public:
  CgroupV1(std::string root, Descriptor quick_moves)
      : root_(std::move(root)), quick_moves_(std::move(quick_moves)) {}

  std::string description() const override { return "cgroup v1"; }

  bool allows_inner_processes() const override { return true; }

  Result<void> create(const std::string& path, const ContainerLimits& limits) override {
    const Place place(path);
    if (auto named = check_container_path(place.path); !named) return named;
    if (place.alone) return {};
    const std::string below = std::string(own_root) + "/" + path;
    for (const std::string& hierarchy : everywhere) {
      if (auto made = make(hierarchy, below, limits); !made) return made;
    }
    if (!limits.cpus.empty() || !limits.memory_nodes.empty()) {
      if (auto made = make("cpuset", below, limits); !made) return made;
    }
    return limits.memory_bytes > 0 ? limit_memory(path, limits.memory_bytes) : Result<void>{};
  }

  Result<void> enter(const std::string& path, int pid) override {
    const std::string at = Place(path).path;
    if (auto named = check_container_path(at); !named) return named;
    for (const std::string& hierarchy : everywhere) {
      auto done = write_value(directory(hierarchy, at) + "/cgroup.procs", std::to_string(pid));
      if (!done) return done;
    }
    // The nearest level that binds; without one the process keeps what it has.
    for (std::string level = at; !level.empty(); level = parent_path(level)) {
      const std::string group = directory("cpuset", level);
      if (path_exists(group)) return write_value(group + "/cgroup.procs", std::to_string(pid));
    }
    return {};
  }

  Result<std::uint32_t> kill_all(const std::string& path, int signal) override {
    const Place place(path);
    if (auto named = check_container_path(place.path); !named) return Failure(named.error());
    const auto found = processes(path);
    if (found.empty()) return 0U;
    if (signal != SIGKILL) {
      signal_each(found, signal);
    } else {
      // Who is being frozen begins no fork, so that nobody forks away from the list; SIGKILL takes
      // effect at the thaw.
      wait_frozen(place.path);
      signal_each(processes(path), SIGKILL);
      thaw_tree(directory("freezer", place.path));
    }
    return static_cast<std::uint32_t>(processes(path).size());
  }

  /// What is below freezes too, also of "PATH/.".
  Result<void> freeze(const std::string& path, bool frozen) override {
    const std::string at = Place(path).path;
    if (auto named = check_container_path(at); !named) return named;
    const std::string group = directory("freezer", at);
    if (!path_exists(group)) return {};
    return write_value(group + "/freezer.state", frozen ? "FROZEN" : "THAWED");
  }

  Result<ContainerUsage> usage(const std::string& path) override {
    auto out = memory_usage(path);
    const std::string cpu = directory("cpuacct", Place(path).path);
    if (!out || !may_tell_apart(path, cpu)) return out;
    out->usage.user_us = read_number(cpu + "/cpuacct.usage_user") / 1000;
    out->usage.system_us = read_number(cpu + "/cpuacct.usage_sys") / 1000;
    return out;
  }

  Result<ContainerUsage> memory_usage(const std::string& path) override {
    const Place place(path);
    if (auto named = check_container_path(place.path); !named) return Failure(named.error());
    ContainerUsage out;
    const std::string memory = directory("memory", place.path);
    if (may_tell_apart(path, memory)) {
      out.usage.memory_peak_bytes = read_number(memory + "/memory.max_usage_in_bytes");
    }
    out.oom_kills = oom_kills(memory, place.alone);
    return out;
  }

  std::vector<int> processes(const std::string& path) override {
    const Place place(path);
    return check_container_path(place.path)
               ? cgroup_processes(directory("freezer", place.path), place.alone)
               : std::vector<int>{};
  }

  Result<void> remove(const std::string& path) override {
    const Place place(path);
    if (auto named = check_container_path(place.path); !named) return named;
    if (place.alone) return {};
    for (const std::string& hierarchy : required) {
      if (auto gone = remove_cgroup(directory(hierarchy, path)); !gone) return gone;
    }
    if (std::count(path.begin(), path.end(), '/') <= 1) remove_empty_parents(path);
    return {};
  }

  std::vector<std::string> children(const std::string& path) override {
    std::set<std::string> names;
    if (check_container_path(path)) {
      for (const std::string& hierarchy : required) {
        names.merge(set_of(cgroup_children(directory(hierarchy, path))));
      }
    }
    return {names.begin(), names.end()};
  }

 private:
  /// "PATH" or "PATH/.".
  struct Place {
    explicit Place(std::string_view text)
        : path(text.ends_with("/.") ? text.substr(0, text.size() - 2) : text),
          alone(path.size() != text.size()) {}

    std::string path;
    bool alone;
  };

  /// The kernel's counts of a group include all that was below it.
  static bool may_tell_apart(const std::string& path, const std::string& group) {
    return !Place(path).alone || !may_have_children(group);
  }

  static std::set<std::string> set_of(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
  }

  std::string directory(const std::string& hierarchy, const std::string& path) const {
    return root_ + "/" + hierarchy + "/" + own_root + "/" + path;
  }

  /// `below` is relative to the hierarchy; "" is its root, which the system made.
  Result<void> make(const std::string& hierarchy,
                    const std::string& below,
                    const ContainerLimits& limits) {
    const std::string group = root_ + "/" + hierarchy + "/" + below;
    for (int tries = 0; ::mkdir(group.c_str(), 0755) != 0 && errno != EEXIST; ++tries) {
      const int why = errno;
      const std::string parent = parent_path(below);
      if (why != ENOENT || parent.empty() || tries == make_tries_max) {
        return Failure(system_error("make " + group, why));
      }
      if (auto above = make(hierarchy, parent, {}); !above) return above;
    }
    if (hierarchy == "cpuset") return set_cpus(below, limits);
    if (hierarchy == "memory" && below == own_root) {
      // Kernels before 5.11 count and limit a subtree as one only when told so at its top.
      static_cast<void>(write_value(group + "/memory.use_hierarchy", "1"));
    }
    return {};
  }

  /// A new cpuset is empty and takes nobody; what is not limited is the parent's.
  Result<void> set_cpus(const std::string& below, const ContainerLimits& limits) {
    if (auto done = set_or_inherit(below, "cpuset.cpus", limits.cpus); !done) return done;
    return set_or_inherit(below, "cpuset.mems", limits.memory_nodes);
  }

  Result<void> set_or_inherit(const std::string& below,
                              const std::string& file,
                              const std::string& wanted) {
    const std::string group = root_ + "/cpuset/" + below;
    if (!wanted.empty()) return write_value(group + "/" + file, wanted);
    if (!read_value(group + "/" + file).value_or("").empty()) return {};
    const std::string parent = parent_path(below);
    // Another process may have made the parent and not filled it yet.
    if (!parent.empty()) {
      if (auto filled = set_or_inherit(parent, file, ""); !filled) return filled;
    }
    const std::string above = root_ + "/cpuset/" + (parent.empty() ? "" : parent + "/") + file;
    return write_value(group + "/" + file, read_value(above).value_or(""));
  }

  /// memory <= memory+swap at every moment: which is written first depends on the direction.
  Result<void> limit_memory(const std::string& path, std::int64_t bytes) {
    const std::string group = directory("memory", path);
    const std::string value = std::to_string(bytes);
    const std::string with_swap = group + "/memory.memsw.limit_in_bytes";
    if (!counts_swap_) counts_swap_ = path_exists(with_swap);  // the same in every group
    auto lowered = write_value(group + "/memory.limit_in_bytes", value);
    if (*counts_swap_) {
      if (auto swap = write_value(with_swap, value); !swap) return swap;
    }
    return lowered ? lowered : write_value(group + "/memory.limit_in_bytes", value);
  }

  /// Until forks that were under way are done. A process in an uninterruptible wait does not
  /// freeze, and nobody can tell for how long: what is missed is found by the next call.
  void wait_frozen(const std::string& path) {
    if (!freeze(path, true)) return;
    const std::string state = directory("freezer", path) + "/freezer.state";
    ShortWait wait(freeze_wait_max);
    while (read_value(state) == "FREEZING" && wait.go_on()) {
    }
  }

  void thaw_tree(const std::string& group) {
    static_cast<void>(write_value(group + "/freezer.state", "THAWED"));
    for (const std::string& child : cgroup_children(group)) thaw_tree(group + "/" + child);
  }

  /// v1 counts a kill at the group of the killed process only.
  static std::uint64_t oom_kills(const std::string& group, bool alone) {
    auto count = static_cast<std::uint64_t>(read_keyed(group + "/memory.oom_control", "oom_kill"));
    if (alone) return count;
    for (const std::string& child : cgroup_children(group)) {
      count += oom_kills(group + "/" + child, false);
    }
    return count;
  }

  void remove_empty_parents(const std::string& path) {
    for (const std::string& hierarchy : required) {
      std::string parent = parent_path(path);
      if (!parent.empty()) ::rmdir(directory(hierarchy, parent).c_str());
      ::rmdir((root_ + "/" + hierarchy + "/" + own_root).c_str());
    }
  }

  std::string root_;
  Descriptor quick_moves_;
  std::optional<bool> counts_swap_;
};

}  // namespace

std::optional<std::string> cgroup_v1_lacks(const std::string& root) {
  for (const std::string& hierarchy : required) {
    const std::string directory = root + "/" + hierarchy;
    if (!path_exists(directory)) return "no cgroup controller " + hierarchy + " in " + root;
    if (::access(directory.c_str(), W_OK) != 0) return directory + " is not writable";
  }
  return std::nullopt;
}

std::unique_ptr<Containment> open_cgroup_v1(const std::string& root, Descriptor quick_moves) {
  return std::make_unique<CgroupV1>(root, std::move(quick_moves));
}

}  // namespace cox::platform
