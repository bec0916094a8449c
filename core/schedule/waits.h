// What explain() names beside the tests: nodes that are missing and how, nodes that a start or an
// end still waits for, devices that are short.
#pragma once

#include <string>
#include <vector>

#include "core/contact.h"
#include "core/policy/select.h"
#include "core/schedule/plan.h"
#include "core/state.h"
#include "model/settings.h"

namespace cox::core {

/// Nodes of `all` that are not `ready`, by what is the matter: "not answering: n[1-2]; set aside:
/// n3"; "" when none is away.
std::string missing_text(const State& state,
                         const Contact& contact,
                         const Bitset& all,
                         const Bitset& ready);

/// A job that has been given nodes and does not run yet, or no longer: which of them it waits for.
/// "" when for none.
std::string awaited_text(const State& state, const Contact& contact, const Job& job);

/// One kind of device that a job asks for, on the nodes that take new work.
struct DeviceRoom {
  std::string asked;       // "gpu:a100:2"
  std::size_t nodes = 0;   // with so many free
  std::uint64_t most = 0;  // free on one node
};

std::vector<DeviceRoom> device_rooms(const State& state,
                                     const Bitset& ready,
                                     const JobRequest& request);

}  // namespace cox::core
