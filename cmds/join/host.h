// What `cox join` finds out: the cluster's key by a token, and this host's own address.
#pragma once

#include <cstddef>
#include <string>

#include "common/result.h"
#include "platform/address.h"
#include "wire/join_token.h"

namespace cox::cmds {

inline constexpr std::size_t key_bytes = 32;

/// What --token says; "-" reads it from standard input. error: bad_usage, without the token, which
/// is a secret
Result<wire::JoinToken> read_token(const std::string& text);
/// The cluster's key, for which the token is given away. error: as the controller says
Result<std::string> fetch_key(const platform::Address& controller,
                              const wire::JoinToken& token,
                              const std::string& node);
/// The address of this end of a connection: how the other end's network reaches us.
Result<std::string> own_address(int descriptor);

}  // namespace cox::cmds
