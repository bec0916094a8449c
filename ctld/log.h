// The daemon's log, to standard error or a file: platform/log_line.h is its form. A line that is
// written while a client's request is dealt with names it.
#pragma once

#include <cstdint>
#include <string_view>

namespace cox::ctld {

class Log {
 public:
  /// `fd` stays the caller's; -1 writes nowhere.
  explicit Log(int fd) : fd_(fd) {}

  void info(std::string_view message) const { write("info", message); }

  void warning(std::string_view message) const { write("warning", message); }

  void error(std::string_view message) const { write("error", message); }

 private:
  void write(std::string_view level, std::string_view message) const;

  int fd_;
};

/// What happens on this thread while it lives happens for that request; 0: for none.
class RequestScope {
 public:
  explicit RequestScope(std::uint64_t request);
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;

  static std::uint64_t current();

 private:
  std::uint64_t before_;
};

}  // namespace cox::ctld
