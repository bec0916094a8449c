// See pretended_fleet.h. Nodes have their places from their first registration: each comes when the
// one before it is there, so that n1 is the first.
#include "noded/pretended_fleet.h"

#include <utility>

#include "platform/file.h"

namespace cox::noded {
namespace {

constexpr Duration heartbeat_every = seconds(1);

std::string name_of(std::size_t index) {
  return "n" + std::to_string(index + 1);
}

}  // namespace

PretendedFleet::PretendedFleet(platform::Loop& loop, const Log& log, Setup setup)
    : loop_(loop),
      log_(log),
      setup_(std::move(setup)),
      place_{setup_.options.dir, setup_.options.cluster, setup_.options.controller, setup_.trust},
      forward_(loop, log, {setup_.options.controller, setup_.trust, name_of(0)}) {
  setup_.inventory.containment = "none: nothing runs on a pretended node";
}

Result<void> PretendedFleet::start() {
  const std::string socket = setup_.paths.client_socket();
  // The lock is ours: what is there is of a process that was killed.
  [[maybe_unused]] const auto removed = platform::remove_path(socket);
  if (auto listening = forward_.listen(socket); !listening) return listening;
  log_.info("pretends to be " + std::to_string(*setup_.options.pretended) + " nodes, n1 to " +
            name_of(*setup_.options.pretended - 1));
  nodes_.reserve(*setup_.options.pretended);
  start_next();
  loop_.after(heartbeat_every, [this] { second_passed(); });
  setup_.manager.ready("pretended nodes");
  return {};
}

void PretendedFleet::start_next() {
  if (nodes_.size() == *setup_.options.pretended) return;
  NodeInventory inventory = setup_.inventory;
  inventory.name = name_of(nodes_.size());
  nodes_.push_back(std::make_unique<PretendedNode>(loop_, log_, place_, std::move(inventory),
                                                   [this] { start_next(); }));
  nodes_.back()->start();
}

void PretendedFleet::second_passed() {
  loop_.after(heartbeat_every, [this] { second_passed(); });
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i]->second_passed();
}

void PretendedFleet::stop() {
  setup_.manager.stopping();
  [[maybe_unused]] const auto removed = platform::remove_path(setup_.paths.client_socket());
  log_.info("stopping " + std::to_string(nodes_.size()) + " pretended nodes");
}

}  // namespace cox::noded
