// One write per line, so that lines of several processes do not mix.
#include "noded/log.h"

#include <unistd.h>

#include <chrono>

#include "model/time.h"
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
  using std::chrono::system_clock;
  const auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch());
  // A node has no requests of clients: what they ask of it comes from the controller.
  const std::string line = platform::log_line(Instant{since.count()}, level, 0, message);
  // A log that cannot be written must not stop jobs.
  [[maybe_unused]] const auto written = ::write(descriptor(), line.data(), line.size());
}

}  // namespace cox::noded
