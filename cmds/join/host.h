// What `cox join` finds out: the cluster's key in a token, and this host's own address.
#pragma once

#include <cstddef>
#include <string>

#include "common/result.h"

namespace cox::cmds {

inline constexpr std::size_t key_bytes = 32;

/// The key that a token of 64 hexadecimal digits says; "-" reads the token from standard input.
/// error: bad_usage, without the token, which is a secret
Result<std::string> read_token(const std::string& text);
/// The address of this end of a connection: how the other end's network reaches us.
Result<std::string> own_address(int descriptor);

}  // namespace cox::cmds
