// Process groups: containment for a user who may use no cgroup. A container is a directory of
// records below STATE_DIR/groups; its processes are found again by any of four signs:
//   1. recorded by enter() (pid and start, so that a later process with that pid is not taken),
//   2. in a session or process group that a recorded process leads or led,
//   3. descended from one of these, or from a supervisor named by set_supervisor(),
//   4. carrying the container's marker in their environment, as it was at exec.
// A process that leaves its session is caught by 3 while its supervisor, a subreaper, lives, and by
// 4 after that. CPUs are bound but may be rebound by the task; memory is counted, not limited.
#include "platform/container_groups.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "common/bitset.h"
#include "common/text.h"
#include "platform/container_backends.h"
#include "platform/file.h"
#include "platform/process.h"

namespace cox::platform {
namespace {

constexpr std::size_t record_bytes_max = 16U << 20;
constexpr int stop_rounds_max = 8;
constexpr const char* marker_name = "COX_CONTAINER=";

std::string this_boot() {
  static const std::string id = read_value("/proc/sys/kernel/random/boot_id").value_or("-");
  return id;
}

void read_records(const std::string& directory, Records* records) {
  const auto text = read_file(directory + "/members", record_bytes_max).value_or("");
  for (const auto line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() != 4 || words[1] != this_boot()) continue;
    const auto pid = parse_u64(words[2]);
    const auto start = parse_u64(words[3]);
    if (!pid || !start) continue;
    auto& set = words[0] == "supervisor" ? records->supervisors : records->members;
    set.insert(Identity{static_cast<int>(*pid), *start});
  }
  for (const std::string& child : cgroup_children(directory)) {
    read_records(directory + "/" + child, records);
  }
}

class ProcessGroups final : public Containment {
 public:
  ProcessGroups(const std::string& state_dir, std::string why)
      : root_(state_dir + "/groups"), why_(std::move(why)) {}

  std::string description() const override {
    return why_.empty() ? "process groups" : "process groups: " + why_;
  }

  std::string marker(const std::string& path) const override {
    return marker_name + directory(path);
  }

  Result<void> create(const std::string& path, const ContainerLimits& limits) override {
    if (auto named = check_container_path(path); !named) return named;
    if (auto made = make_directories(directory(path), 0700); !made) return made;
    if (limits.cpus.empty()) return {};
    return write_file_atomic(directory(path) + "/cpus", limits.cpus);
  }

  Result<void> enter(const std::string& path, int pid) override {
    const int process = pid == 0 ? ::getpid() : pid;
    if (auto recorded = record("member", path, process); !recorded) return recorded;
    return bind(path, process);
  }

  Result<void> set_supervisor(const std::string& path, int pid) override {
    return record("supervisor", path, pid == 0 ? ::getpid() : pid);
  }

  Result<std::uint32_t> kill_all(const std::string& path, int signal) override {
    if (auto named = check_container_path(path); !named) return Failure(named.error());
    auto found = find(path);
    if (found.empty()) return 0U;
    if (signal == SIGKILL) found = stop_all(path, std::move(found));
    signal_all(found, signal);
    return static_cast<std::uint32_t>(find(path).size());
  }

  Result<void> freeze(const std::string& path, bool frozen) override {
    if (auto named = check_container_path(path); !named) return named;
    if (frozen) {
      stop_all(path, find(path));
    } else {
      signal_all(find(path), SIGCONT);
    }
    return {};
  }

  Result<ContainerUsage> usage(const std::string& path) override {
    if (auto named = check_container_path(path); !named) return Failure(named.error());
    ContainerUsage out;
    std::int64_t memory = 0;
    for (const ProcessInfo& info : find(path)) {
      out.usage.user_us += info.user_us;
      out.usage.system_us += info.system_us;
      const std::string status = "/proc/" + std::to_string(info.pid) + "/status";
      memory += memory_peak(status);
    }
    std::int64_t& largest = peaks_[path];
    largest = std::max(largest, memory);
    out.usage.memory_peak_bytes = largest;
    return out;
  }

  /// The largest sample so far: a look at all processes of the machine would cost milliseconds, and
  /// those that are gone have left nothing to see.
  Result<ContainerUsage> memory_usage(const std::string& path) override {
    if (auto named = check_container_path(path); !named) return Failure(named.error());
    ContainerUsage out;
    const auto sampled = peaks_.find(path);
    if (sampled != peaks_.end()) out.usage.memory_peak_bytes = sampled->second;
    return out;
  }

  std::vector<int> processes(const std::string& path) override {
    std::vector<int> pids;
    if (!check_container_path(path)) return pids;
    for (const ProcessInfo& info : find(path)) pids.push_back(info.pid);
    return pids;
  }

  Result<void> remove(const std::string& path) override {
    if (auto named = check_container_path(path); !named) return named;
    const std::size_t left = path_exists(directory(path)) ? find(path).size() : 0;
    if (left != 0) {
      return fail(Code::refused,
                  "remove " + path + ": " + std::to_string(left) + " processes left");
    }
    peaks_.erase(path);
    auto gone = remove_tree(directory(path));
    if (gone && std::count(path.begin(), path.end(), '/') <= 1) {
      const std::string parent = parent_path(path);
      if (!parent.empty()) ::rmdir(directory(parent).c_str());
      ::rmdir(root_.c_str());
    }
    return gone;
  }

  std::vector<std::string> children(const std::string& path) override {
    return check_container_path(path) ? cgroup_children(directory(path))
                                      : std::vector<std::string>{};
  }

 private:
  std::string directory(const std::string& path) const { return root_ + "/" + path; }

  std::vector<ProcessInfo> find(const std::string& path) const {
    Records records;
    read_records(directory(path), &records);
    return find_members(records, marker(path), &foreign_);
  }

  /// One short append, so that several processes may enter at once.
  Result<void> record(const char* kind, const std::string& path, int pid) {
    if (auto named = check_container_path(path); !named) return named;
    if (!path_exists(directory(path))) {
      return fail(Code::not_found, "enter " + path + ": no such container");
    }
    const auto info = process_info(pid);
    if (!info)
      return fail(Code::not_found, "enter " + path + ": no process " + std::to_string(pid));
    auto file = open_append(directory(path) + "/members", 0600);
    if (!file) return Failure(file.error());
    const std::string line = std::string(kind) + " " + this_boot() + " " + std::to_string(pid) +
                             " " + std::to_string(info->start_ticks) + "\n";
    return write_all(file->get(), "members", line);
  }

  /// Binds to the CPUs of the nearest container that names some.
  Result<void> bind(const std::string& path, int pid) const {
    for (std::string level = path; !level.empty(); level = parent_path(level)) {
      const auto cpus = read_value(directory(level) + "/cpus");
      if (!cpus) continue;
      const auto wanted = Bitset::from_ranges(*cpus, CPU_SETSIZE);
      if (!wanted) return Failure(wanted.error().with_context("cpus of " + level));
      cpu_set_t set;
      CPU_ZERO(&set);
      wanted->for_each([&set](std::size_t cpu) { CPU_SET(cpu, &set); });
      if (::sched_setaffinity(pid, sizeof(set), &set) == 0) return {};
      return Failure(system_error("bind to cpus " + quoted(*cpus, 60), errno));
    }
    return {};
  }

  /// Stops what is found until a look finds nothing new: then nobody is left who could fork.
  std::vector<ProcessInfo> stop_all(const std::string& path, std::vector<ProcessInfo> found) const {
    std::set<Identity> stopped;
    for (int round = 0; round < stop_rounds_max; ++round) {
      bool is_new = false;
      for (const ProcessInfo& info : found) {
        if (!stopped.insert(Identity{info.pid, info.start_ticks}).second) continue;
        is_new = true;
        static_cast<void>(signal_process(info.pid, info.start_ticks, SIGSTOP));
      }
      if (!is_new) break;
      found = find(path);
    }
    return found;
  }

  static void signal_all(const std::vector<ProcessInfo>& found, int signal) {
    for (const ProcessInfo& info : found) {
      static_cast<void>(signal_process(info.pid, info.start_ticks, signal));
    }
  }

  /// The kernel's own high-water mark of one process; shared pages count in each.
  static std::int64_t memory_peak(const std::string& status_file) {
    const auto text = read_value(status_file);
    if (!text) return 0;
    for (const auto line : split(*text, '\n')) {
      if (line.substr(0, 6) != "VmHWM:") continue;
      const auto words = split(trim(line.substr(6)), ' ');
      return parse_i64(words[0]).value_or(0) * 1024;
    }
    return 0;
  }

  std::string root_;
  std::string why_;
  std::map<std::string, std::int64_t> peaks_;
  mutable ForeignPids foreign_;  // a cache: saves looking at the processes of others
};

}  // namespace

std::unique_ptr<Containment> open_process_groups(const std::string& state_dir,
                                                 const std::string& why_not_cgroups) {
  return std::make_unique<ProcessGroups>(state_dir, why_not_cgroups);
}

}  // namespace cox::platform
