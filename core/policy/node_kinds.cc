// See node_kinds.h. By König's theorem as many nodes can stand for a kind as the least, over all
// sets of kinds, of what the set needs and the nodes that are of a kind outside of it.
#include "core/policy/node_kinds.h"

#include <algorithm>

namespace cox::core {

Dealing::Dealing(const NodeKinds& kinds) : total_(kinds.total()) {
  bounds_.resize(std::size_t{1} << kinds.counts().size());
  for (std::size_t set = 0; set < bounds_.size(); ++set) {
    for (std::size_t i = 0; i < kinds.counts().size(); ++i) {
      if ((set >> i & 1U) != 0) bounds_[set] += kinds.counts()[i];
    }
  }
}

std::uint64_t Dealing::take(std::uint8_t kinds, std::uint64_t nodes) {
  for (std::size_t set = 0; set < bounds_.size(); ++set) {
    if ((kinds & ~set) != 0) bounds_[set] += nodes;
  }
  const std::uint64_t before = standing_;
  standing_ = *std::ranges::min_element(bounds_);
  return standing_ - before;
}

}  // namespace cox::core
