// One write per line, so that lines of several processes do not mix.
#include "noded/log.h"

#include <unistd.h>

#include <chrono>

#include "model/time.h"
#include "platform/file.h"

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
  auto file = platform::open_append(path_);
  if (file) {
    file_ = std::move(*file);
  } else {
    warning(file.error().message);
  }
}

int Log::descriptor() const {
  return file_.is_open() ? file_.get() : STDERR_FILENO;
}

void Log::write(std::string_view level, std::string_view message) const {
  using std::chrono::system_clock;
  const auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch());
  std::string line = to_utc_text(Instant{since.count()});
  line.append(" ").append(level).append(" ").append(message).append("\n");
  // A log that cannot be written must not stop jobs.
  [[maybe_unused]] const auto written = ::write(descriptor(), line.data(), line.size());
}

}  // namespace cox::noded
