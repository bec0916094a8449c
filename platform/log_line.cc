// See log_line.h.
#include "platform/log_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "platform/descriptor.h"
#include "platform/file.h"

namespace cox::platform {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

void append_visibly(std::string_view text, std::string* line) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      line->push_back(c);
    } else {
      line->append({'\\', 'x', digits[byte >> 4], digits[byte & 15]});
    }
  }
}

}  // namespace

std::string request_text(std::uint64_t request) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text.push_back(digits[(request >> shift) & 15]);
  return text;
}

std::string log_line(Instant at,
                     std::string_view level,
                     std::uint64_t request,
                     std::string_view message) {
  std::string line = to_utc_text(at);
  line.append(" ").append(level).append(" ");
  if (request != 0) line.append("[").append(request_text(request)).append("] ");
  append_visibly(message, &line);
  line.push_back('\n');
  return line;
}

void write_log_line(int fd,
                    std::string_view level,
                    std::uint64_t request,
                    std::string_view message) {
  using std::chrono::system_clock;
  const auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch());
  const std::string line = log_line(Instant{since.count()}, level, request, message);
  [[maybe_unused]] const auto written = ::write(fd, line.data(), line.size());
}

Result<void> reopen_append(const std::string& path, int fd) {
  const auto fresh = open_append(path);
  if (!fresh) return tl::unexpected(fresh.error());
  if (::dup3(fresh->get(), fd, O_CLOEXEC) >= 0) return {};
  return tl::unexpected(system_error("dup3 " + path, errno));
}

}  // namespace cox::platform
