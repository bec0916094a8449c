// What both cgroup backends do with the directories and files of a cgroup file system.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "common/text.h"
#include "platform/container_backends.h"
#include "platform/file.h"
#include "platform/short_wait.h"

namespace cox::platform {
namespace {

constexpr std::size_t value_bytes_max = 16U << 20;
constexpr Duration exit_wait_max = milliseconds(20);  // while killed processes leave

void read_pids(const std::string& directory, bool alone, std::vector<int>* pids) {
  const auto text = read_value(directory + "/cgroup.procs");
  if (!text) return;
  for (const auto line : split(*text, '\n')) {
    if (const auto pid = parse_u64(line)) pids->push_back(static_cast<int>(*pid));
  }
  if (alone) return;
  for (const std::string& child : cgroup_children(directory)) {
    read_pids(directory + "/" + child, false, pids);
  }
}

}  // namespace

Descriptor favor_quick_moves() {
  const Descriptor context(static_cast<int>(::syscall(SYS_fsopen, "cgroup", FSOPEN_CLOEXEC)));
  if (!context.is_open()) return {};
  const auto configure = [&context](unsigned command, const char* key, const char* value) {
    return ::syscall(SYS_fsconfig, context.get(), command, key, value, 0) == 0;
  };
  const bool made = configure(FSCONFIG_SET_FLAG, "none", nullptr) &&
                    configure(FSCONFIG_SET_STRING, "name", "coxswain") &&
                    configure(FSCONFIG_SET_FLAG, "favordynmods", nullptr) &&
                    configure(FSCONFIG_CMD_CREATE, nullptr, nullptr);
  if (!made) return {};
  return Descriptor(static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
}

Result<void> check_container_path(const std::string& path) {
  for (const auto part : split(path, '/')) {
    const bool is_name = !part.empty() && part != "." && part != ".." && part.size() <= 200 &&
                         part.find('\0') == std::string_view::npos &&
                         part.find('\n') == std::string_view::npos;
    if (!is_name) return fail(Code::bad_usage, "no container path: " + quoted(path));
  }
  return {};
}

std::string parent_path(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::optional<std::string> read_value(const std::string& file) {
  auto text = read_file(file, value_bytes_max);
  if (!text) return std::nullopt;
  return std::string(trim(*text));
}

std::int64_t read_number(const std::string& file) {
  return parse_i64(read_value(file).value_or("")).value_or(0);
}

std::int64_t read_keyed(const std::string& file, std::string_view key) {
  const auto text = read_value(file);
  if (!text) return 0;
  for (const auto line : split(*text, '\n')) {
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos && line.substr(0, space) == key) {
      return parse_i64(trim(line.substr(space + 1))).value_or(0);
    }
  }
  return 0;
}

Result<void> write_value(const std::string& file, std::string_view value, bool create) {
  const int flags = O_WRONLY | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0);
  const Descriptor fd(::open(file.c_str(), flags, 0644));
  if (!fd.is_open()) return Failure(system_error("open " + file, errno));
  // One write: the kernel takes a value as a whole or not at all.
  if (::write(fd.get(), value.data(), value.size()) >= 0) return {};
  return Failure(system_error("write " + quoted(value, 60) + " to " + file, errno));
}

bool may_have_children(const std::string& directory) {
  struct stat status {};

  // Itself by name and by its "."; each child adds its "..". Some file systems do not count.
  return ::stat(directory.c_str(), &status) == 0 && status.st_nlink != 2;
}

std::vector<std::string> cgroup_children(const std::string& directory) {
  std::vector<std::string> names;
  if (!may_have_children(directory)) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open_dir(::opendir(directory.c_str()), &::closedir);
  if (!open_dir) return names;
  while (const dirent* entry = ::readdir(open_dir.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int> cgroup_processes(const std::string& directory, bool alone) {
  std::vector<int> pids;
  read_pids(directory, alone, &pids);
  return pids;
}

void signal_each(const std::vector<int>& pids, int signal) {
  // A pid read a moment ago from the cgroup; frozen or about to die, it is not used again so soon.
  for (const int pid : pids) {
    if (pid > 0) ::kill(pid, signal);
  }
}

Result<void> remove_cgroup(const std::string& directory) {
  ShortWait wait(exit_wait_max);
  for (int turn = 0;; ++turn) {
    // Most have nothing below them: looking first would cost more than the removal.
    if (::rmdir(directory.c_str()) == 0 || errno == ENOENT) return {};
    const int why = errno;
    if (why != EBUSY && why != ENOTEMPTY) return Failure(system_error("remove " + directory, why));
    const auto children = cgroup_children(directory);
    for (const std::string& child : children) {
      if (auto gone = remove_cgroup(directory + "/" + child); !gone) return gone;
    }
    if (!children.empty() && turn == 0) continue;
    const std::size_t left = cgroup_processes(directory).size();
    if (left != 0 || !wait.go_on()) {
      return fail(Code::refused,
                  "remove " + directory + ": " + std::to_string(left) + " processes left");
    }
  }
}

}  // namespace cox::platform
