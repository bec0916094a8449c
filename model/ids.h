// Distinct id types: a JobId cannot be passed where a NodeId is meant.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace cox {

template <class Tag, class Rep>
struct Id {
  Rep value{};
  constexpr Id() = default;

  constexpr explicit Id(Rep v) : value(v) {}

  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using JobId = Id<struct JobTag, std::uint64_t>;        // from 1, never reused; 0 means none
using Attempt = Id<struct AttemptTag, std::uint32_t>;  // from 1 per job; 0: never started
using StepId = Id<struct StepTag, std::uint32_t>;      // numbered from 0; names below
using NodeId = Id<struct NodeTag, std::uint32_t>;      // dense, from 0, never reused
using ClassId = Id<struct ClassTag, std::uint32_t>;    // dense index of node classes
using Epoch = Id<struct EpochTag, std::uint64_t>;      // one per start of a controller
using Session = Id<struct SessionTag, std::uint64_t>;  // one per connection of a node
using Uid = std::uint32_t;
inline constexpr Uid uid_nobody = 0xFFFF'FFFFU;  // (uid_t)-1 names no user

inline constexpr StepId step_batch{0xFFFF'FFF0U};
inline constexpr StepId step_alloc{0xFFFF'FFF1U};  // the allocation itself: no tasks of ours

/// A launch of tasks, anywhere in the cluster and in time.
struct StepKey {
  JobId job;
  Attempt attempt;
  StepId step;
  friend auto operator<=>(const StepKey&, const StepKey&) = default;
};

struct AttemptKey {
  JobId job;
  Attempt attempt;
  friend auto operator<=>(const AttemptKey&, const AttemptKey&) = default;
};

/// 128 bits chosen by the client; all zero means none was given.
struct ClientKey {
  std::array<std::uint64_t, 2> words{};

  bool empty() const { return words[0] == 0 && words[1] == 0; }

  friend auto operator<=>(const ClientKey&, const ClientKey&) = default;
};

/// BLAKE2b-256 of a script, an environment or a node class.
struct Hash {
  std::array<std::uint8_t, 32> bytes{};

  bool empty() const { return *this == Hash{}; }

  friend auto operator<=>(const Hash&, const Hash&) = default;
};

/// As people write it, everywhere: "7", and "7_4" for element 4 of array 7.
std::string job_name(JobId job, std::optional<std::uint32_t> index = std::nullopt);
/// "batch", "alloc" or the number.
std::string step_name(StepId step);

}  // namespace cox

template <class Tag, class Rep>
struct std::hash<cox::Id<Tag, Rep>> {
  std::size_t operator()(const cox::Id<Tag, Rep>& id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
