// A MUNGE credential by the program of that name: for commands, which are linked statically and so
// cannot load MUNGE's library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::platform {

/// A credential that only processes of `only_uid` can decode; `payload` of at most 4 KiB. `socket`:
/// munged's, where it is not the usual one. Costs the start of a program, some milliseconds.
/// error: unreachable when munge is not installed or its daemon does not run
Result<std::string> munge_encode(std::string_view payload,
                                 std::uint32_t only_uid,
                                 const std::string& socket = {});

}  // namespace cox::platform
