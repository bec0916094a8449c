// What keeps a job's processes together on a node: cgroup v2, cgroup v1, or process groups under
// a subreaper where neither may be used. One interface; a node says plainly which it has.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/outcome.h"

namespace cox::platform {

struct ContainerLimits {
  std::string cpus;               // OS PU indices "0-3,8"; empty: no limit
  std::string memory_nodes;       // OS NUMA indices; empty: no limit
  std::int64_t memory_bytes = 0;  // 0: no limit
};

struct ContainerUsage {
  Usage usage;
  std::uint64_t oom_kills = 0;
};

/// Paths are relative to the backend's own root: "CLUSTER/NODE/job_J.A/step_S". Processes enter
/// leaves only (a cgroup v2 rule), unless allows_inner_processes(). Containers above are made on
/// demand; removing CLUSTER/NODE also removes CLUSTER once that is empty.
/// "PATH/." are the processes that entered PATH itself, without those below: nothing is made or
/// removed for it, and it costs nothing.
/// Every call is safe to repeat; a missing container is empty, not an error, except to enter it.
class Containment {
 public:
  virtual ~Containment() = default;
  /// "cgroup v2", "cgroup v1" or "process groups: <why not cgroups>".
  virtual std::string description() const = 0;
  /// Whether processes may stand beside containers, and "PATH/." is understood.
  virtual bool allows_inner_processes() const;
  virtual Result<void> create(const std::string& path, const ContainerLimits& limits) = 0;
  /// The running process enters (called in the child, before it drops privileges).
  virtual Result<void> enter(const std::string& path, int pid) = 0;
  /// Kills every process, also frozen ones and those that fork meanwhile. Returns how many were
  /// still there after the call; call again until 0.
  virtual Result<std::uint32_t> kill_all(const std::string& path, int signal) = 0;
  virtual Result<void> freeze(const std::string& path, bool frozen) = 0;
  /// Memory that cannot be told apart from that of containers below is given as 0.
  virtual Result<ContainerUsage> usage(const std::string& path) = 0;
  /// What usage() says of memory, as far as the system has kept it: no process is looked at.
  virtual Result<ContainerUsage> memory_usage(const std::string& path);
  virtual std::vector<int> processes(const std::string& path) = 0;
  /// Removes it and what is below; refused while processes are left.
  virtual Result<void> remove(const std::string& path) = 0;
  /// Containers directly below `path`, for clean-up after a crash.
  virtual std::vector<std::string> children(const std::string& path) = 0;

  /// NAME=VALUE that tasks of `path` must carry in their environment, so that process groups find
  /// those that left their session and lost their parents. Empty where the kernel keeps the set.
  virtual std::string marker(const std::string& path) const;
  /// Whatever descends from process `pid`, not itself, belongs to `path`: a supervisor that is a
  /// subreaper gets its orphans back. Cgroups need no such word.
  virtual Result<void> set_supervisor(const std::string& path, int pid);
};

/// The best backend this process may use, found by making and removing a container. `root`: where
/// cgroup file systems are mounted
/// ("/sys/fs/cgroup", or a recorded tree in tests). `state_dir` holds the process-group backend's
/// records, so that a later daemon finds the groups again.
std::unique_ptr<Containment> open_containment(const std::string& root,
                                              const std::string& state_dir);
/// The backend that another process of this node opened and described so; nothing is probed, so
/// that a supervisor starts fast.
std::unique_ptr<Containment> open_known_containment(const std::string& root,
                                                    const std::string& state_dir,
                                                    const std::string& description);

}  // namespace cox::platform
