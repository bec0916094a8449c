// What the configuration says of single nodes: their labels, and what they should report at least.
#pragma once

#include <string>

#include "core/state.h"

namespace cox::core {

/// The node's table; null where none names it.
const NodeSettings* settings_of(const Index& index, const Settings& settings, const Node& node);
const NodeSettings* settings_of(const State& state, const Node& node);

/// None for a node that no table names.
const Labels& labels_of(const State& state, const Node& node);

/// Tables of nodes are there, and none names this one: it belongs to no partition.
bool is_unlisted(const State& state, const Node& node);

/// The node reports less than is expected of it: no new work until it reports enough.
bool is_short(const Index& index, const Record& record, const Node& node);

/// "it reports 48 cores of 96 expected, 1 GPU of 4", or nothing.
std::string shortfall(const State& state, const Node& node);

}  // namespace cox::core
