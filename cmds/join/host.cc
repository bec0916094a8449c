// See host.h.
#include "cmds/join/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds {

Result<std::string> read_token(const std::string& text) {
  constexpr std::size_t input_bytes_max = 4096;
  constexpr const char* where = " (see: cox join --print-token on the controller's host)";
  if (text.empty()) return fail(Code::bad_usage, std::string("--token is missing") + where);
  std::string token = text;
  if (text == "-") {
    auto read = platform::read_all(STDIN_FILENO, "standard input", input_bytes_max);
    if (!read) return Failure(read.error().with_context("--token -"));
    token = trim(*read);
  }
  const auto key = from_hex(token);
  if (key && key->size() == key_bytes) return *key;
  return fail(Code::bad_usage, "--token: 64 hexadecimal digits are expected, not these " +
                                   std::to_string(token.size()) + " bytes" + where);
}

Result<std::string> own_address(int descriptor) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) != 0) {
    return Failure(platform::system_error("this host's address", errno));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes =
      own.ss_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&own)->sin6_addr)
          : &reinterpret_cast<const sockaddr_in*>(&own)->sin_addr;
  if (::inet_ntop(own.ss_family, bytes, text.data(), text.size()) == nullptr) {
    return Failure(platform::system_error("this host's address", errno));
  }
  return std::string(text.data());
}

}  // namespace cox::cmds
