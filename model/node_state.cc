// Words of node states.
#include "model/node_state.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace cox {
namespace {

constexpr std::array<std::string_view, 14> words{
    "lost",  "down",    "failed",   "unhealthy", "rebooting", "silent", "stuck",
    "short", "resting", "draining", "drained",   "idle",      "mixed",  "allocated"};

}  // namespace

std::string_view to_text(NodeState state) {
  const auto i = static_cast<std::size_t>(state);
  return i < words.size() ? words[i] : "unknown";
}

std::optional<NodeState> parse_node_state(std::string_view text) {
  const auto found = std::ranges::find(words, text);
  if (found == words.end()) return std::nullopt;
  return static_cast<NodeState>(found - words.begin());
}

}  // namespace cox
