// One write per line, so that lines of several processes do not mix.
#include "ctld/log.h"

#include <unistd.h>

#include <chrono>
#include <string>

#include "model/time.h"

namespace cox::ctld {

void Log::write(std::string_view level, std::string_view message) const {
  if (fd_ < 0) return;
  using std::chrono::system_clock;
  const auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch());
  std::string line = to_utc_text(Instant{since.count()});
  line.append(" ").append(level).append(" ").append(message).append("\n");
  // A log that cannot be written must not stop the controller.
  [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace cox::ctld
