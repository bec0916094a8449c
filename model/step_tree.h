// How the supervisors of a step are arranged: a tree over its nodes in their order, whose root is
// the first. Pure: every supervisor computes the same one.
#pragma once

#include <cstdint>
#include <vector>

namespace cox {

/// What stands below a node is a run of the nodes after it, cut into as many equal runs as the
/// width allows; the first of each run is a child. So neighbours in the step stay neighbours here,
/// and no child has much more below it than another.
class StepTree {
 public:
  /// `width`: children of a node at most; 0: as many as there are, a star. `nodes` is not 0.
  StepTree(std::uint32_t nodes, std::uint32_t width);

  std::uint32_t nodes() const { return nodes_; }

  /// As it was given.
  std::uint32_t width() const { return given_width_; }

  /// Some node has to pass on what others say.
  bool has_inner() const { return width_ < nodes_ - 1; }

  /// Of a node that is not the root.
  std::uint32_t parent(std::uint32_t node) const { return place(node).parent; }

  std::vector<std::uint32_t> children(std::uint32_t node) const;

  bool has_children(std::uint32_t node) const { return end(node) > node + 1; }

  /// Below a node are those after it and before its end.
  std::uint32_t end(std::uint32_t node) const { return place(node).end; }

  bool is_below(std::uint32_t node, std::uint32_t above) const {
    return node > above && node < end(above);
  }

  /// Hops to the root.
  std::uint32_t depth(std::uint32_t node) const { return place(node).depth; }

 private:
  struct Place {
    std::uint32_t parent = 0, end = 0, depth = 0;
  };

  Place place(std::uint32_t node) const;

  std::uint32_t nodes_;
  std::uint32_t given_width_;
  std::uint32_t width_;
};

}  // namespace cox
