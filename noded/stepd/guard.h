// The guard of a supervisor, where no cgroup holds its tasks together: the process that its orphans
// come to when it dies, whether the node daemon that had it forked still lives or not.
#pragma once

#include <sys/types.h>

namespace cox::stepd {

/// Makes this process, just forked by the nursery, a guard and forks the supervisor: its pid in the
/// guard, 0 in the supervisor, -1 with errno where that cannot be done.
pid_t fork_guarded();

/// What the guard does then: waits until the supervisor has ended, kills whatever it left, and ends
/// as it ended. What SIGKILL does not end within seconds is left to the daemon, with exit status 1.
/// Passes SIGTERM and SIGINT on.
[[noreturn]] void guard(pid_t supervisor);

}  // namespace cox::stepd
