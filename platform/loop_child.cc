// The end of a child process, through a pidfd: no SIGCHLD, and nobody else's children are reaped.
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "platform/file.h"
#include "platform/loop_core.h"

namespace cox::platform {
namespace {

std::int64_t us_of(const timeval& time) {
  return time.tv_sec * 1'000'000 + time.tv_usec;
}

ChildExit child_exit(int status, const rusage& used) {
  ChildExit result;
  if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
  } else {
    result.exit_code = WEXITSTATUS(status);
  }
  result.user_us = us_of(used.ru_utime);
  result.system_us = us_of(used.ru_stime);
  result.max_rss_bytes = used.ru_maxrss * 1024;
  return result;
}

class ChildWatch : public Pollable, public std::enable_shared_from_this<ChildWatch> {
 public:
  ChildWatch(int pid, std::unique_ptr<Waiter> waiter, std::function<void(const ChildExit&)> work)
      : pid_(pid), waiter_(std::move(waiter)), work_(std::move(work)) {}

  void start() { waiter_->wait_readable(shared_from_this()); }

  void on_readable() override {
    int status = 0;
    rusage used{};
    const pid_t reaped = ::wait4(pid_, &status, WNOHANG, &used);
    if (reaped == 0) return start();
    waiter_->close();
    // Reaped by somebody else against the rules: how it ended is lost, that it ended is not.
    if (reaped < 0) status = 0xFF00;
    work_(child_exit(status, used));
  }

 private:
  int pid_;
  std::unique_ptr<Waiter> waiter_;
  std::function<void(const ChildExit&)> work_;
};

}  // namespace

Result<void> watch_child(LoopCore& loop, int pid, std::function<void(const ChildExit&)> work) {
  const auto doing = "watch process " + std::to_string(pid);
  Descriptor fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd.is_open()) return Failure(system_error(doing, errno));
  siginfo_t info{};
  const auto id = static_cast<id_t>(pid);
  if (::waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return fail(Code::not_found, doing + ": no child of ours");
  }
  auto waiter = loop.attach(fd.get());
  if (!waiter) return Failure(waiter.error());
  fd.release();
  std::make_shared<ChildWatch>(pid, *std::move(waiter), std::move(work))->start();
  return {};
}

}  // namespace cox::platform
