// The daemon's log: one line per event, "time level message", to standard error or a file.
#pragma once

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

}  // namespace cox::ctld
