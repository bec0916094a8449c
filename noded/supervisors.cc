// A child is gone when its process was reaped and its link was read to the end: a result that it
// wrote last must not be overtaken by its exit.
#include "noded/supervisors.h"

#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

#include "common/text.h"
#include "noded/translate.h"
#include "platform/descriptor.h"
#include "platform/file.h"
#include "platform/process.h"
#include "platform/socket.h"

namespace cox::noded {
namespace {

constexpr Duration adoption_time_out = seconds(5);
constexpr Duration guard_look_period = milliseconds(10);
constexpr std::uint32_t guard_looks_max = 600;  // longer than a guard's patience

std::string exit_text(const platform::ChildExit& exit) {
  if (exit.signal != 0) return "killed by signal " + std::to_string(exit.signal);
  return "exited with " + std::to_string(exit.exit_code);
}

/// 0: it is gone.
std::uint64_t start_ticks_of(int pid) {
  const auto info = platform::process_info(pid);
  return info ? info->start_ticks : 0;
}

/// The parent, where it is a guard: in the session of a nursery, which has no other children. Else
/// 0.
int guard_of(int supervisor) {
  const auto own = platform::process_info(supervisor);
  const auto parent = own ? platform::process_info(own->parent) : std::nullopt;
  return parent && parent->session == own->session ? own->parent : 0;
}

/// A socket that a supervisor was just putting in place when it was killed: ".PID.NAME".
void remove_half_made(const std::string& directory, const std::string& name) {
  const std::size_t dot = name.find('.', 1);
  if (!name.starts_with('.') || dot == std::string::npos) return;
  const auto pid = parse_u64(name.substr(1, dot - 1));
  if (!pid || *pid > INT_MAX || platform::is_running(static_cast<int>(*pid))) return;
  [[maybe_unused]] const auto removed = platform::remove_path(directory + "/" + name);
}

}  // namespace

Supervisors::Supervisors(platform::Loop& loop,
                         const Log& log,
                         const AttemptNames& names,
                         const Paths& paths,
                         std::string program,
                         bool is_guarded,
                         SupervisorEvents events)
    : loop_(loop),
      log_(log),
      names_(names),
      paths_(paths),
      nursery_(loop, log, std::move(program), is_guarded),
      events_(std::move(events)) {}

void Supervisors::prepare() {
  const auto opened = nursery_.open();
  if (!opened) log_.error("nursery of supervisors: " + opened.error().message);
}

Result<int> Supervisors::spawn(const StepKey& key, const std::string& start) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return tl::unexpected(platform::system_error("socketpair", errno));
  }
  platform::Descriptor ours(ends[0]);
  const platform::Descriptor theirs(ends[1]);
  const auto born = nursery_.bear(paths_.step_socket(key), theirs.get());
  if (!born) return tl::unexpected(born.error());
  const int pid = born->pid;
  auto link = link::adopt(loop_, ours.release());
  One& one = all_[key];
  one = One{};
  one.pid = pid;
  one.start_ticks = start_ticks_of(pid);
  one.is_child = true;
  const auto watched = watch(key, born->guard != 0 ? born->guard : pid);
  if (!link || !watched) {
    // It sees the end of its socket and exits.
    all_.erase(key);
    return tl::unexpected(link ? watched.error() : link.error());
  }
  listen_to(key, std::move(*link));
  all_.at(key).link->send(start);
  return pid;
}

Result<void> Supervisors::watch(const StepKey& key, int pid) {
  return loop_.on_child_exit(pid, [this, key, pid](const platform::ChildExit& exit) {
    const auto it = all_.find(key);
    const bool is_guard = it != all_.end() && it->second.pid != pid;
    // Somebody killed the guard: the supervisor goes on, or has just ended as well, and is our
    // child instead. One that its guard waited for is nobody's.
    if (is_guard && watch(key, it->second.pid)) return;
    child_exited(key, exit);
  });
}

void Supervisors::listen_to(const StepKey& key, std::shared_ptr<link::Link> link) {
  link::Link& end = *link;
  all_[key].link = std::move(link);
  end.on_closed([this, key](const Error&) { link_closed(key); });
  end.on_frames([this, key](std::vector<std::string> frames) { frames_came(key, frames); });
}

void Supervisors::send(const StepKey& key, const std::string& message) {
  const auto it = all_.find(key);
  if (it != all_.end() && it->second.link && !it->second.is_closed) it->second.link->send(message);
}

void Supervisors::send_attempt(AttemptKey attempt,
                               const std::string& message,
                               std::uint32_t protocol) {
  const StepKey first{attempt.job, attempt.attempt, StepId{0}};
  for (auto it = all_.lower_bound(first); it != all_.end(); ++it) {
    if (it->first.job != attempt.job || it->first.attempt != attempt.attempt) break;
    const One& one = it->second;
    if (one.link && one.link->peer().protocol >= protocol) send(it->first, message);
  }
}

void Supervisors::send_all(const std::string& message, std::uint32_t protocol) {
  for (const auto& [key, one] : all_) {
    if (one.link && !one.is_closed && one.link->peer().protocol >= protocol) {
      one.link->send(message);
    }
  }
}

void Supervisors::kill(const StepKey& key) {
  const auto it = all_.find(key);
  if (it == all_.end() || it->second.is_exited || it->second.pid <= 0) return;
  log_.warning("supervisor of step " + names_.text(key) + " does not end: killed");
  // While its guard still cleans up, the number may be another process's already.
  const auto killed = platform::signal_process(it->second.pid, it->second.start_ticks, SIGKILL);
  if (!killed) log_.error("supervisor of step " + names_.text(key) + ": " + killed.error().message);
}

void Supervisors::frames_came(const StepKey& key, const std::vector<std::string>& frames) {
  for (const std::string& frame : frames) {
    auto status = receive_status(frame);
    if (!status || status->step != key) {
      log_.error("supervisor of step " + names_.text(key) + ": " +
                 (status ? "speaks of step " + names_.text(status->step) : status.error().message));
      continue;
    }
    if (status->endpoint.empty()) status->endpoint = paths_.step_socket(key);
    events_.status(std::move(*status));
  }
  const auto it = all_.find(key);
  if (it != all_.end()) adoption_answered(std::exchange(it->second.adoption, nullptr));
}

void Supervisors::child_exited(const StepKey& key, const platform::ChildExit& exit) {
  if (exit.signal != 0 || exit.exit_code != 0) events_.died(key);
  const auto it = all_.find(key);
  if (it == all_.end()) return;
  it->second.is_exited = true;
  it->second.why = exit_text(exit);
  if (it->second.is_closed) drop(key);
}

void Supervisors::link_closed(const StepKey& key) {
  const auto it = all_.find(key);
  if (it == all_.end()) return;
  it->second.is_closed = true;
  if (!it->second.is_child) {
    it->second.why = "its connection ended";
    return await_guard(key, guard_looks_max);
  }
  if (it->second.is_exited) drop(key);
}

/// Cores are free when what a killed supervisor left has ended.
void Supervisors::await_guard(const StepKey& key, std::uint32_t looks_left) {
  const auto it = all_.find(key);
  if (it == all_.end()) return;
  const int guard = it->second.guard;
  if (guard == 0 || looks_left == 0 || !platform::is_running(guard)) return drop(key);
  loop_.after(guard_look_period, [this, key, looks_left] { await_guard(key, looks_left - 1); });
}

void Supervisors::drop(const StepKey& key) {
  const One& one = all_.at(key);
  // One that was killed could not remove its socket, nor the one it was just putting in place.
  if (one.is_exited || !platform::is_running(one.pid)) {
    const std::string socket = paths_.step_socket(key);
    for (const std::string& path : {socket, platform::fresh_socket_path(socket, one.pid)}) {
      [[maybe_unused]] const auto removed = platform::remove_path(path);
    }
  }
  agent::SupervisorGone gone{key, one.why, true};
  auto adoption = std::move(all_.at(key).adoption);
  // Not from within the link's own callback.
  retired_.push_back(std::move(all_.at(key).link));
  loop_.post([this] { retired_.clear(); });
  all_.erase(key);
  events_.gone(std::move(gone));
  adoption_answered(std::move(adoption));
}

std::set<StepKey> Supervisors::alive() const {
  std::set<StepKey> keys;
  for (const auto& [key, one] : all_) keys.insert(key);
  return keys;
}

void Supervisors::adopt(std::function<void(const std::set<StepKey>&)> done) {
  auto adoption = std::make_shared<Adoption>();
  adoption->done = std::move(done);
  std::vector<StepKey> found;
  const auto names = platform::list_directory(paths_.steps());
  if (names) {
    for (const std::string& name : *names) {
      const auto key = parse_step_socket_name(name);
      if (key && !all_.contains(*key)) found.push_back(*key);
      if (!key) remove_half_made(paths_.steps(), name);
    }
  }
  adoption->left = found.size() + 1;
  for (const StepKey& key : found) adopt_one(key, adoption);
  loop_.post([this, adoption] { adoption_answered(adoption); });
  // One that accepts and says nothing must not keep the node from its controller.
  loop_.after(adoption_time_out, [this, adoption] {
    if (std::exchange(adoption->left, 0) > 0) adoption->done(alive());
  });
}

void Supervisors::adopt_one(const StepKey& key, std::shared_ptr<Adoption> adoption) {
  platform::Address address;
  address.path = paths_.step_socket(key);
  link::connect(
      loop_, address, link::Trust{}, wire::PEER_DAEMON, paths_.name, adoption_time_out,
      [this, key, path = address.path, adoption](Result<std::shared_ptr<link::Link>> link) {
        if (link) {
          log_.info("supervisor of step " + names_.text(key) + " adopted");
          One& one = all_[key];
          one.pid = (*link)->stream().credentials().pid;
          one.start_ticks = start_ticks_of(one.pid);
          one.guard = guard_of(one.pid);
          one.adoption = adoption;
          listen_to(key, std::move(*link));
          return;
        }
        log_.warning("supervisor of step " + names_.text(key) +
                     " does not answer: " + link.error().message);
        // A stopped one may go on later; a socket without a listener never will.
        if (link.error().code != Code::timed_out) {
          [[maybe_unused]] const auto removed = platform::remove_path(path);
        }
        adoption_answered(adoption);
      });
}

void Supervisors::adoption_answered(std::shared_ptr<Adoption> adoption) {
  if (!adoption || adoption->left == 0) return;
  if (--adoption->left == 0) adoption->done(alive());
}

}  // namespace cox::noded
