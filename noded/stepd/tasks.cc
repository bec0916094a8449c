// Reaping and killing. One wait4 loop takes tasks and orphans alike.
#include "noded/stepd/tasks.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>

#include "platform/file.h"
#include "platform/process.h"

namespace cox::stepd {
namespace {

constexpr std::int64_t kill_pause_first_us = 5'000;
constexpr std::int64_t kill_pause_max_us = 1'000'000;

std::int64_t to_us(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

// Everything below us in the tree of processes; a process may detach itself from its session, but
// not from its subreaper.
std::vector<pid_t> descendants() {
  const auto all = platform::all_processes();
  std::set<int> ours{::getpid()};
  std::vector<pid_t> found;
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& process : all) {
      if (ours.contains(process.parent) && ours.insert(process.pid).second) {
        found.push_back(process.pid);
        grew = true;
      }
    }
  }
  return found;
}

}  // namespace

Tasks::Tasks(platform::Loop& loop,
             const StepPlan& plan,
             platform::Containment* containment,
             Events events)
    : loop_(loop), plan_(plan), containment_(containment), events_(std::move(events)) {
  loop_.on_signal(SIGCHLD, [this] { reap(); });
}

Tasks::~Tasks() {
  if (report_.is_open()) {
    loop_.unwatch(report_.get());
  }
  loop_.cancel(kill_timer_);
}

Result<void> Tasks::start(std::vector<TaskLaunch> launches, bool is_threaded) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return Failure(platform::system_error("make a pipe", errno));
  }
  report_.reset(ends[0]);
  const platform::Descriptor to_report(ends[1]);
  has_started_ = true;
  program_ = launches.front().argv->front();
  for (TaskLaunch& launch : launches) {
    const auto pid = launch_task(plan_, launch, containment_, to_report.get(), is_threaded);
    if (!pid) {
      if (tasks_.empty()) {
        has_started_ = false;
      }
      kill();
      return Failure(pid.error());
    }
    tasks_.emplace(*pid, plan_.rank_of(launch.local_task));
  }
  return loop_.watch_readable(report_.get(), [this] { read_reports(); });
}

// Failures come whole, one per write; the end of the pipe says that every program runs.
void Tasks::read_reports() {
  while (report_.is_open()) {
    LaunchReport report;
    const ssize_t got = ::read(report_.get(), &report, sizeof report);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return;
    }
    if (got != sizeof report) {
      loop_.unwatch(report_.get());
      report_.reset();
      events_.all_executed();
      return;
    }
    events_.launch_failed(to_text(report, plan_, program_));
  }
}

void Tasks::reap() {
  for (;;) {
    int status = 0;
    rusage used{};
    const pid_t pid = ::wait4(-1, &status, WNOHANG, &used);
    if (pid < 0 && errno == EINTR) {
      continue;
    }
    if (pid <= 0) {
      const bool none_left = pid < 0 && errno == ECHILD;
      if (tasks_.empty() && has_started_ && !none_left && !killing_) {
        kill();
      }
      if (tasks_.empty() && none_left && !gone_ && has_started_) {
        gone_ = true;
        loop_.cancel(kill_timer_);
        events_.all_gone();
      }
      return;
    }
    record(pid, status,
           Usage{to_us(used.ru_utime), to_us(used.ru_stime),
                 static_cast<std::int64_t>(used.ru_maxrss) * 1024});
  }
}

void Tasks::record(pid_t pid, int status, const Usage& usage) {
  usage_ = combined(usage_, usage);
  const auto task = tasks_.find(pid);
  if (task == tasks_.end()) {
    return;
  }
  read_reports();
  TaskEnd end;
  end.task = task->second;
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end.ended_by_us = ending_;
  tasks_.erase(task);
  events_.task_ended(end);
}

void Tasks::signal_alone(int signal) {
  for (const auto& [pid, rank] : tasks_) {
    ::kill(pid, signal);
  }
}

void Tasks::signal(int signal) {
  for (const auto& [pid, rank] : tasks_) {
    if (::kill(-pid, signal) != 0) {
      ::kill(pid, signal);  // it has not made its session yet
    }
  }
}

std::vector<pid_t> Tasks::processes() const {
  std::vector<pid_t> all = descendants();
  if (containment_ != nullptr) {
    const auto contained = containment_->processes(plan_.container);
    all.insert(all.end(), contained.begin(), contained.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

void Tasks::signal_everything(int signal) {
  for (const pid_t pid : processes()) {
    ::kill(pid, signal);
  }
}

void Tasks::terminate() {
  ending_ = true;
  if (!has_started_ || gone_) {
    return;
  }
  signal_everything(SIGTERM);
  signal_everything(SIGCONT);
}

void Tasks::kill() {
  ending_ = true;
  if (gone_ || killing_) {
    return;
  }
  killing_ = true;
  kill_pause_us_ = kill_pause_first_us;
  keep_killing();
}

// Until the kernel says that no child is left. A process in an uninterruptible wait holds us here
// as long as it holds itself.
void Tasks::keep_killing() {
  if (gone_) {
    return;
  }
  if (containment_ != nullptr) {
    static_cast<void>(containment_->kill_all(plan_.container, SIGKILL));
  }
  signal_everything(SIGKILL);
  kill_timer_ = loop_.after(Duration{kill_pause_us_}, [this] {
    reap();
    keep_killing();
  });
  kill_pause_us_ = std::min(kill_pause_us_ * 2, kill_pause_max_us);
}

}  // namespace cox::stepd
