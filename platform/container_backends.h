// The three backends by name, for container.cc and the tests, and what the two cgroup ones share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/container.h"
#include "platform/descriptor.h"

namespace cox::platform {

/// cgroup v2 mounted at `mount`. On a directory that is no cgroup file system (a recorded tree)
/// files are made when written, as the kernel would have made them.
std::unique_ptr<Containment> open_cgroup_v2(const std::string& mount, Descriptor quick_moves = {});
/// cgroup v1 with one directory per controller below `root`: cpuset, memory, freezer, cpuacct.
std::unique_ptr<Containment> open_cgroup_v1(const std::string& root, Descriptor quick_moves = {});
std::unique_ptr<Containment> open_process_groups(const std::string& state_dir,
                                                 const std::string& why_not_cgroups);

/// What a backend needs and `root` does not have; nothing when it may be tried.
std::optional<std::string> cgroup_v1_lacks(const std::string& root);
std::optional<std::string> cgroup_v2_lacks(const std::string& mount);

/// Moving a process into a cgroup waits for an RCU grace period, 10 to 20 ms, unless some hierarchy
/// on the system is mounted with favordynmods; then it takes 30 µs, and a fork a few µs more. The
/// descriptor is such a hierarchy, without controllers and nowhere visible; it goes when closed.
/// Not open where the kernel or our rights do not allow it.
Descriptor favor_quick_moves();

// Helpers over directories of a cgroup file system.

/// Every container is below this directory.
constexpr const char* own_root = "coxswain";
/// A parent may be removed by another node's clean-up meanwhile.
constexpr int make_tries_max = 16;

/// "a/b/c" without empty, "." or ".." parts. error: bad_usage
Result<void> check_container_path(const std::string& path);
std::string parent_path(const std::string& path);
std::optional<std::string> read_value(const std::string& file);
std::int64_t read_number(const std::string& file);
/// The number beside `key` in a file of "key value" lines; 0 when there is none.
std::int64_t read_keyed(const std::string& file, std::string_view key);
Result<void> write_value(const std::string& file, std::string_view value, bool create = false);
/// False where the link count of `directory` says so, which is cheaper than to look.
bool may_have_children(const std::string& directory);
/// Sub-directories; a missing directory has none.
std::vector<std::string> cgroup_children(const std::string& directory);
/// Process ids in `directory` and below, or in it alone.
std::vector<int> cgroup_processes(const std::string& directory, bool alone = false);
/// Sends `signal` to each; those that are gone are left out.
void signal_each(const std::vector<int>& pids, int signal);
/// Removes a cgroup and what is below it; exiting processes are waited out for a moment.
Result<void> remove_cgroup(const std::string& directory);

}  // namespace cox::platform
