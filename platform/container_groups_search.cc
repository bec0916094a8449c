// One look at all processes, and sign by sign over what it showed.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <optional>

#include "common/text.h"
#include "platform/container_backends.h"
#include "platform/container_groups.h"
#include "platform/file.h"
#include "platform/short_wait.h"

namespace cox::platform {
namespace {

constexpr std::size_t environment_bytes_max = 8U << 20;
constexpr Duration exec_wait_max = milliseconds(50);  // in one look, for all in the middle of exec
constexpr int init = 1;            // never ours; it may have no environment at all
constexpr int kernel_threads = 2;  // the parent of all of them

bool is_dead(const ProcessInfo& info) {
  return info.state == 'Z' || info.state == 'X';
}

std::string proc_file(int pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

/// The effective user, also of a process that is in the middle of exec or not dumpable: /proc shows
/// root as the owner of its files.
std::optional<uid_t> user_of(int pid) {
  const auto text = read_value(proc_file(pid, "status"));
  if (!text) return std::nullopt;
  for (const auto line : split(*text, '\n')) {
    if (line.substr(0, 5) != "Uid:\t") continue;
    const auto ids = split(line.substr(5), '\t');
    const auto id = ids.size() > 1 ? parse_u64(ids[1]) : std::nullopt;
    if (id) return static_cast<uid_t>(*id);
  }
  return std::nullopt;
}

/// Processes that may be ours: an ordinary user's are their own, root's are everyone's.
std::vector<int> candidates(ForeignPids* foreign) {
  std::vector<int> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  if (!proc) return pids;
  const uid_t own = ::geteuid();
  while (const dirent* entry = ::readdir(proc.get())) {
    const auto number = parse_u64(entry->d_name);
    if (!number) continue;
    const int pid = static_cast<int>(*number);
    if (own != 0) {
      struct stat status {};

      if (foreign->contains(pid)) continue;
      if (::fstatat(::dirfd(proc.get()), entry->d_name, &status, 0) != 0) continue;
      if (status.st_uid != own && user_of(pid) != own) {
        foreign->insert(pid);
        continue;
      }
    }
    pids.push_back(pid);
  }
  return pids;
}

/// Whether an environment holds `marker` itself or that of a container below it.
bool has_marker(std::string_view environment, const std::string& marker) {
  for (const auto entry : split(environment, '\0')) {
    if (entry.substr(0, marker.size()) != marker) continue;
    const auto rest = entry.substr(marker.size());
    if (rest.empty() || rest[0] == '/') return true;
  }
  return false;
}

/// In the middle of exec a process has no environment yet: its end, field 51 of stat, is 0.
bool is_in_exec(int pid) {
  const auto text = read_value(proc_file(pid, "stat"));
  if (!text || text->rfind(')') == std::string::npos) return false;
  const auto fields = split(trim(text->substr(text->rfind(')') + 1)), ' ');
  constexpr std::size_t environment_end = 51 - 3;  // the first after the name is the third
  return fields.size() > environment_end && fields[environment_end] == "0";
}

/// A process in the middle of exec shows an empty environment or none: it is given time to get on.
bool carries(int pid, const std::string& marker, ShortWait* wait) {
  while (true) {
    const auto bytes = read_file(proc_file(pid, "environ"), environment_bytes_max);
    if (bytes && !bytes->empty()) return has_marker(*bytes, marker);
    if (!bytes && bytes.error().code != Code::not_permitted) return false;
    if (!is_in_exec(pid) || !wait->go_on()) return false;
  }
}

class Search {
 public:
  Search(const Records& records, const std::string& marker, ForeignPids* foreign)
      : records_(records), marker_(marker) {
    for (const int pid : candidates(foreign)) {
      if (const auto info = process_info(pid)) processes_.emplace(pid, *info);
    }
  }

  std::vector<ProcessInfo> members() {
    std::vector<ProcessInfo> out;
    for (const auto& [pid, info] : processes_) {
      if (pid != ::getpid() && !is_dead(info) && belongs(info)) out.push_back(info);
    }
    return out;
  }

 private:
  bool belongs(const ProcessInfo& info) {
    const auto known = answers_.find(info.pid);
    if (known != answers_.end()) return known->second;
    answers_[info.pid] = false;  // against a cycle of parents, which a racing look might show
    const bool answer = is_recorded(info) || is_led(info.session) || is_led(info.group) ||
                        has_parent_here(info) || is_marked(info);
    answers_[info.pid] = answer;
    return answer;
  }

  bool is_recorded(const ProcessInfo& info) const {
    return records_.members.contains(Identity{info.pid, info.start_ticks});
  }

  /// A leader's pid stays taken as long as its session or group has a process, so that the number
  /// means ours unless another process has that pid now.
  bool is_led(int leader) const {
    const auto recorded = records_.members.lower_bound(Identity{leader, 0});
    if (recorded == records_.members.end() || recorded->pid != leader) return false;
    const auto living = processes_.find(leader);
    return living == processes_.end() || is_recorded(living->second);
  }

  bool has_parent_here(const ProcessInfo& info) {
    const auto parent = processes_.find(info.parent);
    if (parent == processes_.end()) return false;
    const Identity identity{parent->second.pid, parent->second.start_ticks};
    return records_.supervisors.contains(identity) || belongs(parent->second);
  }

  bool is_marked(const ProcessInfo& info) {
    return info.pid != init && info.pid != kernel_threads && info.parent != kernel_threads &&
           !is_dead(info) && carries(info.pid, marker_, &exec_wait_);
  }

  const Records& records_;
  const std::string& marker_;
  std::map<int, ProcessInfo> processes_;
  std::map<int, bool> answers_;
  ShortWait exec_wait_{exec_wait_max};
};

}  // namespace

void ForeignPids::forget_old() {
  const auto now = std::chrono::steady_clock::now();
  if (now - since_ < std::chrono::seconds(1)) return;
  pids_.clear();
  since_ = now;
}

std::vector<ProcessInfo> find_members(const Records& records,
                                      const std::string& marker,
                                      ForeignPids* foreign) {
  foreign->forget_old();
  return Search(records, marker, foreign).members();
}

}  // namespace cox::platform
