// A signalfd of the signals that end a command.
#include "cmds/run/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "platform/file.h"

namespace cox::cmds {

Result<Signals> Signals::open() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  platform::Descriptor fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.is_open()) return Failure(platform::system_error("signalfd", errno));
  return Signals(std::move(fd));
}

std::optional<int> Signals::take() {
  while (true) {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
      return std::nullopt;
    }
    if (info.ssi_signo != SIGWINCH) return static_cast<int>(info.ssi_signo);
    has_resized_ = true;
  }
}

bool Signals::take_resize() {
  return std::exchange(has_resized_, false);
}

}  // namespace cox::cmds
