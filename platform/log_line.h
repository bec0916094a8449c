// One line of a daemon's log, the same for all of them: "TIME LEVEL [REQUEST] MESSAGE".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "model/time.h"

namespace cox::platform {

/// With the line feed; what would break a line or a terminal is made visible.
/// `request`: whose doing it is; 0: nobody's.
std::string log_line(Instant at,
                     std::string_view level,
                     std::uint64_t request,
                     std::string_view message);
/// The line of now, in one write, so that lines of several processes do not mix. A log that cannot
/// be written must not stop jobs.
void write_log_line(int fd,
                    std::string_view level,
                    std::uint64_t request,
                    std::string_view message);
/// Sixteen hexadecimal digits.
std::string request_text(std::uint64_t request);

/// Opens the file that stands at `path` now, or a new one, in the place of what `fd` has open.
/// error: as the system says; `fd` then stays what it was
Result<void> reopen_append(const std::string& path, int fd);

}  // namespace cox::platform
