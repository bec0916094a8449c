// Which child is a stranger: nobody changes into another's session. What this process starts is in
// its own session; supervisors, and tasks before they have their containers, are in a nursery's. So
// a child in any other session is what a task became, or what a program of the administrator left:
// those are noted when the program ends, and spared. (A supervisor that dies in the same
// instant may have a stray spared.) Supervisors of an earlier daemon are no children of this one.
#include "noded/orphans.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "noded/paths.h"
#include "platform/children.h"
#include "platform/process.h"

namespace cox::noded {

namespace {

constexpr Duration sweep_period = seconds(5);

}  // namespace

Orphans::Orphans(platform::Loop& loop,
                 const Log& log,
                 const AttemptNames& names,
                 Containers& containers,
                 Own own)
    : loop_(loop), log_(log), names_(names), containers_(containers), own_(std::move(own)) {}

Orphans::~Orphans() {
  loop_.cancel(sweeping_);
}

void Orphans::begin() {
  if (containers_.are_held_by_kernel()) return;
  const auto became = platform::become_subreaper();
  if (!became) log_.error(became.error().message);
  is_reaper_ = became.has_value();
  if (is_reaper_) sweeping_ = loop_.after(sweep_period, [this] { sweep(); });
}

/// Waits for those who came to us and have ended: nobody else does.
void Orphans::sweep() {
  sweeping_ = loop_.after(sweep_period, [this] { sweep(); });
  for (const int pid : platform::own_children()) {
    const auto info = platform::process_info(pid);
    if (!info || info->state != 'Z' || taken_.contains(pid)) continue;
    if (own_.is_program(pid) || own_.is_nursery(info->session)) continue;
    spared_.erase({pid, info->start_ticks});
    ::waitpid(pid, nullptr, WNOHANG);
  }
}

void Orphans::spare() {
  if (!is_reaper_) return;
  for (const int pid : platform::own_children()) {
    const auto info = platform::process_info(pid);
    if (info && is_stranger(pid)) spared_.insert({pid, info->start_ticks});
  }
}

bool Orphans::is_stranger(int pid) const {
  if (taken_.contains(pid)) return false;
  const auto info = platform::process_info(pid);
  if (!info || info->parent != ::getpid()) return false;
  if (spared_.contains({pid, info->start_ticks})) return false;
  return info->session != ::getsid(0) && !own_.is_nursery(info->session);
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
  log_.warning("step " + names_.text(step) + ": process " + std::to_string(pid) +
               " outlived its supervisor: killed");
  if (containers_.enter(step, pid)) return true;
  // The container is gone already.
  [[maybe_unused]] const auto killed = platform::signal_process(pid, info->start_ticks, SIGKILL);
  return false;
}

}  // namespace cox::noded
