// Sets of nodes that hang on few switches, of which a job with --switches gets all its nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "common/bitset.h"
#include "core/state.h"

namespace cox::core {

/// Sets of `nodes` on at most `count` switches each, those to be tried first in front; none where
/// the configuration has no switches. Nodes on no switch are in none of them. Of one switch, or
/// where there are few, all sets; else neighbours, and those with most nodes, idle nodes and free
/// cores: that is enough for whole nodes.
std::vector<Bitset> leaf_sets(const State& state, const Bitset& nodes, std::uint32_t count);

/// The most nodes of `nodes` that are idle on so few switches.
std::size_t most_idle(const State& state, const Bitset& nodes, std::uint32_t count);

/// Whether the configuration says which nodes hang on which switch.
bool knows_leaves(const Settings& settings);

}  // namespace cox::core
