// Gathering of fence data.
#include "noded/stepd/fences.h"

#include <algorithm>
#include <numeric>

namespace cox::stepd {

std::optional<Fences::Done> Fences::arrive(const std::string& id,
                                           std::vector<std::uint32_t> nodes,
                                           std::uint32_t from,
                                           std::string data) {
  if (nodes.empty()) {
    nodes.resize(nodes_);
    std::iota(nodes.begin(), nodes.end(), 0U);
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  if (nodes.back() >= nodes_ || !std::binary_search(nodes.begin(), nodes.end(), from)) {
    return std::nullopt;
  }
  const Key key{id, nodes};
  auto& parts = waiting_[key];
  parts[from].push_back(std::move(data));
  if (parts.size() < nodes.size()) {
    return std::nullopt;
  }
  Done done;
  done.nodes = nodes;
  for (auto part = parts.begin(); part != parts.end();) {
    done.data += part->second.front();
    part->second.pop_front();
    part = part->second.empty() ? parts.erase(part) : std::next(part);
  }
  if (parts.empty()) {
    waiting_.erase(key);
  }
  return done;
}

}  // namespace cox::stepd
