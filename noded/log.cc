// See log.h.
#include "noded/log.h"

#include <unistd.h>

#include "platform/file.h"
#include "platform/log_line.h"

namespace cox::noded {

Result<Log> Log::open(const std::string& path) {
  auto file = platform::open_append(path);
  if (!file) return tl::unexpected(file.error());
  Log log;
  log.path_ = path;
  log.file_ = std::move(*file);
  return log;
}

void Log::reopen() {
  if (path_.empty()) return;
  const auto opened = platform::reopen_append(path_, file_.get());
  if (opened) return info("the log was opened again");
  warning("the log cannot be opened again: " + opened.error().message);
}

int Log::descriptor() const {
  return file_.is_open() ? file_.get() : STDERR_FILENO;
}

void Log::write(std::string_view level, std::string_view message) const {
  // A node has no requests of clients: what they ask of it comes from the controller.
  platform::write_log_line(descriptor(), level, 0, message);
}

}  // namespace cox::noded
