// What a killed supervisor leaves, where no cgroup holds it together: its tasks come to this
// process, a subreaper, whatever they did to their session and environment. They are put back into
// their step's container, which is killed.
#pragma once

#include <functional>
#include <set>

#include "model/ids.h"
#include "noded/containers.h"
#include "noded/log.h"
#include "platform/loop.h"

namespace cox::noded {

class Orphans {
 public:
  /// `is_nursery`: whether a session is that of supervisors.
  Orphans(platform::Loop& loop,
          const Log& log,
          Containers& containers,
          std::function<bool(int session)> is_nursery);

  /// Nothing where a cgroup keeps the set.
  void begin();
  /// A supervisor died: whoever is a stranger among our children was its, and is killed.
  void collect(const StepKey& step);

 private:
  bool is_stranger(int pid) const;
  bool take(const StepKey& step, int pid);

  platform::Loop& loop_;
  const Log& log_;
  Containers& containers_;
  std::function<bool(int)> is_nursery_;
  bool is_reaper_ = false;
  std::set<int> taken_;  // until they are waited for
};

}  // namespace cox::noded
