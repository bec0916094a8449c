// Compact lists of node names: "n[001-128,200],gpu7". Zero padding is part of a name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox {

/// A list may expand to at most this many names; input is refused before it is expanded.
inline constexpr std::size_t node_list_names_max = 200'000;

/// Names in the order written, duplicates kept once. Several brackets per name are read.
/// error: bad_usage names the part at fault; a list over the limit is refused, not expanded.
Result<std::vector<std::string>> expand_node_list(std::string_view text,
                                                  std::size_t limit = node_list_names_max);

/// The compact form: one bracket at the end of a name at most, order of first appearance kept.
std::string fold_node_list(const std::vector<std::string>& names);

/// "2(x3),1": runs of equal numbers, as SLURM_TASKS_PER_NODE has them.
std::string fold_counts(const std::vector<unsigned>& counts);

/// A name the system accepts: letters, digits, '-', '_', '.', at most 64, first a letter or digit.
bool is_node_name(std::string_view name);

}  // namespace cox
