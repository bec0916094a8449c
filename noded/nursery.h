// The daemon's side of the nursery: one process that forks the supervisors of this node.
#pragma once

#include <set>
#include <string>

#include "common/result.h"
#include "noded/log.h"
#include "noded/stepd/nursery.h"
#include "platform/descriptor.h"
#include "platform/loop.h"

namespace cox::noded {

class Nursery {
 public:
  /// `program`: coxstepd. `is_guarded`: each supervisor has a guard (stepd/guard.h).
  Nursery(platform::Loop& loop, const Log& log, std::string program, bool is_guarded);

  /// Starts it, where it does not run, so that the first step need not wait for it.
  Result<void> open();
  /// Forks a supervisor that will listen at `socket_path` and has `link` to us; a nursery that died
  /// is replaced. It, or its guard, is a child of this process. error: why not
  Result<stepd::Birth> bear(const std::string& socket_path, int link);

  /// Whether a session is that of this nursery or of one before: of supervisors, never of tasks.
  bool has_session(int session) const { return pids_.contains(session); }

 private:
  Result<stepd::Birth> order(const std::string& socket_path, int link);
  void ended(int pid);

  platform::Loop& loop_;
  const Log& log_;
  std::string program_;
  bool is_guarded_;
  int pid_ = 0;
  std::set<int> pids_;  // of those before, too: their supervisors live on
  platform::Descriptor control_;
};

}  // namespace cox::noded
