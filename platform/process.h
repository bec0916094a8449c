// Starting programs without forking the caller's memory, and looking at processes by id.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "platform/descriptor.h"

namespace cox::platform {

struct SpawnRequest {
  std::string program;                   // with '/': that file; without: looked up in our PATH
  std::vector<std::string> argv;         // argv[0] included
  std::vector<std::string> environment;  // NAME=VALUE, the whole of it
  std::string directory;                 // empty: ours
  std::map<int, int> descriptors;        // child's number -> ours; 0, 1, 2 else are /dev/null
  bool new_session = false;              // setsid: outlives our terminal
  bool new_group = false;                // its own process group
};

struct Spawned {
  pid_t pid = 0;
  Descriptor pidfd;  // readable once it ended; closed on exec
};

/// Starts a program (posix_spawn: costs the same from a small and a large process). The child has
/// the descriptors named and no other, no blocked signal and no ignored one.
/// error: not_found or not_permitted names the program or the directory
Result<Spawned> spawn(const SpawnRequest& request);

/// This process's environment as SpawnRequest takes it.
std::vector<std::string> current_environment();
/// The file that runs as this process, to find the programs beside it.
std::string own_program();
/// `program` as execvp would find it; not_found otherwise.
Result<std::string> find_program(const std::string& program);

/// How a child ended: exit code, or 128 + the signal's number.
int exit_code_of(int wait_status);
/// Waits for a child; its wait status. error: not_found when it is no child of ours
Result<int> wait_for(pid_t pid);

/// What /proc/PID/stat says of a process.
struct ProcessInfo {
  int pid = 0, parent = 0, group = 0, session = 0;
  char state = '?';               // 'Z' is dead and not yet waited for
  std::uint64_t start_ticks = 0;  // with the pid: one process, also when the pid is used again
  std::int64_t user_us = 0, system_us = 0;
};

/// Nothing when there is no such process (any more).
std::optional<ProcessInfo> process_info(int pid);
/// Every process of this pid namespace that we can see.
std::vector<ProcessInfo> all_processes();
/// Whether `pid` runs; a zombie does not.
bool is_running(int pid);
/// Sends a signal to the process that had `start_ticks`, and to no later one with the same pid.
/// False when it is gone. error: not_permitted
Result<bool> signal_process(int pid, std::uint64_t start_ticks, int signal);

}  // namespace cox::platform
