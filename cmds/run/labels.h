// Output of many tasks as whole lines, each with its task's rank in front where that is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace cox::cmds {

class LineLabels {
 public:
  /// Ranks are written as wide as the largest of `tasks` ranks.
  explicit LineLabels(std::uint32_t tasks);

  /// The lines that `bytes` of a task's stream complete, labelled; the rest is kept.
  std::string add(std::uint32_t task, std::uint32_t stream, std::string_view bytes);
  /// What is left of a stream that ended, as a line.
  std::string finish(std::uint32_t task, std::uint32_t stream);

 private:
  std::string label(std::uint32_t task) const;

  std::size_t width_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> open_lines_;
};

}  // namespace cox::cmds
