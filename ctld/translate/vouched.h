// Whom a node may speak for: the first frame of a relayed client's connection, checked.
#pragma once

#include <string>

#include "common/result.h"
#include "core/state.h"
#include "model/user.h"

namespace cox::ctld {

struct VouchRules {
  Uid own = 0;                  // of the controller; administrator, like root
  bool root_from_nodes = true;  // root and `own` may be vouched for
};

/// `node` is the authenticated node that relays. error: not_permitted for a node that was never
/// registered, and for root where the rules say so; bad_usage for what is no Vouched
Result<Caller> translate_vouched(const std::string& frame,
                                 const std::string& node,
                                 const core::State& state,
                                 const VouchRules& rules);

}  // namespace cox::ctld
