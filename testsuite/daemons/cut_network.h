// Network namespaces of a test's own: one for the controller, one for each node, with a cable from
// each to the controller's that can be cut and mended. Nothing of it is in the host's own.
#pragma once

#include <cstdint>
#include <string>

namespace cox::daemons {

class CutNetwork {
 public:
  explicit CutNetwork(std::uint32_t nodes);
  ~CutNetwork();
  CutNetwork(const CutNetwork&) = delete;
  CutNetwork& operator=(const CutNetwork&) = delete;

  /// Root and iproute2 are there, and the namespaces were made.
  bool is_up() const { return is_up_; }

  /// Files to enter with nsenter.
  std::string controller_file() const;
  std::string node_file(std::uint32_t index) const;
  /// Addresses at both ends of a node's cable.
  static std::string controller_address(std::uint32_t index);
  static std::string node_address(std::uint32_t index);

  /// Nothing gets through any more, and neither side is told.
  void cut(std::uint32_t index) const;
  void mend(std::uint32_t index) const;

 private:
  std::string name(const std::string& end) const;
  bool lay_cable(std::uint32_t index) const;

  std::uint32_t nodes_;
  std::string prefix_;
  bool is_up_ = false;
};

}  // namespace cox::daemons
