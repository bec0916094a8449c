// Fences of a step at its root: each gathers one piece of data from every node that takes part.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cox::stepd {

/// Pure. The same set of processes fences again and again under the same id; a node may be one
/// round ahead of another, hence a queue per node.
class Fences {
 public:
  struct Done {
    std::vector<std::uint32_t> nodes;  // whom to tell
    std::string data;                  // in node order
  };

  explicit Fences(std::uint32_t nodes) : nodes_(nodes) {}

  /// One node's part. `nodes`: who takes part, empty for all; what does not fit the step is
  /// ignored. Returns the fence when this was the last part.
  std::optional<Done> arrive(const std::string& id,
                             std::vector<std::uint32_t> nodes,
                             std::uint32_t from,
                             std::string data);

 private:
  struct Key {
    std::string id;
    std::vector<std::uint32_t> nodes;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  std::uint32_t nodes_;
  std::map<Key, std::map<std::uint32_t, std::deque<std::string>>> waiting_;
};

}  // namespace cox::stepd
