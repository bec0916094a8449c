// Messages that carry open files between processes, over a Unix socket that keeps their bounds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "platform/descriptor.h"

namespace cox::platform {

constexpr std::size_t hand_over_descriptors_max = 4;

/// One message; waits while the socket is full. `descriptors` stay the caller's.
/// error: unreachable when the other end is gone, timed_out by the socket's own limit
Result<void> hand_over(int socket, std::string_view bytes, const std::vector<int>& descriptors);

struct Handed {
  std::string bytes;  // empty: the other end is gone
  std::vector<Descriptor> descriptors;
};

/// Waits for one message. error: bad_usage when it is longer than `bytes_max`, timed_out by the
/// socket's own limit
Result<Handed> take_over(int socket, std::size_t bytes_max);

}  // namespace cox::platform
