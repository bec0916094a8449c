// See terminal.h.
#include "noded/stepd/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "platform/file.h"

namespace cox::stepd {
namespace {

constexpr mode_t owner_only = 0600;
constexpr std::uint32_t lines_max = 10'000;

winsize to_winsize(const TerminalSize& size) {
  winsize to{};
  to.ws_row = static_cast<unsigned short>(std::clamp(size.rows, 1U, lines_max));
  to.ws_col = static_cast<unsigned short>(std::clamp(size.columns, 1U, lines_max));
  return to;
}

}  // namespace

Result<Terminal> open_terminal(const UserIdentity& user, const TerminalSize& size) {
  Terminal terminal;
  terminal.ours.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.ours.is_open()) {
    return Failure(platform::system_error("open a terminal", errno));
  }
  if (::unlockpt(terminal.ours.get()) != 0) {
    return Failure(platform::system_error("unlock a terminal", errno));
  }
  // By the descriptor, not by a path: nodes may have a /dev of their own.
  terminal.tasks.reset(::ioctl(terminal.ours.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.tasks.is_open()) {
    return Failure(platform::system_error("open the task's end of a terminal", errno));
  }
  if (::geteuid() == 0 && (::fchown(terminal.tasks.get(), user.uid, user.gid) != 0 ||
                           ::fchmod(terminal.tasks.get(), owner_only) != 0)) {
    return Failure(platform::system_error("give a terminal to " + user.name, errno));
  }
  ::fcntl(terminal.ours.get(), F_SETFL, ::fcntl(terminal.ours.get(), F_GETFL) | O_NONBLOCK);
  resize_terminal(terminal.ours.get(), size);
  return terminal;
}

void resize_terminal(int ours, const TerminalSize& size) {
  const winsize wanted = to_winsize(size);
  ::ioctl(ours, TIOCSWINSZ, &wanted);
}

}  // namespace cox::stepd
