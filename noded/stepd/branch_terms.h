// How long supervisors wait for each other, and how much they keep.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/time.h"

namespace cox::stepd {

/// From here on supervisors pass on what others say (docs/protocol.md, section 6).
inline constexpr std::uint32_t tree_protocol = 3;

inline constexpr Duration join_patience = minutes(1);
inline constexpr const char* never_came = "did not connect within a minute";
/// A node whose way to the root broke comes by itself within this time, or is lost.
inline constexpr Duration return_patience = seconds(10);
/// That a node is there, and its result, are heard by the root within this time, or the node goes
/// to the root itself. A client that takes no output holds both up: then it goes for nothing.
inline constexpr Duration way_patience = seconds(10);

inline constexpr std::size_t waiting_messages_max = 4096;
/// What was said to all is kept for those who come back.
inline constexpr std::size_t said_bytes_max = std::size_t{8} << 20;
/// So much of a node's output is taken before it is told so.
inline constexpr std::size_t heard_bytes = std::size_t{256} << 10;
inline constexpr std::uint32_t heard_messages = 64;

}  // namespace cox::stepd
