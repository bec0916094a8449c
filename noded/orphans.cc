// Which child is a stranger, by a rule of the kernel: nobody changes into another's session. What
// this process starts, programs of the administrator too, is in its own session. Supervisors, and
// tasks before they have their containers, are in a nursery's. So a child in any other session is
// what a task became. Supervisors of an earlier daemon are no children of this one.
#include "noded/orphans.h"

#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "noded/paths.h"
#include "platform/children.h"
#include "platform/process.h"

namespace cox::noded {

Orphans::Orphans(platform::Loop& loop,
                 const Log& log,
                 Containers& containers,
                 std::function<bool(int)> is_nursery)
    : loop_(loop), log_(log), containers_(containers), is_nursery_(std::move(is_nursery)) {}

void Orphans::begin() {
  if (containers_.are_held_by_kernel()) return;
  const auto became = platform::become_subreaper();
  if (!became) log_.error(became.error().message);
  is_reaper_ = became.has_value();
}

bool Orphans::is_stranger(int pid) const {
  if (taken_.contains(pid)) return false;
  const auto info = platform::process_info(pid);
  if (!info || info->parent != ::getpid()) return false;
  return info->session != ::getsid(0) && !is_nursery_(info->session);
}

void Orphans::collect(const StepKey& step) {
  if (!is_reaper_) return;
  bool is_any = false;
  for (const int pid : platform::own_children()) {
    if (is_stranger(pid)) is_any |= take(step, pid);
  }
  if (is_any) containers_.kill(containers_.path(step));
}

/// False where it is dead already. Its own children come to us when it ends.
bool Orphans::take(const StepKey& step, int pid) {
  const auto info = platform::process_info(pid);
  const auto watched = loop_.on_child_exit(pid, [this, step, pid](const platform::ChildExit&) {
    taken_.erase(pid);
    collect(step);
  });
  if (!watched) return false;
  taken_.insert(pid);
  if (!info || !platform::is_running(pid)) return false;
  log_.warning("step " + key_text(step) + ": process " + std::to_string(pid) +
               " outlived its supervisor: killed");
  if (containers_.enter(step, pid)) return true;
  // The container is gone already.
  [[maybe_unused]] const auto killed = platform::signal_process(pid, info->start_ticks, SIGKILL);
  return false;
}

}  // namespace cox::noded
