// One write per line, so that lines of several processes do not mix.
#include "ctld/log.h"

#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>

#include "model/time.h"
#include "platform/log_line.h"

namespace cox::ctld {
namespace {

std::uint64_t& request_of_thread() {
  thread_local std::uint64_t request = 0;
  return request;
}

}  // namespace

RequestScope::RequestScope(std::uint64_t request)
    : before_(std::exchange(request_of_thread(), request)) {}

RequestScope::~RequestScope() {
  request_of_thread() = before_;
}

std::uint64_t RequestScope::current() {
  return request_of_thread();
}

void Log::write(std::string_view level, std::string_view message) const {
  if (fd_ < 0) return;
  using std::chrono::system_clock;
  const auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch());
  const std::string line =
      platform::log_line(Instant{since.count()}, level, RequestScope::current(), message);
  // A log that cannot be written must not stop the controller.
  [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace cox::ctld
