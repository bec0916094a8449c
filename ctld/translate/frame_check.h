// A client's frame before it is decoded: a few bytes on the wire can become a hundred in memory, so
// what a large frame holds is counted first.
#pragma once

#include <string_view>

#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// Smaller frames are decoded as they are.
inline constexpr std::size_t plain_frame_bytes_max = 1U << 20;
/// Fields of all messages in one larger frame.
inline constexpr std::size_t frame_fields_max = 4'000'000;
/// Jobs that one request may name.
inline constexpr int jobs_named_max = 100'000;

/// Only requests that carry scripts and environments may be large. error: bad_usage
Result<void> check_frame(std::string_view frame);
/// error: bad_usage where the request names too many jobs
Result<void> check_counts(const wire::ClientRequest& request);

}  // namespace cox::ctld
