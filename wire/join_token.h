// A token lets a host have the cluster's key once, within a time, without anybody having to carry
// the key: the part that is no secret goes into the hello, the secret, which the key implies,
// proves the connection and seals the key on its way back. docs/protocol.md section 4
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "model/time.h"

namespace cox::wire {

inline constexpr std::size_t token_public_bytes = 24;
inline constexpr std::size_t token_random_bytes = 16;

struct JoinToken {
  std::string open;    // not secret: until when, and random bytes that tell it from others
  std::string secret;  // 32 bytes
};

/// `random`: token_random_bytes of them, never used before.
JoinToken make_token(std::string_view cluster_key, Instant until, std::string_view random);
/// As people carry it: hexadecimal digits.
std::string token_text(const JoinToken& token);
/// error: bad_usage, without the token, which is a secret
Result<JoinToken> parse_token(std::string_view text);

/// What the cluster's key says is the secret of this token; empty for what is none.
std::string token_secret(std::string_view cluster_key, std::string_view open);
/// Until when it is good; unset for what is none.
Instant token_until(std::string_view open);

/// The key, for the holder of the token alone.
std::string seal_key(const JoinToken& token, std::string_view cluster_key);
/// error: not_permitted when it was sealed for another, or is no key
Result<std::string> open_key(const JoinToken& token, std::string_view sealed);

}  // namespace cox::wire
