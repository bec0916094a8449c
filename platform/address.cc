// Addresses as text.
#include "platform/address.h"

#include <algorithm>

#include "common/text.h"

namespace cox::platform {
namespace {

constexpr std::size_t host_bytes_max = 253;
constexpr std::size_t path_bytes_max = 4095;

Failure bad(std::string_view text, const char* why) {
  return fail(Code::bad_usage, "address " + quoted(text) + ": " + why);
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool is_v6_char(char c) {
  return is_host_char(c) || c == ':' || c == '%';
}

}  // namespace

std::string Address::text() const {
  if (is_unix()) return path;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  Address address;
  if (text.empty()) return bad(text, "is empty");
  if (text.find('/') != std::string_view::npos) {
    if (text.size() > path_bytes_max) return bad(text, "the path is too long");
    if (text.find('\0') != std::string_view::npos) return bad(text, "holds a NUL byte");
    address.path = text;
    return address;
  }
  const bool v6 = text.front() == '[';
  const auto host_end = v6 ? text.find(']') : text.find(':');
  if (v6 && host_end == std::string_view::npos) return bad(text, "']' is missing");
  const auto after = host_end == std::string_view::npos ? text.size() : host_end + (v6 ? 1 : 0);
  address.host = v6 ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  address.port = default_port;
  if (after < text.size()) {
    if (text[after] != ':') return bad(text, "a port follows after ':'");
    const auto number = parse_u64(text.substr(after + 1));
    if (!number || *number > 65'535) return bad(text, "the port is a number up to 65535");
    address.port = static_cast<std::uint16_t>(*number);
  }
  const bool good = std::ranges::all_of(address.host, v6 ? is_v6_char : is_host_char) &&
                    v6 == (address.host.find(':') != std::string::npos);
  if (address.host.empty() || address.host.size() > host_bytes_max || !good) {
    return bad(text, "is no host name");
  }
  return address;
}

}  // namespace cox::platform
