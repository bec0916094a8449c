// Joins pieces of lines per task and stream.
#include "cmds/run/labels.h"

namespace cox::cmds {
namespace {

/// A task that writes no newline must not make us keep everything.
constexpr std::size_t line_bytes_max = 1U << 20;

}  // namespace

LineLabels::LineLabels(std::uint32_t tasks)
    : width_(std::to_string(tasks == 0 ? 0 : tasks - 1).size()) {}

std::string LineLabels::label(std::uint32_t task) const {
  const std::string rank = std::to_string(task);
  return std::string(rank.size() < width_ ? width_ - rank.size() : 0, ' ') + rank + ": ";
}

std::string LineLabels::add(std::uint32_t task, std::uint32_t stream, std::string_view bytes) {
  std::string& open_line = open_lines_[{task, stream}];
  std::string lines;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    open_line += bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end == std::string_view::npos && open_line.size() < line_bytes_max) break;
    lines += label(task) + open_line + "\n";
    open_line.clear();
  }
  return lines;
}

std::string LineLabels::finish(std::uint32_t task, std::uint32_t stream) {
  const auto found = open_lines_.find({task, stream});
  if (found == open_lines_.end()) return "";
  const std::string rest = found->second;
  open_lines_.erase(found);
  return rest.empty() ? "" : label(task) + rest + "\n";
}

}  // namespace cox::cmds
