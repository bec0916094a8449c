// Reads what a command prints with labels and checks it line by line as it comes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cox::bench {

/// Of `tasks` tasks each prints the lines of line_writer.c, numbered from 0 to `lines` - 1.
class LabelCheck {
 public:
  LabelCheck(std::uint32_t tasks, std::uint32_t lines) : next_(tasks), lines_(lines) {}

  /// Runs the command to its end. Empty: every line came once, whole and in its task's order.
  std::string read_all(const std::vector<std::string>& argv);

  /// That the tasks wrote and we read, without labels.
  std::uint64_t bytes() const { return bytes_; }

 private:
  bool take_line(std::string_view line);

  std::vector<std::uint32_t> next_;
  std::uint32_t lines_;
  std::uint64_t bytes_ = 0;
};

}  // namespace cox::bench
