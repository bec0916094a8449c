// Where something listens: "/path/to/socket" or "host:port".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::platform {

inline constexpr std::uint16_t default_port = 7817;

struct Address {
  std::string path;  // Unix socket when not empty
  std::string host;
  std::uint16_t port = 0;

  bool is_unix() const { return !path.empty(); }

  std::string text() const;
  friend bool operator==(const Address&, const Address&) = default;
};

/// A text with '/' is a path; "host", "host:port", "[v6]:port" otherwise. error: bad_usage
Result<Address> parse_address(std::string_view text);

}  // namespace cox::platform
