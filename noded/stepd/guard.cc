// Whoever a supervisor leaves becomes a child of its guard, a subreaper: so does what those leave.
// To kill children until there are none misses nobody, whatever they did to their session, their
// group and their environment.
#include "noded/stepd/guard.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "platform/children.h"

namespace cox::stepd {
namespace {

constexpr time_t patience_seconds = 3;
constexpr timespec look_again{0, 1'000'000};

volatile pid_t guarded = 0;

extern "C" void pass_on(int signal) {
  ::kill(guarded, signal);
}

time_t seconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

/// How the supervisor ended, as waitpid() says it.
int await(pid_t supervisor) {
  int status = 0;
  while (::waitpid(supervisor, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// False where it ran out of patience.
bool kill_what_is_left() {
  const time_t end = seconds_now() + patience_seconds;
  while (seconds_now() <= end) {
    pid_t ended = 0;
    do {
      ended = ::waitpid(-1, nullptr, WNOHANG);
    } while (ended > 0);
    if (ended < 0 && errno == ECHILD) return true;
    for (const int child : platform::own_children()) ::kill(child, SIGKILL);
    ::nanosleep(&look_again, nullptr);
  }
  return false;
}

[[noreturn]] void end_as(int status) {
  if (WIFSIGNALED(status)) {
    const rlimit no_core{0, 0};  // the supervisor left one, if any is wanted
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(WTERMSIG(status), SIG_DFL);
    ::kill(::getpid(), WTERMSIG(status));
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

}  // namespace

pid_t fork_guarded() {
  // Before the fork: the supervisor may leave children as soon as it lives.
  if (!platform::become_subreaper()) return -1;
  return ::fork();
}

void guard(pid_t supervisor) {
  guarded = supervisor;
  for (const int signal : {SIGTERM, SIGINT}) ::signal(signal, pass_on);
  const int status = await(supervisor);
  // Its number may be another's from here on.
  for (const int signal : {SIGTERM, SIGINT}) ::signal(signal, SIG_IGN);
  if (!kill_what_is_left()) ::_exit(1);  // the daemon looks for what comes to it then
  end_as(status);
}

}  // namespace cox::stepd
