// What the tasks of a step tell each other through PMI: keys with values, put on one node and seen
// on all of them after the next fence. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::stepd {

/// Longest key and value, as PMI counts: with the zero that ends them in C.
inline constexpr std::size_t pmi_key_max = 64;
inline constexpr std::size_t pmi_value_max = 1024;

/// One node's copy. Its own puts are seen on it at once.
class PmiSpace {
 public:
  explicit PmiSpace(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// A key that is there gets the new value.
  /// error: bad_usage for a key or value that is too long or not printable, refused when full
  Result<void> put(const std::string& key, const std::string& value);
  /// Or null.
  const std::string* get(const std::string& key) const;

  /// What was put here since the last call, as bytes for the other nodes.
  std::string take_unsent();
  /// What take_unsent() gave on the nodes of the step, one behind the other in node order.
  /// error: internal for bytes that are none
  Result<void> merge(std::string_view data);

 private:
  Result<void> store(const std::string& key, const std::string& value);

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::map<std::string, std::string> values_;
  std::map<std::string, std::string> unsent_;
};

}  // namespace cox::stepd
