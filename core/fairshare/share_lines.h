// The tree of accounts and users by which jobs are ordered, line by line, for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/policy/fair_rank.h"
#include "core/state.h"

namespace cox::core {

/// An account, or a user of one.
struct ShareLine {
  std::string account, user;            // `user` is empty for an account; both are for the root
  std::uint32_t depth = 0;              // of the root 0
  std::uint64_t shares = 0, usage = 0;  // usage as AssociationUsage::charged
  std::uint64_t shares_beside = 0, usage_beside = 0;  // of all with the same parent, its own too
  std::optional<FairRank> rank{};                     // of a user
};

/// The whole tree, each parent before what is below it, those due most first.
std::vector<ShareLine> share_lines(const State& state);

/// Of what was charged, as AssociationUsage has it.
constexpr std::uint64_t core_seconds(std::uint64_t charged) {
  return charged / 64 / 1000;
}

}  // namespace cox::core
