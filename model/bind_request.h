// What a user asks for of the binding of tasks, and of the order of ranks over nodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace cox {

/// What a task is bound to: its own cores, everything of the job's within what they lie in, or what
/// lies beside its GPU.
enum class BindKind : std::uint8_t {
  unset = 0,  // nothing was asked for: as the job has it, else automatic
  automatic = 1,
  none = 2,
  core = 3,
  l3 = 4,
  numa = 5,
  socket = 6,
  gpu = 7,
  list = 8,
};

struct BindRequest {
  BindKind kind = BindKind::unset;
  std::vector<std::vector<std::uint32_t>> list;  // of a list: cores per task, again from its front
  friend bool operator==(const BindRequest&, const BindRequest&) = default;
};

inline constexpr std::size_t bind_list_tasks_max = 16'384;
inline constexpr std::size_t bind_list_cores_max = 65'536;

/// "core", "none", "list:0-3/4-7". error: bad_usage says what is expected
Result<BindRequest> parse_bind(const std::string& text);
/// As it is written; "" when nothing was asked for.
std::string to_text(const BindRequest& request);

enum class DistributionKind : std::uint8_t { unset = 0, block = 1, cyclic = 2, plane = 3 };

/// Which rank stands on which node, where it is settled how many each node has.
struct Distribution {
  DistributionKind kind = DistributionKind::unset;  // as the job has it, else block
  std::uint32_t plane = 0;                          // of a plane: ranks that stay together
  friend bool operator==(const Distribution&, const Distribution&) = default;
};

inline constexpr std::uint32_t plane_max = 1'000'000;

/// "block", "cyclic", "plane=4". error: bad_usage says what is expected
Result<Distribution> parse_distribution(const std::string& text);
std::string to_text(const Distribution& distribution);

/// The ranks of each node, ascending, where node i has `counts[i]` of them. Block fills node after
/// node; cyclic deals one at a time in rounds, plane so many, to nodes that still have room.
std::vector<std::vector<std::uint32_t>> deal_ranks(const std::vector<std::uint32_t>& counts,
                                                   const Distribution& distribution);

}  // namespace cox
