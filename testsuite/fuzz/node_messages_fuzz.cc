// What node daemons send to the controller.
#include "common/node_list.h"
#include "ctld/translate/node_message.h"
#include "testsuite/fuzz/fuzz.h"
#include "wire/model_codec.h"

using namespace cox;
using fuzz::require;

namespace {

void check_register(const wire::Register& message) {
  const auto made = ctld::translate_register(message, "n1", Session{1});
  if (!made) return fuzz::require_readable(made.error());
  const NodeInventory& inventory = made->inventory;
  require(inventory.name == "n1", "a node speaks for another");
  require(!inventory.node_class.cores.empty(), "a node without cores");
  require(inventory.memory_mib.size() == inventory.node_class.numa_nodes, "memory without a place");
  wire::NodeInventory out;
  wire::put(inventory, &out);
  const auto again = wire::take(out);
  require(again && *again == inventory, "an inventory changes on its way");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wire::NodeMessage message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  if (message.has_register_()) {
    check_register(message.register_());
    return 0;
  }
  const auto made = ctld::translate_node(message, NodeId{0}, Session{1});
  if (!made) fuzz::require_readable(made.error());
  return 0;
}
