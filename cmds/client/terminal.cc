// Writes to stdout and stderr without iostreams, whose start would cost every command.
#include "cmds/client/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds {
namespace {

void write_stderr(std::string_view text) {
  static_cast<void>(platform::write_all(STDERR_FILENO, "stderr", text));
}

}  // namespace

void print_error(std::string_view message) {
  write_stderr("cox: " + quoted(message, message.size()) + "\n");
}

Result<void> print(std::string_view text) {
  const auto written = platform::write_all(STDOUT_FILENO, "stdout", text);
  if (!written) return fail(Code::refused, written.error().message);
  return {};
}

namespace {

bool& verbosity() {
  static bool is_on = false;
  return is_on;
}

}  // namespace

void be_verbose() {
  verbosity() = true;
}

bool is_verbose() {
  return verbosity();
}

bool stdout_is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

bool stderr_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

int terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

int terminal_height() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_row;
}

void Progress::show(const std::string& text) {
  if (text == shown_ || !stderr_is_terminal()) return;
  shown_ = text;
  write_stderr("\r\033[K" + text);
}

void Progress::clear() {
  if (shown_.empty()) return;
  shown_.clear();
  write_stderr("\r\033[K");
}

}  // namespace cox::cmds
