// See raw_terminal.h.
#include "cmds/run/raw_terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

namespace cox::cmds {

std::optional<WindowSize> window_size() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row != 0 && size.ws_col != 0) {
      return WindowSize{size.ws_row, size.ws_col};
    }
  }
  return std::nullopt;
}

std::optional<RawTerminal> RawTerminal::open() {
  termios before{};
  if (::isatty(STDIN_FILENO) != 1 || ::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) return std::nullopt;
  if (::tcgetattr(STDIN_FILENO, &before) != 0) return std::nullopt;
  termios raw = before;
  ::cfmakeraw(&raw);
  if (::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) return std::nullopt;
  return RawTerminal(before);
}

RawTerminal::RawTerminal(RawTerminal&& other) noexcept
    : before_(other.before_), is_ours_(std::exchange(other.is_ours_, false)) {}

RawTerminal& RawTerminal::operator=(RawTerminal&& other) noexcept {
  put_back();
  before_ = other.before_;
  is_ours_ = std::exchange(other.is_ours_, false);
  return *this;
}

RawTerminal::~RawTerminal() {
  put_back();
}

void RawTerminal::put_back() {
  if (std::exchange(is_ours_, false)) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

}  // namespace cox::cmds
