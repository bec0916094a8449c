// Which processes belong to a container that no cgroup holds together: the search behind
// container_groups.cc, where its four signs are listed.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "platform/process.h"

namespace cox::platform {

/// A process for ever: pids are used again, start times after a reboot too.
struct Identity {
  int pid = 0;
  std::uint64_t start_ticks = 0;
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

struct Records {
  std::set<Identity> members;
  std::set<Identity> supervisors;
};

/// Pids that were another user's a moment ago. Pids are given out in turn, so that none comes
/// back, as ours, within the second for which they are kept.
class ForeignPids {
 public:
  bool contains(int pid) const { return pids_.contains(pid); }

  void insert(int pid) { pids_.insert(pid); }

  /// To be called before each search.
  void forget_old();

 private:
  std::set<int> pids_;
  std::chrono::steady_clock::time_point since_{};
};

/// The living processes of a container, without the caller.
std::vector<ProcessInfo> find_members(const Records& records,
                                      const std::string& marker,
                                      ForeignPids* foreign);

}  // namespace cox::platform
