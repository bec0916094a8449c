// Content hashes, and the canonical text of a node class that its hash is taken of.
#include <string>

#include "wire/model_codec.h"
#include "wire/sodium_ready.h"

namespace cox::wire {
namespace {

void append(std::string& to, std::size_t number) {
  to.append(std::to_string(number)).append(" ");
}

/// With its length in front, so that no name can pass for two fields.
void append(std::string& to, const std::string& text) {
  append(to, text.size());
  to.append(text).append(" ");
}

}  // namespace

cox::Hash hash_bytes(std::string_view bytes) {
  ready_sodium();
  cox::Hash hash;
  crypto_generichash(hash.bytes.data(), hash.bytes.size(),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr,
                     0);
  return hash;
}

cox::Hash hash_class(const cox::NodeClass& node_class) {
  std::string canonical = "node class 1\n";
  canonical.reserve(64 + node_class.cores.size() * 16);
  append(canonical, node_class.numa_nodes);
  append(canonical, node_class.packages);
  append(canonical, node_class.cores.size());
  for (const auto& core : node_class.cores) {
    append(canonical, core.package);
    append(canonical, core.numa);
    append(canonical, core.l3);
    append(canonical, core.pus);
  }
  append(canonical, node_class.devices.size());
  for (const auto& device : node_class.devices) {
    append(canonical, device.name);
    append(canonical, device.type);
    append(canonical, device.numa);
    append(canonical, device.near.to_ranges());
  }
  return hash_bytes(canonical);
}

}  // namespace cox::wire
