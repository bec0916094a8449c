// The daemon's log, to standard error or a file: platform/log_line.h is its form.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "platform/descriptor.h"

namespace cox::noded {

class Log {
 public:
  /// Standard error.
  Log() = default;
  /// Appends to `path`. error: as the system says
  static Result<Log> open(const std::string& path);

  void info(std::string_view message) const { write("info", message); }

  void warning(std::string_view message) const { write("warning", message); }

  void error(std::string_view message) const { write("error", message); }

  /// Opens the file anew, after it was moved away; the old one stays in use when that fails.
  void reopen();
  /// For the standard error of supervisors.
  int descriptor() const;

 private:
  void write(std::string_view level, std::string_view message) const;

  std::string path_;
  platform::Descriptor file_;
};

}  // namespace cox::noded
