// The shape of a step's tree.
#include "model/step_tree.h"

#include <algorithm>

namespace cox {
namespace {

/// Where a run of `count` nodes is cut into `parts`: the first ones are longer by one.
std::uint32_t cut(std::uint32_t count, std::uint32_t parts, std::uint32_t part) {
  return part * (count / parts) + std::min(part, count % parts);
}

/// In which part the node at `position` of the run is.
std::uint32_t part_of(std::uint32_t count, std::uint32_t parts, std::uint32_t position) {
  const std::uint32_t size = count / parts;
  const std::uint32_t longer = (count % parts) * (size + 1);
  return position < longer ? position / (size + 1) : count % parts + (position - longer) / size;
}

}  // namespace

StepTree::StepTree(std::uint32_t nodes, std::uint32_t width)
    : nodes_(nodes), given_width_(width), width_(width == 0 ? std::max(nodes, 2U) - 1 : width) {}

StepTree::Place StepTree::place(std::uint32_t node) const {
  Place at{0, nodes_, 0};
  std::uint32_t above = 0;
  while (above != node) {
    const std::uint32_t first = above + 1;
    const std::uint32_t count = at.end - first;
    const std::uint32_t parts = std::min(width_, count);
    const std::uint32_t part = part_of(count, parts, node - first);
    at = {above, first + cut(count, parts, part + 1), at.depth + 1};
    above = first + cut(count, parts, part);
  }
  return at;
}

std::vector<std::uint32_t> StepTree::children(std::uint32_t node) const {
  const std::uint32_t count = end(node) - node - 1;
  const std::uint32_t parts = std::min(width_, count);
  std::vector<std::uint32_t> all;
  for (std::uint32_t part = 0; part < parts; ++part) {
    all.push_back(node + 1 + cut(count, parts, part));
  }
  return all;
}

}  // namespace cox
