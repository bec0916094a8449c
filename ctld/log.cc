// See log.h.
#include "ctld/log.h"

#include <utility>

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
  platform::write_log_line(fd_, level, RequestScope::current(), message);
}

}  // namespace cox::ctld
