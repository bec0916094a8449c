// The containers of this node: "CLUSTER/NODE/job_J.A/step_S"; under cgroup v1 the batch step is in
// "CLUSTER/NODE/job_J.A" itself. Killing and removing are repeated
// until they succeed, with waits that grow, since a killed process takes a moment to be gone.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/ids.h"
#include "noded/log.h"
#include "platform/container.h"
#include "platform/loop.h"

namespace cox::noded {

class Containers {
 public:
  /// `base`: "CLUSTER/NODE".
  Containers(platform::Loop& loop,
             const Log& log,
             std::unique_ptr<platform::Containment> containment,
             std::string base);

  std::string description() const { return containment_->description(); }

  /// False where processes are searched for, which may have left every sign behind.
  bool are_held_by_kernel() const { return containment_->marker(base_).empty(); }

  std::string path(AttemptKey key) const;
  std::string path(const StepKey& key) const;

  Result<void> make(AttemptKey key, const platform::ContainerLimits& limits);
  Result<void> make(const StepKey& key, const platform::ContainerLimits& limits);
  void set_supervisor(const StepKey& key, int pid);
  /// What runs in it; of a batch step that shares the job's container, without the other steps.
  std::vector<int> processes(const StepKey& key) const;
  /// error: the container is gone
  Result<void> enter(const StepKey& key, int pid);

  /// Everything in it stands still, those of all its steps included, or goes on.
  Result<void> freeze(AttemptKey key, bool stands);

  /// SIGKILL to everything in it, again until nothing is left, for about a second; then `survived`
  /// gets how many are left and their description, where that is asked for.
  using Survived = std::function<void(std::uint32_t processes, const std::string& why)>;
  void kill(const std::string& path, Survived survived = nullptr);

  struct Removal {
    bool done = false;
    Usage usage;
    std::uint32_t processes = 0;  // that are still there after about a second
    std::string why;              // which, and where they wait
  };

  using Removed = std::function<void(const Removal&)>;
  /// Kills what is left, then removes. A second call while one is under way is ignored.
  void remove(AttemptKey key, Removed removed);

  /// What a crash left: attempts with a container that are not in `known`.
  std::vector<AttemptKey> strays(const std::set<AttemptKey>& known) const;
  /// The node's own container; with attempts in it, it stays.
  void remove_base();

 private:
  void try_kill(const std::string& path, unsigned tries, const Survived& survived);
  std::string describe(const std::string& path) const;
  void try_remove(AttemptKey key, unsigned tries, const Removed& removed);
  bool remove_now(AttemptKey key, Removal* removal);

  platform::Loop& loop_;
  const Log& log_;
  std::unique_ptr<platform::Containment> containment_;
  std::string base_;
  std::set<AttemptKey> removing_;
};

}  // namespace cox::noded
