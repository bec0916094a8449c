// The child's way from fork to execve. Everything that can be is prepared before the fork; the
// supervisor may have threads of the MPI library by then. Without them the child borrows our memory
// until its execve (vfork): no pages are copied, and nothing it writes may matter to us.
#include "noded/stepd/launch.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <numaif.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "noded/stepd/as_user.h"
#include "noded/stepd/slurm_environment.h"
#include "platform/file.h"

namespace cox::stepd {
namespace {

constexpr int report_number = 3;                // the child's descriptor of the report pipe
constexpr std::size_t memory_nodes_max = 1024;  // of Linux
constexpr std::size_t word_bits = 8 * sizeof(unsigned long);

// As the kernel has it. The C library keeps two signals to itself and would leave them ignored
// where our parent had them so.
struct KernelSigaction {
  std::uintptr_t handler = 0;  // SIG_DFL
  unsigned long flags = 0;
  std::uintptr_t restorer = 0;
  std::uint64_t mask = 0;
};

// Pointers for execve into strings that outlive the fork.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    out.push_back(const_cast<char*>(text.c_str()));
  }
  out.push_back(nullptr);
  return out;
}

constexpr std::size_t pid_digits_max = 10;

class Child {
 public:
  Child(const StepPlan& plan,
        const TaskLaunch& launch,
        platform::Containment* containment,
        int report_fd)
      : plan_(plan),
        launch_(launch),
        containment_(containment),
        report_fd_(report_fd),
        argv_(pointers(*launch.argv)),
        environment_(pointers(launch.environment)) {}

  Result<void> prepare() {
    CPU_ZERO(&cpus_);
    if (launch_.local_task < plan_.task_cpus.size()) {
      const auto list = parse_cpu_list(plan_.task_cpus[launch_.local_task]);
      if (!list) {
        return Failure(list.error());
      }
      for (const unsigned cpu : *list) {
        CPU_SET(cpu, &cpus_);
        is_bound_ = true;
      }
    }
    return prepare_memory();
  }

  [[noreturn]] void run(pid_t parent) {
    reset_signals();
    enter_container();
    take_descriptors();
    if (::setsid() < 0 || (launch_.has_terminal && ::ioctl(0, TIOCSCTTY, 0) != 0)) {
      give_up(LaunchStage::session);
    }
    set_limits();
    take_identity();
    end_with(parent);
    if (is_bound_ && ::sched_setaffinity(0, sizeof cpus_, &cpus_) != 0) {
      give_up(LaunchStage::binding);
    }
    bind_memory();
    ::umask(static_cast<mode_t>(plan_.job.common->umask));
    if (::chdir(plan_.directory.c_str()) != 0) {
      give_up(LaunchStage::directory);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    write_pid();
    environ = environment_.data();
    ::execvpe(argv_[0], argv_.data(), environment_.data());
    give_up(LaunchStage::exec);
  }

 private:
  /// Into the digits that wait for it; other children have environments of their own.
  void write_pid() {
    const std::size_t name_size = std::strlen(task_pid_name);
    for (char* entry : environment_) {
      if (entry == nullptr || std::strncmp(entry, task_pid_name, name_size) != 0 ||
          entry[name_size] != '=') {
        continue;
      }
      char digits[pid_digits_max];
      std::size_t count = 0;
      for (pid_t rest = ::getpid(); rest > 0 && count < pid_digits_max; rest /= 10) {
        digits[count++] = static_cast<char>('0' + rest % 10);
      }
      char* to = entry + name_size + 1;
      while (count > 0) *to++ = digits[--count];
      *to = '\0';
      return;
    }
  }

  Result<void> prepare_memory() {
    if (launch_.local_task >= plan_.task_memory.size()) {
      return {};
    }
    const auto nodes = parse_cpu_list(plan_.task_memory[launch_.local_task]);
    if (!nodes) {
      return Failure(nodes.error());
    }
    for (const unsigned node : *nodes) {
      if (node < memory_nodes_max) {
        memory_[node / word_bits] |= 1UL << (node % word_bits);
        has_memory_ = true;
      }
    }
    return {};
  }

  // Where the kernel does not let us, the task runs all the same: binding_check.h will tell.
  void bind_memory() {
    if (has_memory_) {
      static_cast<void>(::set_mempolicy(MPOL_BIND, memory_.data(), memory_nodes_max));
    }
  }

  void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) {
      const KernelSigaction default_action;
      ::syscall(SYS_rt_sigaction, signal, &default_action, nullptr, sizeof default_action.mask);
    }
  }

  void enter_container() {
    if (containment_ == nullptr) {
      return;
    }
    const auto entered = containment_->enter(plan_.container, ::getpid());
    if (!entered) {
      give_up(LaunchStage::container, entered.error().message.c_str());
    }
  }

  // Ours are moved out of the way first: they may sit on the very numbers that the task gets.
  void take_descriptors() {
    const std::array wanted = {launch_.input, launch_.output, launch_.error, report_fd_,
                               launch_.pmi};
    std::array<int, 5> moved{};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      moved[i] = wanted[i] < 0 ? -1 : ::fcntl(wanted[i], F_DUPFD_CLOEXEC, 16);
      if (moved[i] < 0 && i <= static_cast<std::size_t>(report_number)) {
        give_up(LaunchStage::descriptors);
      }
    }
    for (int number = 0; number < report_number; ++number) {
      if (::dup2(moved[static_cast<std::size_t>(number)], number) < 0) {
        give_up(LaunchStage::descriptors);
      }
    }
    if (::dup3(moved[3], report_number, O_CLOEXEC) < 0) {
      give_up(LaunchStage::descriptors);
    }
    report_fd_ = report_number;
    const bool has_pmi = launch_.pmi >= 0;
    if (has_pmi && (moved[4] < 0 || ::dup2(moved[4], pmi_descriptor) < 0)) {
      give_up(LaunchStage::descriptors);
    }
    if (::close_range(has_pmi ? pmi_descriptor + 1 : report_number + 1, ~0U, 0) != 0) {
      give_up(LaunchStage::descriptors);
    }
  }

  // A limit above what this node allows becomes what it allows, as with login shells.
  void set_limits() {
    for (const ResourceLimit& limit : plan_.job.common->limits) {
      if (limit.resource < 0 || limit.resource >= static_cast<int>(RLIM_NLIMITS)) {
        continue;
      }
      const auto resource = static_cast<__rlimit_resource>(limit.resource);
      rlimit wanted{limit.soft, limit.hard};
      if (::setrlimit(resource, &wanted) == 0) {
        continue;
      }
      rlimit ours{};
      ::getrlimit(resource, &ours);
      wanted.rlim_max = std::min<rlim_t>(limit.hard, ours.rlim_max);
      wanted.rlim_cur = std::min<rlim_t>(limit.soft, wanted.rlim_max);
      ::setrlimit(resource, &wanted);
    }
  }

  void take_identity() {
    const UserIdentity& user = plan_.job.common->user;
    if (::geteuid() == 0) {
      const bool is_root = user.uid == 0 && user.gid == ::getegid();
      // The C library's own would speak to all threads of the process whose memory this is.
      if (::syscall(SYS_setgroups, user.groups.size(), user.groups.data()) != 0 && !is_root) {
        give_up(LaunchStage::identity);
      }
      if (::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0 ||
          ::syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) {
        give_up(LaunchStage::identity);
      }
    } else if (user.uid != ::geteuid()) {
      errno = EPERM;
      give_up(LaunchStage::identity);
    }
    if (user.uid != 0) {
      drop_capabilities();
    }
  }

  // The change of user has emptied the effective set; what programs would inherit goes too.
  void drop_capabilities() {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> sets{};
    if (::syscall(SYS_capset, &header, sets.data()) != 0) {
      give_up(LaunchStage::identity);
    }
  }

  // Without a container nobody would find the tasks of a killed supervisor. After the change of
  // user, which clears the setting.
  void end_with(pid_t parent) {
    if (containment_ != nullptr) {
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent) {
      ::_exit(126);
    }
  }

  [[noreturn]] void give_up(LaunchStage stage, const char* text = "") {
    LaunchReport report;
    report.number = errno;
    report.local_task = launch_.local_task;
    report.stage = stage;
    std::strncpy(report.text, text, sizeof report.text - 1);
    const bool not_found = stage == LaunchStage::exec && report.number == ENOENT;
    report.interpreter_missing =
        not_found && std::strchr(argv_[0], '/') != nullptr && ::access(argv_[0], F_OK) == 0;
    const ssize_t written = ::write(report_fd_, &report, sizeof report);
    ::_exit(written == sizeof report && not_found && report.interpreter_missing == 0 ? 127 : 126);
  }

  const StepPlan& plan_;
  const TaskLaunch& launch_;
  platform::Containment* containment_;
  int report_fd_;
  std::vector<char*> argv_;
  std::vector<char*> environment_;
  cpu_set_t cpus_{};
  bool is_bound_ = false;
  std::array<unsigned long, memory_nodes_max / word_bits> memory_{};
  bool has_memory_ = false;
};

// Threads of the MPI library might hold a lock, or change what the child reads: it gets a copy
// then.
pid_t start(Child* child, bool is_threaded) {
  const pid_t parent = ::getpid();
  char** const environment = environ;
  const pid_t pid = is_threaded ? ::fork() : ::vfork();
  if (pid == 0) {
    child->run(parent);
  }
  environ = environment;
  return pid;
}

}  // namespace

Result<pid_t> launch_task(const StepPlan& plan,
                          const TaskLaunch& launch,
                          platform::Containment* containment,
                          int report_fd,
                          bool is_threaded) {
  Child child(plan, launch, containment, report_fd);
  if (auto prepared = child.prepare(); !prepared) {
    return Failure(prepared.error());
  }
  // No handler of ours may run in the child: it would speak through the loop's descriptors.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = start(&child, is_threaded);
  const int number = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) {
    return Failure(platform::system_error("fork", number));
  }
  return pid;
}

}  // namespace cox::stepd
