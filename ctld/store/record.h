// The body of a journal batch, and of a chunk of a checkpoint: records of length, CRC32C and bytes,
// one after another.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::ctld {

/// A record is refused above this; the largest fact is a job with 4 MiB of arguments.
inline constexpr std::size_t record_bytes_max = 64U << 20;

/// CRC-32C (Castagnoli) of `bytes`, the checksum of iSCSI and ext4.
std::uint32_t crc32c(std::string_view bytes);

/// Appends one record to `body`.
void append_record(std::string_view record, std::string* body);

/// Calls `visit` for each record in order until it fails.
/// error: internal says at which record, counted from 0, the body is damaged
Result<void> for_each_record(std::string_view body,
                             const std::function<Result<void>(std::string_view)>& visit);

/// The same for a body of `count` records that may be damaged: each is visited once, with what is
/// left of it and whether it passes its checksum.
/// error: what `visit` returned
Result<void> for_each_record_left(
    std::string_view body,
    std::uint32_t count,
    const std::function<Result<void>(std::string_view, bool is_whole)>& visit);

}  // namespace cox::ctld
