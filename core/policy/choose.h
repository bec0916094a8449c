// The part of a selection that all select plug-ins share: how many nodes, how many tasks on each,
// and whether it can fit at all. A plug-in adds only its taste: which node, which cores.
#pragma once

#include <cstdint>

#include "core/policy/fit.h"
#include "core/policy/select.h"

namespace cox::core {

class Taste {
 public:
  virtual ~Taste() = default;
  /// How much worse than ideal `node` is for `tasks` of the request, which fit; 0 ends the search.
  /// Equal scores go to the lower NodeId.
  virtual std::uint64_t score(const Need& need, NodeId node, std::uint32_t tasks) const = 0;
  /// `cores` free cores of `node` for `tasks` tasks; there are enough.
  virtual Bitset pick(const Need& need,
                      NodeId node,
                      std::uint32_t tasks,
                      std::uint64_t cores) const = 0;
};

/// The fewest nodes >= nodes_min that hold the request, chosen among the candidates by `taste`.
/// Fits exactly when some set of candidates fits: Never when even their whole rooms do not.
Selection choose(const JobRequest& request, const FreeNodes& view, const Taste& taste);

/// Whether the candidates could hold the request if nothing else ran there: choose() says Never
/// exactly when not. Ends with the first nodes that do.
bool fits_whole(const JobRequest& request, const FreeNodes& view);

}  // namespace cox::core
