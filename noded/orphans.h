// What a supervisor and its guard (stepd/guard.h), both killed, or a guard that ran out of patience
// leave where no cgroup holds it together: it comes to this process, a subreaper, whatever it did
// to its session and environment. It is put back into its step's container, which is killed.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <utility>

#include "model/ids.h"
#include "noded/attempt_names.h"
#include "noded/containers.h"
#include "noded/log.h"
#include "platform/loop.h"

namespace cox::noded {

class Orphans {
 public:
  /// What this daemon waits for by itself.
  struct Own {
    std::function<bool(int session)> is_nursery;  // a session of supervisors
    std::function<bool(int pid)> is_program;      // of the administrator, and runs
  };

  Orphans(platform::Loop& loop,
          const Log& log,
          const AttemptNames& names,
          Containers& containers,
          Own own);
  ~Orphans();
  Orphans(const Orphans&) = delete;
  Orphans& operator=(const Orphans&) = delete;

  /// Nothing where a cgroup keeps the set.
  void begin();
  /// A supervisor died: whoever is a stranger among our children was its, and is killed.
  void collect(const StepKey& step);
  /// A program of the administrator ended: whoever is a stranger now was left by it, and may stay.
  void spare();

 private:
  using Identity = std::pair<int, std::uint64_t>;  // pid, and when it began

  bool is_stranger(int pid) const;
  bool take(const StepKey& step, int pid);
  void sweep();

  platform::Loop& loop_;
  const Log& log_;
  const AttemptNames& names_;
  Containers& containers_;
  Own own_;
  bool is_reaper_ = false;
  std::set<int> taken_;  // until they are waited for
  std::set<Identity> spared_;
  platform::TimerId sweeping_ = 0;
};

}  // namespace cox::noded
