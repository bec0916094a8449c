// posix_spawn with exact descriptors, and /proc/PID/stat.
#include "platform/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include "common/text.h"
#include "platform/file.h"

namespace cox::platform {
namespace {

/// What posix_spawn is told, freed in any case.
struct Actions {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};

  Actions() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
  }

  ~Actions() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }

  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

/// Sources are first copied above every target, so that no dup2 overwrites a later source.
Result<std::vector<Descriptor>> set_descriptors(const SpawnRequest& request, Actions* actions) {
  const int last =
      std::max(2, request.descriptors.empty() ? 2 : request.descriptors.rbegin()->first);
  std::vector<Descriptor> copies;
  for (int target = 0; target <= last; ++target) {
    const auto found = request.descriptors.find(target);
    if (found != request.descriptors.end()) {
      Descriptor copy(::fcntl(found->second, F_DUPFD_CLOEXEC, last + 1));
      if (!copy.is_open()) {
        return Failure(
            system_error("hand descriptor " + std::to_string(found->second) + " on", errno));
      }
      ::posix_spawn_file_actions_adddup2(&actions->files, copy.get(), target);
      copies.push_back(std::move(copy));
    } else if (target <= 2) {
      const int flags = target == 0 ? O_RDONLY : O_WRONLY;
      ::posix_spawn_file_actions_addopen(&actions->files, target, "/dev/null", flags, 0);
    } else {
      ::posix_spawn_file_actions_addclose(&actions->files, target);
    }
  }
  ::posix_spawn_file_actions_addclosefrom_np(&actions->files, last + 1);
  return copies;
}

void set_attributes(const SpawnRequest& request, Actions* actions) {
  sigset_t none{};
  sigset_t all{};
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&actions->attributes, &none);
  ::posix_spawnattr_setsigdefault(&actions->attributes, &all);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (request.new_session) flags |= POSIX_SPAWN_SETSID;
  if (request.new_group && !request.new_session) flags |= POSIX_SPAWN_SETPGROUP;
  ::posix_spawnattr_setflags(&actions->attributes, static_cast<short>(flags));
}

std::int64_t ticks_to_us(std::uint64_t ticks) {
  static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return static_cast<std::int64_t>(ticks * 1'000'000 / per_second);
}

/// The command's name in brackets may hold anything, brackets too: fields count from the last one.
std::optional<ProcessInfo> parse_stat(int pid, std::string_view text) {
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string_view::npos || bracket + 2 >= text.size()) return std::nullopt;
  const auto fields = split(trim(text.substr(bracket + 2)), ' ');
  if (fields.size() < 20 || fields[0].empty()) return std::nullopt;
  const auto number = [&](std::size_t field) { return parse_u64(fields[field]).value_or(0); };
  ProcessInfo info;
  info.pid = pid;
  info.state = fields[0][0];
  info.parent = static_cast<int>(number(1));
  info.group = static_cast<int>(number(2));
  info.session = static_cast<int>(number(3));
  info.user_us = ticks_to_us(number(11));
  info.system_us = ticks_to_us(number(12));
  info.start_ticks = number(19);
  return info;
}

bool is_dead(char state) {
  return state == 'Z' || state == 'X' || state == 'x';
}

}  // namespace

Result<Spawned> spawn(const SpawnRequest& request) {
  if (request.argv.empty()) return fail(Code::bad_usage, "no command to start");
  auto program = find_program(request.program.empty() ? request.argv[0] : request.program);
  if (!program) return Failure(program.error());
  Actions actions;
  set_attributes(request, &actions);
  if (!request.directory.empty()) {
    if (::access(request.directory.c_str(), X_OK) != 0) {
      return Failure(system_error("enter " + quoted(request.directory, 200), errno));
    }
    ::posix_spawn_file_actions_addchdir_np(&actions.files, request.directory.c_str());
  }
  const auto copies = set_descriptors(request, &actions);
  if (!copies) return Failure(copies.error());

  auto argv = pointers(request.argv);
  auto environment = pointers(request.environment);
  pid_t pid = 0;
  const int why = ::posix_spawn(&pid, program->c_str(), &actions.files, &actions.attributes,
                                argv.data(), environment.data());
  if (why != 0) return Failure(system_error("start " + quoted(*program, 200), why));
  // A pidfd of a child that already ended still works, as long as nobody has waited for it.
  Spawned spawned;
  spawned.pid = pid;
  spawned.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  return spawned;
}

std::vector<std::string> current_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    out.emplace_back(*entry);
  }
  return out;
}

std::string own_program() {
  std::array<char, PATH_MAX> text{};
  const ssize_t size = ::readlink("/proc/self/exe", text.data(), text.size());
  if (size <= 0) return {};
  std::string path(text.data(), static_cast<std::size_t>(size));
  // Of one that was replaced while it runs, as by an upgrade, others of its kind are where it was.
  constexpr std::string_view gone = " (deleted)";
  if (path.ends_with(gone) && !path_exists(path)) path.resize(path.size() - gone.size());
  return path;
}

Result<std::string> find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (::access(program.c_str(), X_OK) == 0) return program;
    return Failure(system_error("start " + quoted(program, 200), errno));
  }
  const char* path = std::getenv("PATH");
  for (const auto directory : split(path != nullptr ? path : "/usr/bin:/bin", ':')) {
    if (program.empty() || directory.empty()) continue;
    std::string candidate = std::string(directory) + "/" + program;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return fail(Code::not_found, quoted(program, 200) + ": no such program in PATH");
}

int exit_code_of(int wait_status) {
  if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : 255;
}

Result<int> wait_for(pid_t pid) {
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid, &status, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return fail(Code::not_found, "process " + std::to_string(pid) + " is no child of ours");
  }
  return status;
}

std::optional<ProcessInfo> process_info(int pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
  if (!text) return std::nullopt;
  return parse_stat(pid, *text);
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  if (!proc) return out;
  while (const dirent* entry = ::readdir(proc.get())) {
    const auto pid = parse_u64(entry->d_name);
    if (!pid) continue;

    if (const auto info = process_info(static_cast<int>(*pid))) out.push_back(*info);
  }
  return out;
}

bool is_running(int pid) {
  const auto info = process_info(pid);
  return info && !is_dead(info->state);
}

Result<bool> signal_process(int pid, std::uint64_t start_ticks, int signal) {
  const Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.is_open() && errno == ESRCH) return false;
  const std::string doing = "signal process " + std::to_string(pid);
  if (!pidfd.is_open()) return Failure(system_error(doing, errno));
  // The pidfd is held while the start is compared: from here on the pid cannot be used again.
  const auto info = process_info(pid);
  if (!info || info->start_ticks != start_ticks || is_dead(info->state)) return false;
  if (::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0) return true;
  if (errno == ESRCH) return false;
  return Failure(system_error(doing, errno));
}

}  // namespace cox::platform
