// See host.h.
#include "cmds/join/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "cmds/client/session.h"
#include "common/text.h"
#include "link/client_link.h"
#include "platform/file.h"
#include "wire/client.pb.h"

namespace cox::cmds {

namespace {

constexpr Duration answer_time = seconds(30);

}  // namespace

Result<wire::JoinToken> read_token(const std::string& text) {
  constexpr std::size_t input_bytes_max = 4096;
  constexpr const char* where = " (see: cox join --print-token on the controller's host)";
  if (text.empty()) return fail(Code::bad_usage, std::string("--token is missing") + where);
  std::string given = text;
  if (text == "-") {
    auto read = platform::read_all(STDIN_FILENO, "standard input", input_bytes_max);
    if (!read) return Failure(read.error().with_context("--token -"));
    given = trim(*read);
  }
  auto token = wire::parse_token(given);
  if (token) return token;
  return fail(Code::bad_usage, "--token: " + token.error().message + where);
}

Result<std::string> fetch_key(const platform::Address& controller,
                              const wire::JoinToken& token,
                              const std::string& node) {
  auto link = link::ClientLink::connect(controller, token.secret, answer_time, 0, token.open);
  if (!link) return Failure(link.error());
  wire::ClientRequest request;
  request.set_number(1);
  request.mutable_join()->set_node(node);
  if (auto sent = link->send(request.SerializeAsString()); !sent) return Failure(sent.error());
  const auto frame = link->receive(answer_time);
  if (!frame) return Failure(frame.error());
  if (!*frame) return fail(Code::timed_out, controller.text() + ": no answer");
  wire::ClientReply reply;
  if (!reply.ParseFromString(**frame)) {
    return fail(Code::refused, controller.text() + ": what it answers is no answer");
  }
  if (reply.has_error()) return Failure(to_error(reply.error()));
  return wire::open_key(token, reply.joined().sealed_key());
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
