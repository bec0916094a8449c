// Which nodes, cores, memory and devices? One question, asked only for heads that pass the count
// filter. Implementations: plugins/select/.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "common/bitset.h"
#include "core/policy/node_kinds.h"
#include "model/allocation.h"
#include "model/job_request.h"
#include "model/job_state.h"
#include "model/topology.h"

namespace cox::core {

struct NodeFree;
struct Node;

/// Spans into the Index, never a copy. A node may be chosen when it is in `candidates`.
struct FreeNodes {
  const Bitset& candidates;
  std::span<const Node> nodes;         // by NodeId
  std::span<const NodeFree> free;      // by NodeId
  std::span<const NodeClass> classes;  // by ClassId
  bool cpu_is_thread = false;
  bool whole_nodes = false;
  std::uint32_t nodes_max = 0;       // no job may have more of them; 0: no limit
  std::uint32_t rows = 1;            // as many jobs as share a node's memory in turns
  const Bitset* closed = nullptr;    // candidates that others keep it out of now; null: none
  const NodeKinds* kinds = nullptr;  // counted by the request's constraint; null: none are
};

struct Placement {
  Allocation allocation;
};

struct NotNow {
  Reason code;
  std::uint64_t amount;
};  // fits once something ends

struct Never {
  Reason code;
  std::uint64_t amount;
};  // no state of these nodes fits it

using Selection = std::variant<Placement, NotNow, Never>;

class SelectPolicy {
 public:
  virtual ~SelectPolicy() = default;
  /// Choose nodes for `request` among `free`. Const: same arguments, same answer.
  virtual Selection select(const JobRequest& request, const FreeNodes& free) const = 0;
};

}  // namespace cox::core
