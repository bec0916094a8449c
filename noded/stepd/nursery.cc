// One thread, no loop, no lock: what is here at a fork is what a newborn supervisor starts with.
#include "noded/stepd/nursery.h"

#include <linux/prctl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "model/ids.h"
#include "noded/stepd/guard.h"
#include "platform/hand_over.h"
#include "platform/log_line.h"
#include "wire/sodium_ready.h"

namespace cox::stepd {
namespace {

constexpr int control = 3;
constexpr const char* guard_title = "guard of ";

// As fork(), but a child of our parent: the daemon reaps it and learns how it ended. The C library
// caches a thread's id; the kernel writes the new one where it has been told that this cache is.
pid_t fork_sibling() {
  int* cached_id = nullptr;
  const bool is_known = ::prctl(PR_GET_TID_ADDRESS, &cached_id, 0, 0, 0) == 0 && cached_id;
  const unsigned long flags =
      CLONE_PARENT | SIGCHLD | (is_known ? CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID : 0UL);
  return static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, cached_id, nullptr));
}

void show_title(const std::string& title, char* begin, char* end) {
  std::fill(begin, end, '\0');
  const auto room = static_cast<std::size_t>(end - begin);
  title.copy(begin, room == 0 ? 0 : room - 1);
}

// error: the number of what failed
int take_descriptors(const platform::Handed& order) {
  if (::dup2(order.descriptors[0].get(), control) < 0) return errno;
  return ::dup2(order.descriptors[1].get(), STDERR_FILENO) < 0 ? errno : 0;
}

/// With errno, where there is no pid.
void answer(pid_t pid, pid_t guard) {
  const Birth birth{std::max(pid, 0), guard, pid < 0 ? errno : 0};
  const std::string_view bytes(reinterpret_cast<const char*>(&birth), sizeof birth);
  // A daemon that is gone by now is noticed at the next order.
  static_cast<void>(platform::hand_over(control, bytes, {}));
}

/// Returns in the supervisor. Its guard keeps the end of the pair open: the daemon sees that the
/// link has ended when whatever the supervisor left has ended too.
void put_guard_before(const platform::Handed& order, char* room_begin, char* room_end) {
  const pid_t supervisor = fork_guarded();
  if (supervisor == 0) return;
  answer(supervisor, ::getpid());
  if (supervisor < 0) ::_exit(1);
  if (take_descriptors(order) != 0) ::_exit(1);
  ::setpgid(0, 0);
  show_title(guard_title + title_of(order.bytes), room_begin, room_end);
  guard(supervisor);
}

}  // namespace

std::string title_of(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  const std::string digits = dot == std::string::npos ? "" : path.substr(dot + 1);
  for (const StepId step : {step_batch, step_alloc}) {
    if (digits == std::to_string(step.value)) return path.substr(0, dot + 1) + step_name(step);
  }
  return path;
}

std::optional<std::string> serve_nursery(bool is_guarded, char* room_begin, char* room_end) {
  // It asks the processor what it can do, which traps in virtual machines: once for all newborn.
  wire::ready_sodium();
  while (true) {
    auto order = platform::take_over(control, birth_path_max);
    if (order && order->bytes.empty()) return std::nullopt;
    if (!order || order->descriptors.size() != 2) {
      platform::write_log_line(STDERR_FILENO, "error", 0,
                               "nursery of supervisors: " + (order ? "an order without its sockets"
                                                                   : order.error().message));
      return std::nullopt;
    }
    const pid_t pid = fork_sibling();
    if (pid != 0) {
      if (!is_guarded || pid < 0) answer(pid, 0);  // else the guard does
      continue;
    }
    if (is_guarded) put_guard_before(*order, room_begin, room_end);
    if (take_descriptors(*order) != 0) ::_exit(1);
    // A session of its own would cost a scheduling group; the nursery's has no terminal either.
    ::setpgid(0, 0);
    show_title(title_of(order->bytes), room_begin, room_end);
    return std::move(order->bytes);
  }
}

}  // namespace cox::stepd
