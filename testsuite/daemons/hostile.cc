// Raw sockets and borrowed identities.
#include "testsuite/daemons/hostile.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/text.h"
#include "platform/file.h"
#include "wire/channel.h"
#include "wire/frame_codec.h"

namespace cox::daemons {
namespace {

constexpr int patience_ms = 30'000;

}  // namespace

Disguise::Disguise(std::uint32_t uid) {
  EXPECT_EQ(::setegid(uid), 0);
  EXPECT_EQ(::seteuid(uid), 0);
}

Disguise::~Disguise() {
  EXPECT_EQ(::seteuid(0), 0);
  EXPECT_EQ(::setegid(0), 0);
}

Client client_as_nobody(const Cluster& cluster) {
  Client client = cluster.client();
  const Disguise disguise;
  EXPECT_GT(client.status().pid(), 0U);
  return client;
}

RawPeer::RawPeer(const std::string& socket_path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd_.get(), any, sizeof address) != 0) fd_ = {};
}

void RawPeer::say_hello(wire::PeerKind kind, const std::string& name) {
  wire::ChannelOptions options;
  options.kind = kind;
  options.name = name;
  options.auth = wire::AUTH_PEERCRED;
  options.nonce = std::string(32, 'n');
  options.assumes_peercred = true;
  send(wire::Channel::connecting(options).take_output());
}

bool RawPeer::send(std::string_view bytes) {
  while (fd_.is_open() && !bytes.empty()) {
    const auto count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fd_ = {};
    bytes.remove_prefix(count < 0 ? bytes.size() : static_cast<std::size_t>(count));
  }
  return fd_.is_open();
}

void RawPeer::send_frame(std::string_view payload) {
  send(framed(payload));
}

bool RawPeer::is_cut_off() {
  if (!fd_.is_open()) return true;
  pollfd ready{fd_.get(), POLLRDHUP, 0};
  return ::poll(&ready, 1, patience_ms) == 1;
}

std::string RawPeer::hear_out() {
  std::string heard;
  std::string buffer(64U << 10, '\0');
  while (fd_.is_open()) {
    pollfd ready{fd_.get(), POLLIN, 0};
    if (::poll(&ready, 1, patience_ms) != 1) break;
    const auto count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    heard.append(buffer, 0, static_cast<std::size_t>(count));
  }
  return heard;
}

std::string framed(std::string_view payload) {
  std::string frame;
  wire::FrameWriter().append(payload, &frame);
  return frame;
}

std::size_t memory_kib(int pid, std::string_view field) {
  const auto status =
      platform::read_file("/proc/" + std::to_string(pid) + "/status", 1U << 16).value_or("");
  const auto at = status.find(field);
  if (at == std::string::npos) return 0;
  const auto line = std::string_view(status).substr(at + field.size() + 1);
  return parse_u64(trim(line.substr(0, line.find("kB")))).value_or(0);
}

}  // namespace cox::daemons
